"""Whether a server streams what there is to whoever watches (WatchList): one of its informers finds out, for all of them.

It came with Kubernetes 1.32, was off in 1.33, and is on from 1.34: nothing but asking tells. Servers before that refuse.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from poblano.core.watch_events import Event

REFUSALS = frozenset({400, 405, 406, 415, 422, 500, 501})
"""What one that does not says: of the request, or (an etcd that is too old behind it) in the stream."""


class InitialEvents:
    """What is known of one server. To be used on one event loop."""

    def __init__(self) -> None:
        self.served: bool | None = None
        self._free = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[Turn]:
        """Wait until it is known, or is ours to find out: in this block."""
        turn = Turn(self, asks=await self._is_ours())
        try:
            yield turn
        finally:
            turn.found(None)

    async def _is_ours(self) -> bool:
        if self._is_known():
            return False
        await self._free.acquire()
        if self._is_known():
            self._free.release()
            return False
        return True

    def _is_known(self) -> bool:
        return self.served is not None

    def found(self, served: bool | None) -> None:  # noqa: FBT001 -- it is the answer
        """What was found; None when it was neither, so that the next one asks."""
        if served is not None:
            self.served = served
        self._free.release()


class Turn:
    """One informer's, which may have to find it out.

    Args:
        of: what is known.
        asks: whether this one finds it out. When it has, it does so no more.
    """

    def __init__(self, of: InitialEvents, *, asks: bool = False) -> None:
        self._of = of
        self._asks = asks

    def found(self, served: bool | None) -> None:  # noqa: FBT001 -- it is the answer
        """Say what was found, if it is this one's to say; None when it was neither."""
        if self._asks:
            self._asks = False
            self._of.found(served)

    def refused(self, status: int) -> None:
        """The watch was refused with that status."""
        if status in REFUSALS:
            self.found(served=False)

    def heard(self, event: Event) -> None:
        """The watch brought an event: the first tells."""
        if not self._asks:
            return
        if event.type != "ERROR":
            self.found(served=True)
        else:
            self.found(False if event.failure.status in REFUSALS else None)
