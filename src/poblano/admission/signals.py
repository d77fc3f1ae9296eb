"""Hearing signals, also while an action holds the event loop: then it is the action that has to go.

Not ``loop.add_signal_handler``: what that calls would never run while the loop is held.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Listener:
    def __init__(self, first: Callable[[], None], again: Callable[[], None], patience: float | None) -> None:
        self._first = first
        self._again = again
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._signalled = False
        self._impatient = False
        self._noticed = threading.Event()

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._impatient:
            self._impatient = False
            if not self._noticed.is_set():
                raise KeyboardInterrupt
        elif not self._signalled:
            self._signalled = True
            self._loop.call_soon_threadsafe(self._notice)
            if self._patience is not None:
                threading.Thread(target=self._wait, args=(number,), name="poblano-signal", daemon=True).start()
        elif self._noticed.is_set():
            self._loop.call_soon_threadsafe(self._again)
        else:
            raise KeyboardInterrupt

    def _notice(self) -> None:
        self._noticed.set()
        self._first()

    def _wait(self, number: int) -> None:
        """Interrupt whatever has held the loop for too long since the signal."""
        if not self._noticed.wait(self._patience):
            self._impatient = True
            signal.pthread_kill(self._thread, number)

    def stop(self) -> None:
        self._noticed.set()


@contextmanager
def listening(
    first: Callable[[], None],
    again: Callable[[], None],
    *,
    numbers: Sequence[signal.Signals] = ENDING,
    patience: float | None = None,
) -> Generator[None]:
    """Hear the signals within the block. To be used on the loop, in the main thread.

    While an action holds the loop, so that not even the first signal has been noticed, the second one interrupts that
    action: it fails as with any other error.

    Args:
        first: called on the loop at the first signal.
        again: called on the loop at each further one.
        numbers: which signals.
        patience: seconds after which the first one alone interrupts what holds the loop; None is never.
    """
    listener = _Listener(first, again, patience)
    before = {number: signal.signal(number, listener.on_signal) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.stop()


@contextmanager
def ending_at_once(number: signal.Signals = signal.SIGTERM) -> Generator[None]:
    """Have a signal interrupt the process within the block, as Ctrl-C does, for as long as nothing else is `listening`.

    Without a handler the first process of a container would not hear it at all, and be killed when its grace period is over.
    Source: pid_namespaces(7). To be used in the main thread; elsewhere nothing is heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, _end)
    try:
        yield
    finally:
        signal.signal(number, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
