"""Whether an event loop still turns, and if not, whose code holds it: looked at from a thread of its own."""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any, cast

from poblano.core.binding import Binding

BEAT_SECONDS = 0.25
"""Between two beats."""

NOTICED_SECONDS = 1.0
"""After how long without a beat it is said, once, who holds the loop."""

DEAD_SECONDS = 10.0
"""After how long without a beat the process is as good as dead. Busy is not dead: no scheduler does that to a process."""


class Heartbeat:
    """Beats on the loop that starts it, as long as that one turns.

    Args:
        bindings: whose actions are to be named.
        held: called in the thread, once each time, with who has held the loop for over a second, and for how long.
        noticed: how long that second is.
        dead: seconds after which `problem` says so.
    """

    def __init__(
        self,
        bindings: Iterable[Binding] = (),
        held: Callable[[str, float], None] | None = None,
        *,
        noticed: float = NOTICED_SECONDS,
        dead: float = DEAD_SECONDS,
    ) -> None:
        self._actions = dict(_codes(bindings))
        self._held = held
        self._noticed = noticed
        self._dead = dead
        self._beaten = time.monotonic()
        self._ident = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = threading.Event()

    def start(self) -> None:
        """Begin, on the loop that is running."""
        self._ident = threading.get_ident()
        self._beat()
        if self._held is not None:
            threading.Thread(target=self._look, args=(self._held,), name="poblano-heartbeat", daemon=True).start()

    def close(self) -> None:
        """End. Harmless when it has ended or never began."""
        self._closed.set()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def age(self) -> float:
        """How many seconds ago the last beat was. From any thread."""
        return time.monotonic() - self._beaten

    def problem(self) -> str | None:
        """What is wrong, as a check of ``/healthz``: who has held the loop for how long."""
        age = self.age
        if self._closed.is_set() or age < self._dead:
            return None
        return f"the event loop has been held for {age:.0f} s by {self.holder()}"

    def holder(self) -> str:
        """Who is on the loop's thread now: the action, if it is one, and the line."""
        return named(sys._current_frames().get(self._ident), self._actions)

    def _beat(self) -> None:
        self._beaten = time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _look(self, held: Callable[[str, float], None]) -> None:
        said = False
        while not self._closed.wait(BEAT_SECONDS):
            age = self.age
            if age < self._noticed:
                said = False
            elif not said:
                said = True
                held(self.holder(), age)


def named(frame: FrameType | None, actions: Mapping[CodeType, str]) -> str:
    """Where a thread is: the action it is in, if any, and the line that it has come to, in the user's code if it is there."""
    frames = list(_outward(frame))
    if not frames:
        return "a thread that has ended"
    for number, one in enumerate(frames):
        if one.f_code in actions:
            inner = frames[: number + 1]
            place = next((each for each in inner if each.f_code.co_filename == one.f_code.co_filename), one)
            return f"{actions[one.f_code]} ({place.f_code.co_filename}:{place.f_lineno})"
    return f"{frames[0].f_code.co_filename}:{frames[0].f_lineno} in {frames[0].f_code.co_name}"


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _codes(bindings: Iterable[Binding]) -> Iterator[tuple[CodeType, str]]:
    for binding in bindings:
        if (code := _code(binding.action)) is not None:
            yield code, binding.title


def _code(function: Any) -> CodeType | None:
    """The code behind a function, however it is wrapped."""
    while not isinstance(code := getattr(function, "__code__", None), CodeType):
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "__func__"):
            function = function.__func__
        else:
            function = _called(cast("object", function))
            if function is None:
                return None
    return code


def _called(thing: object) -> Any:
    """What a call of an object that is no function calls."""
    return vars(type(thing)).get("__call__")
