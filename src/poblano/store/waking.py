"""When the writer of a store wakes: as soon as there is something to send, and then at the end of the interval."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


class Waking:
    """The writer sleeps here; others wake it, from any thread.

    It belongs to the running loop.

    Args:
        interval: seconds between batches; they go on by the clock, whenever the first write of one comes.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._thread = threading.get_ident()
        self._wake = asyncio.Event()
        self._gathers = False

    @property
    def is_here(self) -> bool:
        """Whether the running loop is the writer's."""
        return asyncio.get_running_loop() is self._loop

    def soon(self) -> None:
        """Wake it; from the loop itself."""
        self._wake.set()

    def written(self) -> None:
        """Something is to be sent. While writes gather they are sent at the end of that, and nobody need hear of one more."""
        if self._gathers:
            return
        with suppress(RuntimeError):  # the loop has ended, and the process is ending too
            if threading.get_ident() == self._thread:  # asking for the running loop is a system call
                self._wake.set()
            else:
                self._loop.call_soon_threadsafe(self._wake.set)

    async def woken(self, seconds: float | None) -> None:
        """Sleep until it is woken, or for so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def gathered(self, hurries: Callable[[], bool]) -> None:
        """Let writes gather until the interval ends, or something is seen on waking that cannot wait."""
        until = self._loop.time() + self._interval
        if self._interval > 0:
            until -= (self._loop.time() - self._began) % self._interval
        self._gathers = True
        try:
            while not hurries() and (left := until - self._loop.time()) > 0:
                await self.woken(left)
        finally:
            self._gathers = False
