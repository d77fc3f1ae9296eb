"""Notices a ``def`` action that holds the event loop, says which, and has it run in a thread from then on.

One thread looks every 50 ms at what runs on the loop, so that even an action that never comes back is named while it hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from poblano.core.context import Running

HELD_SECONDS = 0.05
"""How long an action may hold the loop, during which no other review is answered."""

SURELY_HELD_SECONDS = 0.25
"""What no scheduler does to a process by itself. Below, a busy machine may have, so that it takes two times to be believed."""

EXCUSED_SECONDS = 2.0
"""How long an action may take while a thread of ours works on a large review, and keeps the interpreter to itself for parts of it."""


class Watchdog:
    """Which action is on the loop, since when, and which have been too long there.

    Args:
        blocked: called with the action's name and the seconds so far, once for each action; from the watchdog's thread
            while it still runs, otherwise from the loop's.
        excused: whether something of ours has held the interpreter since a monotonic time, from any thread.
    """

    def __init__(
        self,
        blocked: Callable[[str, float], None] | None = None,
        excused: Callable[[float], bool] = lambda since: False,
    ) -> None:
        self._blocked = blocked
        self._excused = excused
        self.slow: set[tuple[str, str]] = set()
        self._suspected: set[tuple[str, str]] = set()
        self._current: tuple[Running, float] | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def is_slow(self, who: Running) -> bool:
        """Whether this action has held the loop too long before."""
        return (who.capability, who.rule) in self.slow

    def begin(self, who: Running, now: float) -> None:
        """An action is about to run on the loop, at the monotonic time `now`."""
        if self._thread is None:
            self._start()
        self._current = (who, now)

    def end(self, who: Running) -> None:
        """It is done."""
        current, self._current = self._current, None
        if current is not None:
            held = time.monotonic() - current[1]
            if held > HELD_SECONDS:
                self._mark(who, current[1], held)

    def _start(self) -> None:
        thread = threading.Thread(target=self._look, name="poblano-watchdog", daemon=True)
        with suppress(RuntimeError):  # the system gives no more threads: the next action asks again
            thread.start()
            self._thread = thread

    def _look(self) -> None:
        while not self._closed.wait(HELD_SECONDS):
            current = self._current
            if current is not None and (held := time.monotonic() - current[1]) > SURELY_HELD_SECONDS:
                self._mark(*current, held)

    def _mark(self, who: Running, since: float, held: float) -> None:
        if held < EXCUSED_SECONDS and self._excused(since):
            return
        key = (who.capability, who.rule)
        with self._lock:
            if key in self.slow:
                return
            if held < SURELY_HELD_SECONDS and key not in self._suspected:
                self._suspected.add(key)
                return
            self.slow.add(key)
        if self._blocked is not None:
            self._blocked(f"{who.capability}/{who.rule}", held)

    def close(self) -> None:
        """Stop looking."""
        self._closed.set()
