"""Keeps one store in an object of the cluster.

What is written waits in a `Buffer` and goes out as one patch at the interval, or at once when somebody waits for it. What fails
is tried again, later each time, before anything newer; what is read comes from a watch.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from poblano.client import ApiClient
from poblano.core.cache import Change
from poblano.core.errors import ApiError
from poblano.core.review import decode
from poblano.core.store.buffer import Item, living
from poblano.core.store.contents import Contents
from poblano.core.store.keeping import StoreUnacknowledged, on_another_loop
from poblano.core.store.layout import Layout
from poblano.core.store.room import SHARDING, Sharding
from poblano.core.store.snapshot import HEAD
from poblano.core.store.spreading import is_under_way
from poblano.core.store.writing import time_left
from poblano.log import Log
from poblano.store.flights import Flights
from poblano.store.listening import Listeners
from poblano.store.objects import Objects
from poblano.store.sending import Sender
from poblano.store.spreading import Spreader
from poblano.store.waking import Waking

LATE_SECONDS = 2.0
"""How long an item that has expired may wait to be taken away, so that not all processes do it at once."""


class ClusterKeeper:
    """One store; what a `Store` needs.

    Args:
        client: an open client, on the running loop.
        layout: in which kind of object.
        name, namespace, labels: of the object.
        process: who this is, unlike all others that write it.
        interval: seconds between batches.
        field_manager: under which name it writes.
        sharding: when it is spread over several objects.
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
        sharding: Sharding = SHARDING,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name, self.kind, self.sharding = name, layout.kind, sharding
        self._objects = Objects(
            client, layout, name=name, namespace=namespace, labels=labels, field_manager=field_manager
        )
        self.informer = self._objects.informer(client)
        self.informer.subscribe(self._hear)
        self._now = now
        self._sender = Sender(self._objects, process)
        self._spreader = Spreader(self._objects, self._sender, sharding)
        self._flights = Flights(name, layout, self._sender, self._spreader, sharding)
        self._waking = Waking(interval)
        self._stop = asyncio.Event()
        self._gone = False
        self._spreading: asyncio.Task[None] | None = None
        self._listeners = Listeners(name)

    def items(self) -> dict[str, str]:
        """All there is, the own writes included."""
        return {key: item.text for key, item in living(self._flights.items(), self._now())}

    def get(self, key: str) -> str | None:
        """What a key is, the own writes included."""
        item = self._flights.get(key)
        return item.text if item is not None and item.lives(self._now()) else None

    def set(self, key: str, text: str, ttl: timedelta | None) -> None:
        """Write with the next batch."""
        if self._flights.set(key, text, self._until(ttl)):
            self._waking.written()

    def remove(self, key: str) -> None:
        """Take away with the next batch."""
        self._flights.remove(key)
        self._waking.written()

    def clear(self) -> None:
        """Take everything away with the next batch."""
        self._flights.clear()
        self._waking.written()

    async def landed(self, timeout: float) -> None:
        """Have what was written sent now, and wait until it has arrived."""
        self._check_loop()
        try:
            async with asyncio.timeout(timeout):
                await self._flights.to_its_end(self._flights.flushed())
        except TimeoutError:
            raise StoreUnacknowledged(
                f"the API server has not acknowledged a write to the store {self.name} in {timeout:g} s; it is still to be sent"
            ) from None

    async def fresh(self) -> dict[str, str]:
        """What the API server has now, once what was written has arrived there. Tried until it can be read."""
        self._check_loop()
        await self._flights.to_its_end(self._flights.flushed())
        await self._sender.refresh()
        return {key: item.text for key, item in living(self._flights.known.merged(), self._now())}

    async def exchange(
        self,
        before: Mapping[str, str | None],
        after: Mapping[str, str | None],
        ttl: timedelta | None = None,
        *,
        keys: frozenset[str] | None = None,
    ) -> None:
        """Write `after` if `before` still holds, and there are these `keys`."""
        self._check_loop()
        wanted = {key: None if text is None else Item(text, self._until(ttl)) for key, text in after.items()}
        await self._flights.to_its_end(self._flights.exchanged(before, wanted, self._now, keys))

    def subscribe(self, tell: Callable[[Mapping[str, str]], None]) -> Callable[[], None]:
        """Have `tell` called with all items whenever they have changed."""
        return self._listeners.subscribe(tell)

    def on_ready(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once what there is is known; at once if it is."""
        self._listeners.on_ready(tell, known=self.is_known)

    async def run(self) -> None:
        """Keep it until `stop`, and until what is left is sent. Its informer is run by somebody else."""
        try:
            await self._known_or_stopped()
            while not self._stop.is_set():
                await self._waking.woken(self._until_expiry())
                before = self._flights.known.head
                await self._waking.gathered(lambda: self._stop.is_set() or self._is_missing())
                await self._bring_back()
                await self._flights.flushed()
                await self._flights.cleaned(self._now)
                await self._tend(before)
            await self._flights.flushed()
        finally:
            if self._spreading is not None:
                self._spreading.cancel()
                await asyncio.gather(self._spreading, return_exceptions=True)
            await self._flights.close()

    def stop(self) -> None:
        """Send what is left, and end."""
        self._stop.set()
        self._waking.soon()

    @property
    def is_known(self) -> bool:
        """Whether what there is is known."""
        return self.informer.reflector.has_synced and not (self._sender.view.wanted() or self._objects.trouble)

    @property
    def trouble(self) -> str | None:
        """Why it is not known, as far as that is known."""
        return self._objects.trouble or self.informer.trouble

    @property
    def size(self) -> int:
        """Bytes, of the quota."""
        return self._flights.room.size(self._flights.items())

    @property
    def parts(self) -> int:
        """Over how many objects it is spread; 0 while one has all."""
        return self._flights.known.head.parts

    @property
    def unsent(self) -> bool:
        """Whether anything waits to be sent."""
        return self._flights.unsent

    async def _known_or_stopped(self) -> None:
        async def known() -> None:
            await self.informer.synced()
            await self._sender.complete()  # a part that is gone is looked for

        waits: list[asyncio.Task[Any]] = [asyncio.create_task(one) for one in (known(), self._stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        self._listeners.ready(known=self.is_known)

    def _until_expiry(self) -> float | None:
        """Seconds until an item is to be taken away: not the same everywhere, so that most often one process does it for all."""
        left = time_left(self._flights.known, self._now())
        return None if left is None else left + random.uniform(0.1, LATE_SECONDS)  # noqa: S311

    def _is_missing(self) -> bool:
        """Whether somebody has deleted an object."""
        return self._gone or bool(self._sender.view.lost)

    async def _bring_back(self) -> None:
        """Make objects again that somebody has deleted: an empty write does so with the head."""
        if self._gone:
            self._gone = False
            self._sender.gone()
            await self._sender.send(lambda known: [])
        for number in sorted(self._sender.view.lost):
            try:
                await self._spreader.restore(number)
            except ApiError as error:
                Log.warning("a part of a store cannot be made again yet", store=self.name, reason=str(error))
                self._waking.soon()

    async def _tend(self, before: Contents) -> None:
        """Keep the head small; and do what somebody else has begun, and is not done with since the head was `before`."""
        if self._sender.view.wanted():
            await self._sender.complete()
        known = self._flights.known
        if self._spreading is not None and not self._spreading.done():
            return
        left_behind = is_under_way(known.head) and known.head.generation == before.generation
        if left_behind or (self._flights.room.wants_spreading(known) and not is_under_way(known.head)):
            self._spreading = asyncio.create_task(self._spreader.spread(), name=f"spreading the store {self.name}")
            self._spreading.add_done_callback(self._spreading_ended)
        elif is_under_way(known.head):
            self._waking.soon()

    def _spreading_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            Log.error(error, "a store was not spread, which is tried again when it is written to", store=self.name)

    def _check_loop(self) -> None:
        if not self._waking.is_here:
            raise on_another_loop(self.name)

    def _until(self, ttl: timedelta | None) -> datetime | None:
        return None if ttl is None else self._now() + ttl

    def _hear(self, change: Change) -> None:
        number = self._objects.number(change.item.key.name)
        if number is None:
            return
        if change.type == "DELETED":
            if number == HEAD:
                self._gone = True
            else:
                self._sender.view.lose_part(number)
            self._waking.soon()
            return
        if self._objects.is_anothers(document := decode(change.item.raw) or {}):
            return
        self._sender.take(document)
        self._listeners.ready(known=self.is_known)
        known = self._flights.known
        if is_under_way(known.head) or self._sender.view.wanted() or self._flights.room.wants_spreading(known):
            self._waking.soon()
        self._listeners.changed(self.items)
