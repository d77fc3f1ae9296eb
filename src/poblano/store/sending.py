"""Has patches applied to the object of a store: each once, in order, however often that takes to be tried.

The object counts the writes of each process. A patch says which one it is, and the API server refuses it when it is not the
next: so one whose answer was lost is not applied twice, and it can be seen whether it was.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from poblano.client import Resources
from poblano.core.backoff import Backoff
from poblano.core.errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.store.contents import Contents, contents_of, document_of, registering
from poblano.core.store.layout import Layout
from poblano.log import Log


class Sender:
    """One process's writes to one object.

    Args:
        api: how to write.
        layout: what kind of object it is.
        name, namespace, labels: of the object.
        process: who writes, unlike all others.
    """

    def __init__(
        self, api: Resources, layout: Layout, *, name: str, namespace: str, labels: Mapping[str, str], process: str
    ) -> None:
        self.known = Contents()
        self._api, self._layout = api, layout
        self._name, self._namespace, self._labels = name, namespace, labels
        self._process = process
        self._number = 0
        self._registered = False

    async def send(self, steps: Callable[[Contents], list[Document]], *, conditional: bool = False) -> None:
        """Have a patch applied.

        Args:
            steps: makes it, of what the object is known to be.
            conditional: it may be refused for what it says, which is final.

        Raises:
            Conflict: its conditions do not hold.
        """
        backoff = Backoff(clock=time.monotonic, chance=random.random)
        while not await self._sent(await self._made(steps, backoff), conditional=conditional, backoff=backoff):
            pass

    async def _made(self, steps: Callable[[Contents], list[Document]], backoff: Backoff) -> list[Document]:
        """The patch, once this process is counted in the object."""
        while not self._registered:
            try:
                await self.register()
            except ApiError as error:
                await self._wait(backoff, error)
        return [*self._stamp(self._number + 1), *steps(self.known)]

    async def _sent(self, patch: list[Document], *, conditional: bool, backoff: Backoff) -> bool:
        """Whether it has arrived."""
        try:
            self.take(await self._api.patch(self._layout.kind, self._name, patch, self._namespace))
        except ApiError as error:
            if not isinstance(error, Invalid | NotFound):
                await self._wait(backoff, error)
            if await self._has_landed():
                return True
            if conditional and self._registered and isinstance(error, Invalid):
                raise faster(self._name) from None
            if isinstance(error, Invalid | NotFound):
                await self._wait(backoff, error)
            return False
        self._number += 1
        return True

    async def register(self) -> None:
        """Have the object there, and this process counted in it. One that is gone is made again of what is known."""
        while not self._registered:
            try:
                await self.read()
            except NotFound:
                made = document_of(self.known.items, {self._process: 0}, self._layout)
                metadata: Document = {"name": self._name, "labels": dict(self._labels)}
                obj = {"metadata": metadata, **made}
                with suppress(AlreadyExists):
                    self.take(await self._api.create(self._layout.kind, obj, self._namespace), anew=True)
                    self._number, self._registered = 0, True
            else:
                patch = registering(self._process, self.known, self._layout)
                self.take(await self._api.patch(self._layout.kind, self._name, patch, self._namespace))
                self._number, self._registered = 0, True

    async def read(self) -> Contents:
        """What the object is now.

        Raises:
            ApiError: it is not there, or cannot be read.
        """
        self.take(await self._api.get(self._layout.kind, self._name, self._namespace))
        return self.known

    def take(self, document: Document, *, anew: bool = False) -> None:
        """An answer to a request, or what a watch brings: the newer counts."""
        found = contents_of(document, self._layout)
        if anew or is_newer(found.version, self.known.version):
            self.known = found

    def gone(self) -> None:
        """Somebody has deleted the object."""
        self._registered = False

    def _stamp(self, number: int) -> list[Document]:
        pointer = self._layout.pointer("writers", self._process)
        return [
            {"op": "test", "path": pointer, "value": self._layout.written("writers", str(number - 1))},
            {"op": "add", "path": pointer, "value": self._layout.written("writers", str(number))},
        ]

    async def _has_landed(self) -> bool:
        """Whether the write that is being tried has arrived after all."""
        backoff = Backoff(clock=time.monotonic, chance=random.random)
        while True:
            try:
                arrived = (await self.read()).writers.get(self._process)
            except NotFound:
                self._registered = False
                return False
            except ApiError as error:
                await self._wait(backoff, error)
                continue
            if arrived == self._number + 1:
                self._number += 1
                return True
            self._registered = arrived == self._number
            return False

    async def _wait(self, backoff: Backoff, error: ApiError) -> None:
        if isinstance(error, Conflict):
            await asyncio.sleep(0.02 * random.random())  # noqa: S311
            return
        seconds = backoff.next(retry_after=error.retry_after)
        Log.warning("a store cannot be written yet", store=self._name, reason=str(error), again_in=round(seconds, 1))
        await asyncio.sleep(seconds)


def is_newer(version: str, known: str) -> bool:
    """Resource versions of one object can be compared: KEP-5504.

    >>> is_newer("10", "9"), is_newer("9", "10"), is_newer("7", "")
    (True, False, True)
    """
    if version.isdecimal() and known.isdecimal():
        return int(version) > int(known)
    return version != known


def faster(name: str) -> Conflict:
    """Somebody else was."""
    return Conflict(
        f"somebody else was faster with the store {name}; nothing was written", status=409, reason="Conflict"
    )
