"""Threads for actions that block: a bounded number, made when they are needed, that keep no process from ending.

`concurrent.futures` is not used for two things it does: it waits for its threads when the process ends, so that an action
that never returns would keep a pod from stopping; and it queues, whole, what its threads do not get to.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeAlias

Work: TypeAlias = Callable[[], object]
_Job: TypeAlias = "tuple[Work, asyncio.AbstractEventLoop, Callable[[object], None]]"


class Threads:
    """At most `size` threads. To be used on one event loop.

    >>> async def add() -> object:
    ...     threads = Threads(1)
    ...     try:
    ...         return await (await threads.begin(lambda: 1 + 1))
    ...     finally:
    ...         threads.close()
    >>> asyncio.run(add())
    2
    """

    def __init__(self, size: int) -> None:
        self._places = asyncio.Semaphore(size)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._started = 0
        self._taken = 0

    async def begin(self, work: Work) -> asyncio.Future[object]:
        """Wait for a place, begin `work` in it, and return the future of its result.

        Whoever is cancelled while it waits for a place leaves nothing behind. The place is free again when the work has
        ended, whether or not somebody still wants the result.

        Args:
            work: what to do; it must not raise.

        Raises:
            RuntimeError: the system gives no more threads.
        """
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()

        def ended(result: object) -> None:
            self._taken -= 1
            self._places.release()
            if not future.done():
                future.set_result(result)

        if self._taken >= self._started:
            try:
                self._start()
            except RuntimeError:
                self._places.release()
                raise
        self._taken += 1
        self._jobs.put((work, loop, ended))
        return future

    @property
    def busy(self) -> int:
        """How many pieces of work have not ended yet, whether or not somebody still wants their result."""
        return self._taken

    def _start(self) -> None:
        name = f"poblano-action-{self._started + 1}"
        threading.Thread(target=_work, args=(self._jobs,), name=name, daemon=True).start()
        self._started += 1

    def close(self) -> None:
        """Let the threads go, each when it has done what it is at. Work that begins later gets a new one."""
        jobs, self._jobs = self._jobs, SimpleQueue()
        for _ in range(self._started):
            jobs.put(None)
        self._started = 0


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        work, loop, ended = job
        result = work()
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(ended, result)
        del job, work, loop, ended, result  # an idle thread holds nothing
