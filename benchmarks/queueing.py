"""What the way of a key through the work queue costs, and through those who work on it, beside asyncio's own queue."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

from benchmarks.figures import Spread
from poblano.core.cache import Key
from poblano.core.workqueue import LOW, WorkQueue
from poblano.watch.working import Work

KEYS = 100_000
WORKERS = 10
REPEATS = 3
_KEYS = [Key("shop", f"app-{number}") for number in range(KEYS)]


def queue() -> Spread:
    """Microseconds of CPU time a key: all are added, as at a start, then got and done one after the other."""

    def once() -> None:
        keys = WorkQueue[Key](clock=time.monotonic)
        for key in _KEYS:
            keys.add(key, priority=LOW)
        while (got := keys.get()) is not None:
            keys.forget(got)
            keys.done(got)

    return _each(once)


def work() -> Spread:
    """The same with workers who do nothing for a key."""

    async def do() -> None:
        left = KEYS

        async def run(key: Key) -> None:
            nonlocal left
            left -= 1
            working.queue.forget(key)
            if not left:
                working.stop()

        working = Work(run, WORKERS)
        for key in _KEYS:
            working.add(key, priority=LOW)
        await working.run()

    return _each(lambda: asyncio.run(do()))


def plain() -> Spread:
    """The same with `asyncio.Queue` and as many tasks."""

    async def do() -> None:
        keys: asyncio.Queue[Key] = asyncio.Queue()

        async def worker() -> None:
            while True:
                await keys.get()
                keys.task_done()

        for key in _KEYS:
            keys.put_nowait(key)
        workers = [asyncio.create_task(worker()) for _ in range(WORKERS)]
        await keys.join()
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    return _each(lambda: asyncio.run(do()))


def _each(once: Callable[[], None]) -> Spread:
    taken: list[float] = []
    for _ in range(REPEATS):
        gc.collect()
        began = time.process_time()
        once()
        taken.append((time.process_time() - began) / KEYS * 1e6)
    return Spread.of(taken)
