"""Lets a watchdog see each stretch for which an action holds the event loop: from one ``await`` to the next."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Generator
from typing import Any

from poblano.admission.watchdog import Watchdog
from poblano.core.context import Running


class Panicked(RuntimeError):
    """An action raised what is no error, such as SystemExit: the run has failed, and nothing else ends by it."""


class Stepped:
    """Awaits `action`, and tells `watchdog` of each step of it.

    Args:
        action: what to await.
        who: whose it is.
        watchdog: is told when `who` begins and ends to run on the loop.
    """

    __slots__ = ("_action", "_watchdog", "_who")

    def __init__(self, action: Awaitable[Any], who: Running, watchdog: Watchdog) -> None:
        self._action = action
        self._who = who
        self._watchdog = watchdog

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._action.__await__()
        sent: Any = None
        thrown: BaseException | None = None
        while True:
            self._watchdog.begin(self._who, time.monotonic())
            try:
                awaited = steps.send(sent) if thrown is None else steps.throw(thrown)
            except StopIteration as stop:
                return stop.value
            except GeneratorExit as error:  # nobody has closed it: that would be below
                raise Panicked("the action raised GeneratorExit") from error
            finally:
                self._watchdog.end(self._who)
            sent = thrown = None
            try:
                sent = yield awaited
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001 -- it is for the action: a cancellation, or what it awaits raised
                thrown = error
