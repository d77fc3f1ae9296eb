"""Runs the actions of a pipeline: a quick ``def`` on the loop, one that has blocked it in a thread, ``async def`` in a task.

Whatever an action does, the answer leaves in time: what is late counts as failed, is cancelled if it can be, and its
changes are dropped.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from poblano.admission.threads import Threads
from poblano.admission.watchdog import Watchdog
from poblano.core.calls import Call, Failed, Steps, keep
from poblano.core.context import running
from poblano.core.verdict import Verdict
from poblano.waiting import home

POOL_SIZE = 16
"""Threads for actions that block. More wait for a place, as long as the API server waits for them."""


class Late(Exception):
    """An action was not done when the answer had to leave."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it was not done after the {seconds:.1f} s there were to answer")


class Unfinished:
    """A pipeline that waits for something: the call, and the awaitable it has returned if it has run."""

    __slots__ = ("awaitable", "call")

    def __init__(self, call: Call, awaitable: Awaitable[Any] | None = None) -> None:
        self.call = call
        self.awaitable = awaitable


class ActionRunner:
    """Carries out the calls of pipelines.

    Args:
        blocked: told the name of an action and the seconds for which it held the loop, when it is first seen to.
        pool_size: threads for such actions.
        excused: whether something of ours has held the interpreter since a monotonic time, so that no action is blamed for it.
    """

    def __init__(
        self,
        blocked: Callable[[str, float], None] | None = None,
        pool_size: int = POOL_SIZE,
        excused: Callable[[float], bool] = lambda since: False,
    ) -> None:
        self._watchdog = Watchdog(blocked, excused)
        self._threads = Threads(pool_size)
        self._strays: set[asyncio.Task[Any]] = set()

    def advance(self, steps: Steps, deadline: float, seconds: float, outcome: object = None) -> Verdict | Unfinished:
        """Run calls on the loop until the pipeline is done or has to wait for one.

        Args:
            steps: the pipeline, just made or as it was left.
            deadline: the monotonic time at which the answer must leave; calls after it fail without being made.
            seconds: how long there was, for the message.
            outcome: what came of the call that was waited for.
        """
        watchdog = self._watchdog
        try:
            while True:
                call: Call = steps.send(outcome)
                now = time.monotonic()
                if now >= deadline:
                    outcome = Failed(Late(seconds))
                    continue
                if call.is_async or (watchdog.slow and watchdog.is_slow(call.running)):
                    return Unfinished(call)
                token = running.set(call.running)
                watchdog.begin(call.running, now)
                try:
                    outcome = call.function(*call.arguments)
                except BaseException as error:  # noqa: BLE001 -- an action may raise SystemExit; it is an error as any
                    outcome = Failed(error)
                finally:
                    watchdog.end(call.running)
                    running.reset(token)
                if outcome is not None and _is_awaitable(outcome):
                    return Unfinished(call, cast("Awaitable[Any]", outcome))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    async def finish(self, steps: Steps, unfinished: Unfinished, deadline: float, seconds: float) -> Verdict:
        """Go on with a pipeline that waits, until it is done. Arguments as of `advance`."""
        reached: Verdict | Unfinished = unfinished
        while isinstance(reached, Unfinished):
            reached.call.left_the_loop = True
            outcome = await self._outcome(reached, deadline - time.monotonic(), seconds)
            reached = self.advance(steps, deadline, seconds, outcome)
        return reached

    async def _outcome(self, unfinished: Unfinished, left: float, seconds: float) -> object:
        if left <= 0:
            _discard(unfinished.awaitable)
            return Failed(Late(seconds))
        task = self._task(unfinished)
        try:
            await asyncio.wait({task}, timeout=left)
        except asyncio.CancelledError:
            self._abandon(task)
            raise
        if not task.done():
            self._abandon(task)
            return Failed(Late(seconds))
        if task.cancelled():
            return Failed(asyncio.CancelledError("the action cancelled itself"))
        error = task.exception()
        return task.result() if error is None else Failed(error)

    def _task(self, unfinished: Unfinished) -> asyncio.Task[Any]:
        call = unfinished.call
        context = contextvars.copy_context()
        context.run(running.set, call.running)
        loop = asyncio.get_running_loop()
        if unfinished.awaitable is not None:
            return loop.create_task(_awaited(call, unfinished.awaitable), context=context)
        if call.is_async:
            return loop.create_task(_called(call), context=context)
        return loop.create_task(self._in_thread(call, context), context=context)

    async def _in_thread(self, call: Call, context: contextvars.Context) -> Any:
        threads = context.copy()
        threads.run(home.set, asyncio.get_running_loop())
        future = await self._threads.begin(partial(_shielded, threads, call))
        try:
            outcome = await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(lambda ended: _discard(ended.result()))
            raise
        return await _awaited(call, cast("Awaitable[Any]", outcome)) if _is_awaitable(outcome) else outcome

    def _abandon(self, task: asyncio.Task[Any]) -> None:
        """Let go of an action: cancelled if it heeds that, and kept only so that its end is noticed."""
        task.cancel()
        self._strays.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._strays.discard(task)
        if not task.cancelled():
            task.exception()

    def close(self) -> None:
        """Stop the threads and the watchdog. What still runs in a thread is left to end by itself."""
        self._watchdog.close()
        self._threads.close()
        for task in tuple(self._strays):
            task.cancel()


def _shielded(context: contextvars.Context, call: Call) -> object:
    """Call in a thread. SystemExit must not end it, nor StopIteration upset the future it would be put into."""
    try:
        outcome = context.run(call.function, *call.arguments)
        if not _is_awaitable(outcome):
            keep(call)
        return outcome
    except BaseException as error:  # noqa: BLE001
        return Failed(error)


async def _called(call: Call) -> Any:
    try:
        outcome = await call.function(*call.arguments)
        keep(call)
        return outcome
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 -- SystemExit in a task would end the loop
        return Failed(error)


async def _awaited(call: Call, awaitable: Awaitable[Any]) -> Any:
    try:
        outcome = await awaitable
        keep(call)
        return outcome
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001
        return Failed(error)


def _is_awaitable(value: object) -> bool:
    return hasattr(type(value), "__await__")


def _discard(value: object) -> None:
    """End what an action returned to be awaited and nobody will await."""
    if inspect.iscoroutine(value):
        with suppress(RuntimeError):  # it is running, or will not be closed
            value.close()
    elif asyncio.isfuture(value):
        value.cancel()
