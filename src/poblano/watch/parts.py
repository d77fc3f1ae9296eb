"""The parts of something that works as long as none of them ends: each is a task, and the one that ends is named."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from poblano.core.errors import LeadershipLost


def part(name: str, running: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """One that should not end before it is cancelled."""
    return asyncio.create_task(running, name=name)


async def first_ended(
    parts: Iterable[asyncio.Task[Any]], helper: asyncio.Task[None], *, ends: Iterable[asyncio.Task[Any]]
) -> None:
    """Wait until one of `ends` has come.

    Args:
        parts: none of them should end meanwhile.
        helper: may end when it has done what it is for, but not fail.
        ends: what is waited for.

    Raises:
        LeadershipLost: a part knew it by the clock, before anybody was told.
        RuntimeError: a part has ended, however it did; named.
    """
    expected = set(ends)
    waited = {*parts, helper, *expected}
    while True:
        done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        for task in done - expected:
            _check(task, may_end=task is helper)
        if done != {helper}:
            return
        waited.discard(helper)


def _check(task: asyncio.Task[Any], *, may_end: bool) -> None:
    if task.cancelled():
        raise _ended(task, "it was cancelled")
    error = task.exception()
    if isinstance(error, LeadershipLost):
        raise error
    if error is not None:
        raise _ended(task, f"{type(error).__name__}: {error}") from error
    if not may_end:
        raise _ended(task, "without an error")


def _ended(task: asyncio.Task[Any], why: str) -> RuntimeError:
    return RuntimeError(f"{task.get_name()} has ended ({why}), and the process ends with it")


async def cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    going = list(tasks)
    for task in going:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)
