"""What the tests of reviewer and runner share: a clock that leaps, calls without a pipeline, reviews without a server.

Not a test.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import threading
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from poblano import Capability, Module
from poblano.admission import actions, reviewer, watchdog
from poblano.admission.actions import ActionRunner, Unfinished
from poblano.admission.replies import Reply
from poblano.admission.reviewer import ModuleReviewer
from poblano.core.calls import Call
from poblano.core.context import Running
from tests.core.driving import review

T = TypeVar("T")
FOREVER = 1e12
"""A deadline that does not come."""

MUTATE, VALIDATE = "/mutate/fail/10", "/validate/fail/10"


class _Leaping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    loop: LeapingLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        if not ready:
            self.loop.now += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock leaps to the next timer when there is nothing else to do."""

    def __init__(self) -> None:
        selector = _Leaping()
        selector.loop = self
        self.now = 1000.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now


@contextmanager
def leaping() -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """Runs coroutines on such a loop; runner, watchdog and reviewer read its clock."""
    loop = LeapingLoop()
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner(loop_factory=lambda: loop) as runner:
        for module in (actions, reviewer, watchdog):
            patch.setattr(module, "time", SimpleNamespace(monotonic=loop.time))
        yield runner.run


def waste(seconds: float) -> None:
    """Hold the loop, as a computation does."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, LeapingLoop)
    loop.now += seconds


def call(function: Callable[..., Any], *arguments: Any, rule: str = "rule", is_async: bool = False) -> Call:
    """A call that no pipeline made."""
    return Call(function, arguments, is_async, Running("shop", rule, "Pod", "default", "db", "u"))


def steps(*calls: Call) -> Generator[Call, Any, Any]:
    """A pipeline whose verdict is the list of what came of its calls."""
    outcomes = []
    for each in calls:
        outcomes.append((yield each))
    return outcomes


async def carried_out(runner: ActionRunner, *calls: Call, seconds: float = FOREVER) -> list[Any]:
    """What came of the calls."""
    made = steps(*calls)
    deadline = actions.time.monotonic() + seconds
    reached = runner.advance(made, deadline, seconds)
    if isinstance(reached, Unfinished):
        reached = await runner.finish(made, reached, deadline, seconds)
    return reached  # type: ignore[return-value]


def outcomes_at_once(runner: ActionRunner, *calls: Call) -> list[Any]:
    """What came of calls that need no loop."""
    reached = runner.advance(steps(*calls), FOREVER, FOREVER)
    assert isinstance(reached, list)
    return reached


def action_threads() -> list[threading.Thread]:
    """The threads of runners."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("poblano-")]


@contextmanager
def reviewing(rules: Capability, **options: Any) -> Iterator[ModuleReviewer]:
    """A reviewer of one capability."""
    hooks = {name: options.pop(name) for name in ("before", "after") if name in options}
    made = ModuleReviewer(Module(rules, **hooks), **options)
    try:
        yield made
    finally:
        made.close()


async def asked(
    whom: ModuleReviewer, body: bytes | None = None, path: str = MUTATE, timeout: float = 10
) -> dict[str, Any]:
    """The response to a review, which must be answered with 200."""
    reply = await replied(whom, body, path, timeout)
    assert reply.status == 200
    return response(reply)


async def replied(whom: ModuleReviewer, body: bytes | None = None, path: str = MUTATE, timeout: float = 10) -> Reply:
    """The reply to a review, by default of a new Pod."""
    answer = whom.review(path, review() if body is None else body, timeout)
    return answer if isinstance(answer, Reply) else await answer


def response(reply: Reply) -> dict[str, Any]:
    """What is in a reply."""
    found: dict[str, Any] = json.loads(reply.body)
    assert found["kind"] == "AdmissionReview"
    return found["response"]  # type: ignore[no-any-return]
