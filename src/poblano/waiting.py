"""Lets a ``def`` action wait for what is awaited: it runs in a thread, and the event loop goes on meanwhile."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

home: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("poblano_home", default=None)
"""The loop on which the module runs, for its actions in threads."""


class Deadline:
    """Waits for one thing after the other, for so long in all. To be made on the event loop.

    Args:
        seconds: how long, from now on.
        error: what is raised then.
    """

    def __init__(self, seconds: float, error: Exception) -> None:
        import asyncio

        self._until = asyncio.get_running_loop().time() + seconds
        self._error = error

    async def of(self, work: Awaitable[T]) -> T:
        """What `work` comes to."""
        import asyncio

        limit = asyncio.timeout_at(self._until)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if limit.expired():
                raise self._error from None
            raise


def wait(awaitable: Awaitable[T], /) -> T:
    """What `awaitable` comes to, for a function that is no ``async def``: ``pod = wait(K8s(a.Pod).get("web"))``.

    In an action that runs in a thread (``def`` actions of watch, reconcile and finalize do), the awaiting is done on the
    loop of the module, with its connections, while this thread waits. Where there is no loop at all, as in a script, one is made
    for the occasion.

    Raises:
        RuntimeError: when it is called on an event loop, which would then wait for itself.
    """
    import asyncio

    loop = home.get()
    if _on_a_loop():
        _drop(awaitable)
        raise RuntimeError(
            "wait() was called on the event loop, which cannot go on while it waits; "
            "make the function `async def` and write `await` instead of `wait`"
        )
    if loop is None or not loop.is_running():
        return asyncio.run(_awaited(awaitable))
    future = asyncio.run_coroutine_threadsafe(_awaited(awaitable), loop)  # it takes this thread's context along
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _on_a_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _drop(awaitable: object) -> None:
    """Nobody will await it: say nothing about that a second time."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()
