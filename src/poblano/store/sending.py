"""Has patches applied to the head of a store: each once, in order, however often that takes to be tried.

The head counts the writes of each process. A patch says which one it is, and the API server refuses it when it is not the
next: so one whose answer was lost is not applied twice, and it can be seen whether it was.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from poblano.core.backoff import Backoff
from poblano.core.errors import AlreadyExists, ApiError, Conflict, Forbidden, Invalid, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.store.contents import Contents, contents_of, document_of, is_whole, registering, stamp
from poblano.core.store.snapshot import HEAD, Snapshot, View
from poblano.log import Log
from poblano.store.objects import Objects

Steps: TypeAlias = "Callable[[Snapshot], list[Document]]"
"""Makes a patch, of what the store is known to be."""

MOST_REFUSALS = 50
"""How often a patch is made anew that is refused although what it depends on seems to hold."""


class Sender:
    """One process's writes to one store.

    Args:
        objects: where to write.
        process: who writes, unlike all others.
    """

    def __init__(self, objects: Objects, process: str) -> None:
        self.view = View()
        self._objects, self._process = objects, process
        self._number = 0
        self._registered = False
        self._one = asyncio.Lock()

    async def send(self, steps: Steps, *, conditional: bool = False) -> None:
        """Have a patch of the head applied. When this returns, `view` shows it.

        Args:
            steps: makes it, each time that it is tried; what it raises ends the trying, and nothing is written.
            conditional: it may be refused for what it says; then it is made anew at once.

        Raises:
            Conflict: its conditions do not hold, though it cannot be seen why.
        """
        async with self._one:
            backoff, refusals = new_backoff(), 0
            while not await self._sent(await self._made(steps, backoff), conditional=conditional, backoff=backoff):
                refusals += 1
                if conditional and refusals >= MOST_REFUSALS:
                    raise faster(self._objects.name)
            await self.complete(backoff)

    async def complete(self, backoff: Backoff | None = None) -> None:
        """Read what must be known for the newest of the store to be seen. Tried until it can be."""
        backoff = backoff or new_backoff()
        while wanted := self.view.wanted():
            for number in wanted:
                try:
                    await self.read(number)
                except NotFound:  # it is made again when something is written
                    self._registered = False
                    return
                except ApiError as error:
                    await self._wait(backoff, error)

    async def refresh(self) -> None:
        """Read what the store is now. Tried until it can be."""
        backoff = new_backoff()
        while True:
            try:
                await self.read()
            except NotFound:
                return None
            except ApiError as error:
                await self._wait(backoff, error)
                continue
            return await self.complete(backoff)

    async def read(self, number: int = HEAD) -> Contents | None:
        """What the head is now, or a part; None if there is no such part.

        Raises:
            ApiError: it cannot be read. That there is no head is one, too.
        """
        if number == HEAD:
            seen = self.view.newest_spread
            found = contents_of(await self._objects.get(HEAD), self._objects.layout)
            self.view.take_head(found, seen=seen)
            return self.view.head
        demand = self.view.head.demand(number)
        try:
            found = contents_of(await self._objects.get(number), self._objects.layout)
        except NotFound:
            self.view.lose_part(number, reached=demand)
            return None
        self.view.take_part(number, found, reached=demand)
        return found

    def take(self, document: Document, *, anew: bool = False) -> None:
        """An answer to a request, or what a watch brings: the newer counts."""
        number = self._objects.number_of(document)
        if number is None:
            return
        found = contents_of(document, self._objects.layout)
        if number == HEAD:
            self.view.take_head(found, anew=anew)
        else:
            self.view.take_part(number, found)

    def gone(self) -> None:
        """Somebody has deleted the head."""
        self._registered = False

    async def _made(self, steps: Steps, backoff: Backoff) -> list[Document]:
        """The patch, once this process is counted in the head."""
        while not self._registered:
            try:
                await self._register()
            except ApiError as error:
                await self._wait(backoff, error)
        await self.complete(backoff)
        known = self.view.shown
        return [*stamp(self._process, self._number + 1, known.head, self._objects.layout), *steps(known)]

    async def _sent(self, patch: list[Document], *, conditional: bool, backoff: Backoff) -> bool:
        """Whether it has arrived."""
        parts = self.view.head.parts
        try:
            answer = await self._objects.patch(HEAD, patch)
        except ApiError as error:
            refused = isinstance(error, Invalid | NotFound)
            if not refused:
                await self._wait(backoff, error)
            if await self._has_landed():
                return True
            if isinstance(error, Invalid) and conditional and self._registered:
                await asyncio.sleep(0.01 * random.random())  # noqa: S311
            elif refused and parts == self.view.head.parts:
                await self._wait(backoff, error)
            return False
        self.take(answer)
        self._number += 1
        return True

    async def _register(self) -> None:
        """Have the head there, and this process counted in it. One that is gone is made again of what is known."""
        while not self._registered:
            layout = self._objects.layout
            try:
                await self.read()
            except NotFound:
                await self._make()
            else:
                patch = registering(self._process, self.view.head, layout, self._objects.label)
                self.take(await self._objects.patch(HEAD, patch))
                self._number, self._registered = 0, True

    async def _make(self) -> None:
        """A head, which goes with the parts that there are."""
        with suppress(Forbidden):  # then there are none that are known of
            listed, lost = await self._objects.list(), set(self.view.lost)
            for document in listed:
                self.take(document)
            self.view.lost |= lost  # a list may be older than what a watch has told meanwhile
        known = self.view.remade()
        state = {"parts": 0, **known.state}
        made = Contents(known.current, known.leaving, {self._process: 0}, state)
        with suppress(AlreadyExists):
            self.take(await self._objects.create(HEAD, document_of(made, self._objects.layout)), anew=True)
            self._number, self._registered = 0, True

    async def _has_landed(self) -> bool:
        """Whether the write that is being tried has arrived after all."""
        backoff = new_backoff()
        while True:
            try:
                await self.read()
            except NotFound:
                self._registered = False
                return False
            except ApiError as error:
                await self._wait(backoff, error)
                continue
            arrived = self.view.head.writers.get(self._process)
            if arrived == self._number + 1:
                self._number += 1
                return True
            self._registered = arrived == self._number and is_whole(self.view.head, self._objects.layout)
            return False

    async def _wait(self, backoff: Backoff, error: ApiError) -> None:
        await pause(backoff, error, self._objects.name)


def new_backoff() -> Backoff:
    """Pauses between attempts."""
    return Backoff(clock=time.monotonic, chance=random.random)


async def pause(backoff: Backoff, error: ApiError, name: str) -> None:
    """Wait before something is tried again."""
    if isinstance(error, Conflict):
        await asyncio.sleep(0.02 * random.random())  # noqa: S311
        return
    seconds = backoff.next(retry_after=error.retry_after)
    Log.warning("a store cannot be written yet", store=name, reason=str(error), again_in=round(seconds, 1))
    await asyncio.sleep(seconds)


def faster(name: str) -> Conflict:
    """Somebody else was."""
    return Conflict(
        f"somebody else was faster with the store {name}; nothing was written", status=409, reason="Conflict"
    )
