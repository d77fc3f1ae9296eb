"""The writes of one process to one store: what waits is sent in order, and what is under way is never forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from poblano.core.errors import Conflict
from poblano.core.jsonvalue import Document
from poblano.core.store.buffer import Batch, Buffer, Intent, Item, living
from poblano.core.store.layout import Layout
from poblano.core.store.room import Room, Sharding
from poblano.core.store.snapshot import Snapshot
from poblano.core.store.writing import cleaning, exchange, expanded, expired, flight, loads
from poblano.store.sending import Sender, Steps, faster
from poblano.store.spreading import Spreader


class Flights:
    """Reading and writing, but for the waiting.

    Args:
        name: of the store.
        layout: how it is kept.
        sender: writes its head.
        spreader: makes room there.
        sharding: how much may be where.
    """

    def __init__(self, name: str, layout: Layout, sender: Sender, spreader: Spreader, sharding: Sharding) -> None:
        self.room = Room(name, layout, sharding)
        self._name, self._layout, self._sharding = name, layout, sharding
        self._sender, self._spreader = sender, spreader
        self._buffer, self._lock = Buffer(), threading.Lock()
        self._in_order = asyncio.Lock()
        self._flying: set[asyncio.Task[None]] = set()

    @property
    def known(self) -> Snapshot:
        """The store, as it is known to be on the API server."""
        return self._sender.view.shown

    @property
    def unsent(self) -> bool:
        """Whether anything waits to be sent."""
        return self._buffer.dirty or self._buffer.flying

    def items(self) -> dict[str, Item]:
        """All there is, the own writes included."""
        with self._lock:
            return self._buffer.over(self.known.merged())

    def get(self, key: str) -> Item | None:
        """What a key is, the own writes included."""
        with self._lock:
            return self._buffer.get(key, self.known)

    def set(self, key: str, text: str, expires: datetime | None) -> bool:
        """Write, with the next flight; whether that does not wait already. Raises `StoreFull`."""
        with self._lock:
            if self._buffer.waits(key, text, expires):
                return False
            item = Item(text, expires)
            self.room.check({key: item}, self.known, self._buffer)
            self._buffer.set(key, item)
            return True

    def remove(self, key: str) -> None:
        """Take away, with the next flight."""
        with self._lock:
            self._buffer.remove(key)

    def clear(self) -> None:
        """Take everything away, with the next flight."""
        with self._lock:
            self._buffer.clear()

    async def flushed(self) -> None:
        """Send what waits, and wait for it: one flight after the other."""
        async with self._in_order:
            while (batch := self._taken()) is not None:
                try:
                    for load in loads(expanded(batch, self.known), self._layout, self._sharding.load):
                        await self._send(self._steps(load))
                except BaseException:
                    with self._lock:
                        self._buffer.failed()
                    raise
                with self._lock:
                    self._buffer.landed()

    async def exchanged(
        self,
        before: Mapping[str, str | None],
        after: Mapping[str, Intent],
        now: Callable[[], datetime],
        keys: frozenset[str] | None = None,
    ) -> None:
        """Write `after` if `before` still holds, and there are these `keys`. Raises `Conflict` when not, and `StoreFull`."""
        self.room.check_transaction(after)

        def steps(known: Snapshot) -> list[Document]:
            for key, text in before.items():
                item = known.get(key)
                if (item.text if item is not None and item.lives(now()) else None) != text:
                    raise faster(self._name)
            if keys is not None and keys != frozenset(key for key, _ in living(known.merged(), now())):
                raise faster(self._name)
            with self._lock:
                self.room.check(after, known, self._buffer)
            self._check_head(after, known)
            return exchange(before, after, known, self._layout, whole=keys is not None)

        async with self._in_order:
            await self._send(steps, conditional=True)

    async def cleaned(self, now: Callable[[], datetime]) -> None:
        """Take away what has expired, unless somebody has written it anew."""
        if expired(self.known, now()):
            async with self._in_order:
                with suppress(Conflict):
                    await self._sender.send(
                        lambda known: cleaning(expired(known, now()), known, self._layout), conditional=True
                    )

    async def to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for something that goes on when nobody waits for it any more: a patch that is under way may arrive."""
        task = asyncio.create_task(work)
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_seen)
            raise

    async def close(self) -> None:
        """Give up what is under way."""
        left = tuple(self._flying)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _steps(self, load: Batch) -> Steps:
        def steps(known: Snapshot) -> list[Document]:
            self._check_head(load.writes, known)
            return flight(load, known, self._layout)

        return steps

    async def _send(self, steps: Steps, *, conditional: bool = False) -> None:
        """Have a patch applied, and make room for it in the head as often as that takes."""
        while True:
            try:
                return await self._sender.send(steps, conditional=conditional)
            except _HeadFullError:
                await self._spreader.spread()

    def _check_head(self, writes: Mapping[str, Intent], known: Snapshot) -> None:
        if not self.room.fits_head(writes, known):
            raise _HeadFullError

    def _taken(self) -> Batch | None:
        with self._lock:
            return self._buffer.take()


class _HeadFullError(Exception):
    """What is in the head must go to the parts first."""


def _seen(task: asyncio.Task[None]) -> None:
    """Nobody waits for how it ended."""
    if not task.cancelled():
        task.exception()
