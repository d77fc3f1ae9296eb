"""Works on the keys of a queue: many at once, each by one worker at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from poblano.core.cache import Key
from poblano.core.context import permitted
from poblano.core.workqueue import WorkQueue


class Work:
    """A queue and those who work on it. To be used on one event loop.

    Args:
        run: what to do for a key; it must not raise.
        workers: how many keys at once.
    """

    def __init__(self, run: Callable[[Key], Awaitable[None]], workers: int) -> None:
        self.queue = WorkQueue[Key](clock=time.monotonic)
        self.may: Callable[[Key], bool] | None = None
        """Asked before each write for a key, if somebody says so."""
        self._run = run
        self._places = asyncio.Semaphore(workers)
        self._changed = asyncio.Event()

    def add(self, key: Key, *, priority: int = 0) -> None:
        """Have `key` worked on."""
        self.queue.add(key, priority=priority)
        self._changed.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Have `key` worked on in so many seconds."""
        self.queue.add_after(key, seconds)
        self._changed.set()

    async def run(self) -> None:
        """Work until `stop`, and until what is under way has ended."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._places.acquire()
                key = await self._next()
                if key is None:
                    return
                group.create_task(self._one(key), name=f"poblano: {key}")

    def stop(self) -> None:
        """Begin nothing more: what is left is there at the next start, too."""
        self.queue.abandon()
        self._changed.set()

    async def _one(self, key: Key) -> None:
        try:
            if self.may is not None:
                permitted.set(partial(self.may, key))  # for this task alone
            await self._run(key)
        finally:
            self.queue.done(key)
            self._places.release()
            self._changed.set()

    async def _next(self) -> Key | None:
        while True:
            self._changed.clear()
            key = self.queue.get()
            if key is not None or self.queue.closed:
                return key
            due = self.queue.next_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                    await self._changed.wait()
