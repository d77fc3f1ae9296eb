"""Keeps one store in an object of the cluster.

What is written waits in a `Buffer` and goes out as one patch at the interval, or at once when somebody waits for it. What fails
is tried again, later each time, before anything newer; what is read comes from a watch.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from poblano.client import ApiClient, Resources
from poblano.core.cache import Change
from poblano.core.errors import Conflict, NotFound
from poblano.core.filters import NameIs
from poblano.core.jsonvalue import Document
from poblano.core.review import decode
from poblano.core.selectors import Selector
from poblano.core.store.buffer import Batch, Buffer, Item, living
from poblano.core.store.contents import Contents, cleaning, exchange, expired, flight, size_of
from poblano.core.store.keeping import StoreFull, StoreUnacknowledged
from poblano.core.store.layout import Layout
from poblano.log import Log
from poblano.store.sending import Sender, faster
from poblano.watch.informer import Informer

QUOTA = 1_000_000
"""Bytes of a store: etcd takes 1.5 MB in a request, with what the API server adds."""


class ClusterKeeper:
    """One store; what a `Store` needs.

    Args:
        client: an open client, on the running loop.
        layout: in which kind of object.
        name, namespace, labels: of the object.
        process: who this is, unlike all others that write it.
        interval: seconds between batches.
        field_manager: under which name it writes.
        now: the time, for items that expire.
    """

    def __init__(
        self,
        client: ApiClient,
        layout: Layout,
        *,
        name: str,
        namespace: str,
        labels: Mapping[str, str],
        process: str,
        interval: float,
        field_manager: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name, self.kind = name, layout.kind
        self.informer = Informer(client, layout.kind, namespace, selector=Selector.of(NameIs(frozenset({name}))))
        self.informer.subscribe(self._hear)
        self._layout, self._interval, self._now = layout, interval, now
        api = Resources(client, field_manager=field_manager)
        self._sender = Sender(api, layout, name=name, namespace=namespace, labels=labels, process=process)
        self._buffer, self._lock = Buffer(), threading.Lock()
        self._in_order = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._gone = False
        self._flights: set[asyncio.Task[None]] = set()
        self._told: dict[object, Callable[[Mapping[str, str]], None]] = {}
        self._shown: dict[str, str] = {}
        self._counted: Contents | None = None
        self._bound = 0
        self._ready: list[Callable[[], None]] = []

    def items(self) -> dict[str, str]:
        """All there is, the own writes included."""
        with self._lock:
            found = self._buffer.over(self._sender.known.items)
        return {key: item.text for key, item in living(found, self._now())}

    def get(self, key: str) -> str | None:
        """What a key is, the own writes included."""
        with self._lock:
            item = self._buffer.get(key, self._sender.known.items)
        return item.text if item is not None and item.lives(self._now()) else None

    def set(self, key: str, text: str, ttl: timedelta | None) -> None:
        """Write with the next batch."""
        item = Item(text, None if ttl is None else self._now() + ttl)
        with self._lock:
            self._check_room_for(key, item)
            self._buffer.set(key, item)
        self._wake_up()

    def remove(self, key: str) -> None:
        """Take away with the next batch."""
        with self._lock:
            self._buffer.remove(key)
        self._wake_up()

    def clear(self) -> None:
        """Take everything away with the next batch."""
        with self._lock:
            self._buffer.clear()
        self._wake_up()

    async def landed(self, timeout: float) -> None:
        """Have what was written sent now, and wait until it has arrived."""
        flying = asyncio.create_task(self._flushed())
        self._flights.add(flying)
        flying.add_done_callback(self._flights.discard)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(flying)
        except TimeoutError:
            raise StoreUnacknowledged(
                f"the API server has not acknowledged a write to the store {self.name} in {timeout:g} s; it is still to be sent"
            ) from None

    async def fresh(self) -> dict[str, str]:
        """What the API server has now, once what was written has arrived there."""
        await self._flushed()
        with suppress(NotFound):
            await self._sender.read()
        return {key: item.text for key, item in living(self._sender.known.items, self._now())}

    async def exchange(
        self, before: Mapping[str, str | None], after: Mapping[str, str | None], ttl: timedelta | None = None
    ) -> None:
        """Write `after` if `before` still holds."""
        expires = None if ttl is None else self._now() + ttl
        wanted = {key: None if text is None else Item(text, expires) for key, text in after.items()}

        def steps(known: Contents) -> list[Document]:
            held = {key: item.text for key, item in living(known.items, self._now())}
            if any(held.get(key) != text for key, text in before.items()):
                raise faster(self.name)
            self._check_room(Batch(writes=dict(wanted)).applied(known.items))
            return exchange({key: known.items.get(key) for key in before}, wanted, known, self._layout)

        async with self._in_order:
            await self._sender.send(steps, conditional=True)

    def subscribe(self, tell: Callable[[Mapping[str, str]], None]) -> Callable[[], None]:
        """Have `tell` called with all items whenever they have changed."""
        mark = object()
        self._told[mark] = tell

        def end() -> None:
            self._told.pop(mark, None)

        return end

    def on_ready(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once what there is is known; at once if it is."""
        if self.informer.reflector.has_synced:
            tell()
        else:
            self._ready.append(tell)

    async def run(self) -> None:
        """Keep it until `stop`, and until what is left is sent. Its informer is run by somebody else."""
        await self._known_or_stopped()
        while not self._stop.is_set():
            await self._wake.wait()
            self._wake.clear()
            if self._gone:
                self._gone = False
                await self._send_nothing()
            await self._pause()
            await self._flushed()
            await self._clean()
        await self._flushed()

    def stop(self) -> None:
        """Send what is left, and end."""
        self._stop.set()
        self._wake.set()

    @property
    def size(self) -> int:
        """Bytes, of the `QUOTA`."""
        with self._lock:
            return size_of(self._buffer.over(self._sender.known.items))

    @property
    def unsent(self) -> bool:
        """Whether anything waits to be sent."""
        return self._buffer.dirty or self._buffer.flying

    async def _known_or_stopped(self) -> None:
        waits: list[asyncio.Task[Any]] = [
            asyncio.create_task(self.informer.synced()),
            asyncio.create_task(self._stop.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if self.informer.reflector.has_synced:
            for tell in self._ready:
                self._call(tell)
            self._ready.clear()

    async def _pause(self) -> None:
        """Let writes gather for the interval."""
        until = self._loop.time() + self._interval
        while not self._stop.is_set() and (left := until - self._loop.time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._wake.wait()
            self._wake.clear()

    async def _send_nothing(self) -> None:
        """An empty write makes an object again that somebody has deleted."""
        async with self._in_order:
            self._sender.gone()
            await self._sender.send(lambda known: [])

    async def _flushed(self) -> None:
        """Send what waits, and wait for it: one flight after the other."""
        async with self._in_order:
            while (batch := self._taken()) is not None:
                try:
                    await self._sender.send(_flying(batch, self._layout))
                except BaseException:
                    with self._lock:
                        self._buffer.failed()
                    raise
                with self._lock:
                    self._buffer.landed()

    def _taken(self) -> Batch | None:
        with self._lock:
            return self._buffer.take()

    async def _clean(self) -> None:
        """Take away what has expired, unless somebody has written it anew."""
        if expired(self._sender.known, self._now()):
            async with self._in_order:
                with suppress(Conflict):
                    await self._sender.send(
                        lambda known: cleaning(expired(known, self._now()), known, self._layout), conditional=True
                    )

    def _wake_up(self) -> None:
        with suppress(RuntimeError):
            if asyncio.get_running_loop() is self._loop:
                self._wake.set()
                return
        with suppress(RuntimeError):  # the loop has ended, and the process is ending too
            self._loop.call_soon_threadsafe(self._wake.set)

    def _hear(self, change: Change) -> None:
        if change.type == "DELETED":
            self._gone = True
            self._wake.set()
            return
        self._sender.take(decode(change.item.raw) or {})
        items = self.items()
        if items != self._shown:
            self._shown = items
            for tell in tuple(self._told.values()):
                self._call(partial(tell, items))

    def _call(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except BaseException as error:  # noqa: BLE001 -- whatever a user's code raises; nothing is awaited here
            Log.error(error, "a subscriber of a store failed", store=self.name)

    def _check_room_for(self, key: str, item: Item) -> None:
        """Most of the time a bound is enough: all items are only counted anew when something came from elsewhere."""
        known = self._sender.known
        if known is not self._counted:
            self._counted, self._bound = known, size_of(self._buffer.over(known.items))
        self._bound += size_of({key: item})
        if self._bound > QUOTA:
            self._counted = None
            self._check_room({**self._buffer.over(known.items), key: item})

    def _check_room(self, items: Mapping[str, Item]) -> None:
        size = size_of(items)
        if size > QUOTA:
            raise StoreFull(
                f"the store {self.name} would have {size} bytes, and {QUOTA} is the most: "
                "keep less in it, give items a ttl, or spread them over several capabilities"
            )


def _flying(batch: Batch, layout: Layout) -> Callable[[Contents], list[Document]]:
    return lambda known: flight(batch, known, layout)
