"""What works beside the controllers of a watcher, under the same leadership: the schedules of a module do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Hashable
from typing import Protocol, TypeAlias

from poblano.watch.calling import Caller
from poblano.watch.informer import Informer


class Companion(Protocol):
    """One such thing. The watcher runs its informers, and it once this replica may work."""

    name: str
    may: Callable[[Hashable], bool]
    """Asked before each thing it begins, and set by the watcher."""

    @property
    def informers(self) -> Collection[Informer]:
        """What it has to know."""
        ...

    @property
    def busy(self) -> Collection[asyncio.Task[None]]:
        """What is under way."""
        ...

    @property
    def keys(self) -> Collection[Hashable]:
        """What `may` was asked of, and is worked on: nobody else may do so until it is not here. From any thread."""
        ...

    async def run(self) -> None:
        """Work until `stop`, and until what is under way has ended."""
        ...

    def stop(self) -> None:
        """Begin nothing more."""
        ...


MakeCompanion: TypeAlias = Callable[[Caller], Companion]
"""Makes one that calls a user's functions by the watcher's own caller."""
