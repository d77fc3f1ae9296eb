"""Calls the actions of a module: ``async def`` on the loop, ``def`` in a thread, so that none holds the others up."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from poblano.admission.threads import Threads
from poblano.core.binding import Binding
from poblano.core.cache import Key
from poblano.core.context import Running, running
from poblano.waiting import home

THREADS = 16
"""Actions that may block at once; more wait for a place."""

_Outcome: TypeAlias = "tuple[Any, Exception | None]"


class Caller:
    """Calls actions; `close` lets the threads go."""

    def __init__(self, size: int = THREADS) -> None:
        self._threads = Threads(size)

    async def call(self, binding: Binding, key: Key, uid: str, *arguments: Any) -> Any:
        """What the action of `binding` returns. Raises what it raises."""
        token = running.set(Running(binding.capability, binding.rule, binding.kind.kind, *key, uid))
        try:
            if binding.is_async:
                result = binding.action(*arguments)
            else:
                result = await self._in_thread(lambda: binding.action(*arguments))
            return await result if inspect.isawaitable(result) else result
        finally:
            running.reset(token)

    async def _in_thread(self, function: Callable[[], Any]) -> Any:
        context = contextvars.copy_context()
        context.run(home.set, asyncio.get_running_loop())
        outcome = await (await self._threads.begin(lambda: _outcome(context, function)))
        result, error = cast("_Outcome", outcome)
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Let the threads go."""
        self._threads.close()


def _outcome(context: contextvars.Context, function: Callable[[], Any]) -> _Outcome:
    try:
        return context.run(function), None
    except Exception as error:  # noqa: BLE001 -- raised again on the loop
        return None, error
    except BaseException as error:  # noqa: BLE001 -- SystemExit in an action ends the action
        return None, RuntimeError(f"the action raised {type(error).__name__}")
