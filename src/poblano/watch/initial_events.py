"""Whether a server streams what there is to whoever watches (WatchList): one of its informers finds out, for all of them.

It came with Kubernetes 1.32, was off in 1.33, and is on from 1.34: nothing but asking tells. Servers before that refuse.
"""

from __future__ import annotations

import asyncio

REFUSALS = frozenset({400, 405, 406, 415, 422, 500, 501})
"""What one that does not says: of the request, or (an etcd that is too old behind it) in the stream."""


class InitialEvents:
    """What is known of one server. To be used on one event loop."""

    def __init__(self) -> None:
        self.served: bool | None = None
        self._turn = asyncio.Lock()

    async def turn(self) -> bool:
        """Wait until it is known, or is ours to find out. In that case, which is answered with True, `found` is to be called."""
        if self._is_known():
            return False
        await self._turn.acquire()
        if self._is_known():
            self._turn.release()
            return False
        return True

    def _is_known(self) -> bool:
        return self.served is not None

    def found(self, served: bool | None) -> None:  # noqa: FBT001 -- it is the answer
        """Say what was found; None when it was neither, so that the next one asks."""
        if served is not None:
            self.served = served
        self._turn.release()
