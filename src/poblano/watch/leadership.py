"""What the watcher is told about who may work: the protocol that elections and shares keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Hashable
from typing import Protocol, TypeAlias

Mine: TypeAlias = Callable[[Hashable], bool]
"""Whether a key is one of those that are meant."""


class Leadership(Protocol):
    """Who may work now. `may` and `leads` are asked before each action and each write, from any thread."""

    lost: asyncio.Event
    """Set when it was lost: no action begins any more, and the process is to end."""

    @property
    def leads(self) -> bool:
        """Whether this process takes part in the work, now."""
        ...

    def may(self, key: Hashable) -> bool:
        """Whether this process may work on that key, now."""
        ...

    async def acquired(self) -> None:
        """Stand for it from now on, and wait until there is something to work on."""
        ...

    def follow(self, changed: Callable[[Mine], None], busy: Callable[[], Collection[Hashable]]) -> None:
        """Have `changed` told, on the loop, which keys have become ours after `acquired`.

        Args:
            changed: what tells.
            busy: the keys that are worked on now. Asked from any thread.
        """
        ...

    def trouble(self) -> str | None:
        """Why nobody knows who leads; None when all is well, whoever leads."""
        ...

    def failure(self) -> Exception:
        """What ends the process, once `lost` is set."""
        ...

    async def release(self) -> None:
        """Give it back, once all work has stopped; after a loss, say that it has. Harmless before `acquired`."""
        ...

    async def leave(self) -> None:
        """Give nothing back: some work cannot be stopped. The others wait until the lease has run out."""
        ...
