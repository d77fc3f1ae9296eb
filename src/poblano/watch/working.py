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
from poblano.log import Log

STUBBORN_SECONDS = 5.0
"""How long an action that is cancelled may take to clean up after itself."""

CANCELLED_SECONDS = 1.0
"""When what was cancelled, though nobody here did, is run again."""


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
        self._workers = workers
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._due: float | None = None
        self._works = False
        self._defect: BaseException | None = None

    def add(self, key: Key, *, priority: int = 0) -> None:
        """Have `key` worked on."""
        self.queue.add(key, priority=priority)
        self._changed.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Have `key` worked on in so many seconds."""
        self.queue.add_after(key, seconds)
        self._changed.set()

    async def run(self) -> None:
        """Work until `stop`, and until what is under way has ended.

        Raises:
            Exception: what `run` raised, though it must not.
        """
        self._works = True
        try:
            while self._defect is None and not (self.queue.closed and not self._tasks):
                self._changed.clear()
                self._begin()
                await self._wait()
        finally:
            self._works = False
            await self._cancelled()
        if self._defect is not None:
            raise self._defect

    async def _cancelled(self) -> None:
        """Cancel what is under way until it ends: code that catches all there is may catch a cancellation as well."""
        going = set(self._tasks)
        while going:
            for task in going:
                task.cancel()
            _, going = await asyncio.wait(going, timeout=STUBBORN_SECONDS)
            for task in going:
                Log.warning("an action goes on though it was cancelled, and is cancelled again", of=task.get_name())

    def stop(self) -> None:
        """Begin nothing more: what is left is there at the next start, too."""
        self.queue.abandon()
        self._changed.set()

    def _begin(self) -> None:
        """Begin with as many keys as there are places for; each in a task of its own, so that none sees another's context."""
        while len(self._tasks) < self._workers and (key := self.queue.get()) is not None:
            task = asyncio.create_task(self._one(key), name=f"poblano: {key}")
            self._tasks.add(task)
            task.add_done_callback(partial(self._ended, key))

    async def _one(self, key: Key) -> None:
        try:
            if self.may is not None:
                permitted.set(partial(self.may, key))  # for this task alone
            await self._run(key)
        finally:
            self.queue.done(key)

    def _ended(self, key: Key, task: asyncio.Task[None]) -> None:
        """Begin with the next key, without waking up `run` for it, unless there is something that it has to know."""
        self._tasks.discard(task)
        if not self._works:
            return
        if task.cancelled():  # not by us, while we work: nothing may be forgotten for that
            self.queue.add_after(key, CANCELLED_SECONDS)
            Log.error(
                "an action was cancelled by what it does, and is run again", of=str(key), again_in=CANCELLED_SECONDS
            )
        elif (error := task.exception()) is not None:
            self._defect = error
        elif not self.queue.closed:
            self._begin()
            if self._wanted() == self._due:
                return
        self._changed.set()

    async def _wait(self) -> None:
        self._due = due = self._wanted()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                await self._changed.wait()

    def _wanted(self) -> float | None:
        """When `run` has to look by itself: when a delayed key is due, if there is a place for it."""
        return self.queue.next_due() if len(self._tasks) < self._workers else None
