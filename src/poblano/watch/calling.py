"""Calls the actions of a module: ``async def`` on the loop, ``def`` in a thread, so that none holds the others up."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias, cast

from poblano import telemetry
from poblano.admission.threads import Threads
from poblano.admission.watchdog import Watchdog
from poblano.core.cache import Key
from poblano.core.context import Running, running
from poblano.core.kinds import Kind
from poblano.log import Log
from poblano.waiting import home
from poblano.watch.stepping import Panicked, Stepped

THREADS = 16
"""Actions that may block at once; more wait for a place."""

_Outcome: TypeAlias = "tuple[Any, Exception | None]"


class Rule(Protocol):
    """What can be called: a binding, or a schedule."""

    @property
    def capability(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def action(self) -> Callable[..., Any]: ...
    @property
    def is_async(self) -> bool: ...
    @property
    def time_limit(self) -> float | None: ...


class TimedOut(TimeoutError):
    """An action took longer than its rule allows, and was cancelled."""


class Caller:
    """Calls actions; `close` lets the threads go.

    Args:
        size: how many ``def`` actions run at once, each in a thread.
    """

    def __init__(self, size: int = THREADS) -> None:
        self._threads = Threads(size)
        self._watchdog = Watchdog(_blocked)

    async def call(self, binding: Rule, key: Key, uid: str, *arguments: Any) -> Any:
        """What the action of `binding` returns.

        Raises:
            TimedOut: an ``async def`` took longer than the rule's limit. A ``def`` cannot be stopped: that is logged, and waited for.
            Panicked: the action raised what is no error.
            Exception: what the action raises.
        """
        who = Running(binding.capability, binding.rule, binding.kind.kind, *key, uid, follows=True)
        token = running.set(who)
        try:
            if binding.is_async:
                return await self._limited(binding, who, binding.action(*arguments))
            result = await self._in_thread(binding, key, lambda: binding.action(*arguments))
            return await self._limited(binding, who, result) if inspect.isawaitable(result) else result
        except (Exception, GeneratorExit):  # a GeneratorExit of the action's own is a Panicked by now: see `Stepped`
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise Panicked("the action ended as something that it awaits was cancelled") from error
        except BaseException as error:
            raise Panicked(f"the action raised {type(error).__name__}") from error
        finally:
            running.reset(token)

    async def _limited(self, binding: Rule, who: Running, action: Awaitable[Any]) -> Any:
        stepped = Stepped(action, who, self._watchdog)
        if binding.time_limit is None:
            return await stepped
        limit = asyncio.timeout(binding.time_limit)
        try:
            async with limit:
                return await stepped
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TimedOut(f"the action took longer than its {binding.time_limit:g} s, and was cancelled") from error

    async def _in_thread(self, binding: Rule, key: Key, function: Callable[[], Any]) -> Any:
        context = contextvars.copy_context()
        context.run(home.set, asyncio.get_running_loop())
        future = await self._threads.begin(lambda: _outcome(context, function))
        if binding.time_limit is not None:
            done, _ = await asyncio.wait([future], timeout=binding.time_limit)
            if not done:
                Log.error(
                    "an action takes longer than its limit; it is a def, which cannot be stopped, so its object waits until it returns",
                    rule=binding.title,
                    object=str(key),
                    seconds=binding.time_limit,
                )
        result, error = cast("_Outcome", await future)
        if error is not None:
            raise error
        return result

    @property
    def busy(self) -> int:
        """How many actions are still in a thread, also of those that were given up on."""
        return self._threads.busy

    def close(self) -> None:
        """Let the threads go."""
        self._threads.close()
        self._watchdog.close()


def caller(size: int = THREADS) -> Caller:
    """Who calls actions, `size` in threads at once; where spans are wanted, one that makes them."""
    tracer = telemetry.tracer()
    if tracer is None:
        return Caller(size)
    from poblano.watch.spans import TracedCaller

    return TracedCaller(tracer, size)


def _outcome(context: contextvars.Context, function: Callable[[], Any]) -> _Outcome:
    try:
        return context.run(function), None
    except Exception as error:  # noqa: BLE001 -- raised again on the loop
        return None, error
    except BaseException as error:  # noqa: BLE001 -- SystemExit in an action ends the action
        return None, Panicked(f"the action raised {type(error).__name__}")


def _blocked(name: str, seconds: float) -> None:
    Log.error(
        "an async action holds the event loop, so that nothing else goes on; await what takes time, or write def: then it has a thread",
        rule=name,
        seconds=round(seconds, 3),
    )
