"""Moves items from the head of a store to its parts, by the steps of `poblano.core.store.spreading`."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from poblano.core.errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.store.contents import Contents, Layer
from poblano.core.store.room import Sharding
from poblano.core.store.snapshot import Snapshot
from poblano.core.store.spreading import bringing, freezing, is_under_way, part_document, pieces, settling
from poblano.store.objects import Objects
from poblano.store.sending import Sender, new_backoff, pause

AT_ONCE = 4
"""Parts that are written at the same time."""


class _NothingToDoError(Exception):
    """Somebody else has done it."""


class Spreader:
    """Does it for one store.

    Args:
        objects: of the store.
        sender: writes its head.
        sharding: over how many parts.
    """

    def __init__(self, objects: Objects, sender: Sender, sharding: Sharding) -> None:
        self._objects, self._sender, self._sharding = objects, sender, sharding
        self._one, self._some = asyncio.Lock(), asyncio.Semaphore(AT_ONCE)

    async def spread(self) -> None:
        """Bring what is on its way to the parts, or else what is in the head. Tried until it is done, by whomever."""
        async with self._one:
            with suppress(_NothingToDoError, Conflict):
                if not is_under_way(self._sender.view.shown.head):
                    await self._sender.send(self._freeze, conditional=True)
                known = self._sender.view.shown
                head = known.head
                if is_under_way(head):
                    bringing_all = (self._bring(number, head, piece) for number, piece in pieces(head).items())
                    await asyncio.gather(*bringing_all)
                    await self._sender.send(lambda now: self._settle(now, head.generation), conditional=True)

    async def restore(self, number: int) -> None:
        """Make a part again that somebody has deleted."""
        view = self._sender.view
        part, head = view.part(number), view.head
        if part is None or number not in view.lost:
            return
        seen = max(part.spread, head.demand(number), 1)
        document = part_document(part, seen, Layer(), head.parts, self._objects.layout)
        with suppress(AlreadyExists):
            self._sender.take(await self._objects.create(number, document))
            return
        if await self._sender.read(number) is not None:
            view.find_part(number)

    def _freeze(self, known: Snapshot) -> list[Document]:
        newest = self._sender.view.newest_spread
        steps = freezing(known, self._objects.layout, self._sharding.parts, newest)
        if not steps:
            raise _NothingToDoError
        return steps

    def _settle(self, known: Snapshot, generation: int) -> list[Document]:
        if known.head.settled >= generation or known.head.generation != generation:
            raise _NothingToDoError
        return settling(known, self._objects.layout)

    async def _bring(self, number: int, head: Contents, piece: Layer) -> None:
        """Have a part see a generation."""
        backoff = new_backoff()
        async with self._some:
            while not self._has_seen(number, head.generation):
                try:
                    await self._try_to_bring(number, head, piece)
                except (AlreadyExists, Invalid, NotFound) as error:
                    before = self._sender.view.part(number)
                    await self._look(number, is_there=isinstance(error, AlreadyExists))
                    if self._sender.view.part(number) is before and not isinstance(error, NotFound):
                        await pause(backoff, error, self._objects.name)
                except ApiError as error:
                    await pause(backoff, error, self._objects.name)
                    await self._look(number)

    async def _try_to_bring(self, number: int, head: Contents, piece: Layer) -> None:
        view, layout = self._sender.view, self._objects.layout
        part = view.part(number)
        if part is None or number in view.lost:
            document = part_document(part or Contents(), head.generation, piece, head.parts, layout)
            self._sender.take(await self._objects.create(number, document))
        else:
            steps = bringing(part, head.generation, piece, layout)
            self._sender.take(await self._objects.patch(number, steps))

    def _has_seen(self, number: int, generation: int) -> bool:
        view = self._sender.view
        part = view.part(number)
        return part is not None and number not in view.lost and part.spread >= generation

    async def _look(self, number: int, *, is_there: bool = False) -> None:
        with suppress(ApiError):
            if await self._sender.read(number) is not None and is_there:
                self._sender.view.find_part(number)
