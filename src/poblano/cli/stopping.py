"""Ending on a signal, whatever the user's code is doing at the time."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from poblano.admission.signals import listening

T = TypeVar("T")

HELD_SECONDS: Final = 5.0
"""How long the event loop may be held, as by the user's code while it is imported, before SIGTERM interrupts that."""


class Stop:
    """Whether the command has been told to end.

    The first signal sets `told`. The second one hurries; while an action holds the event loop, so that not even the
    first has been noticed, it interrupts that action.
    """

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self._starting: asyncio.Task[Any] | None = None

    @contextmanager
    def listening(self, hurry: Callable[[], None]) -> Generator[None]:
        """Take the signals within the block.

        Args:
            hurry: called at the second signal.
        """
        with listening(self._tell, hurry):
            yield

    @contextmanager
    def starting(self) -> Generator[None]:
        """Within the block, being told cancels the current task: it may wait for a cluster that does not answer."""
        self._starting = asyncio.current_task()
        try:
            yield
        finally:
            self._starting = None

    async def unless_told(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What `work` returns; None when told to end before it is done: it is cancelled then."""
        working = asyncio.ensure_future(work)
        telling = asyncio.ensure_future(self.told.wait())
        try:
            await asyncio.wait((working, telling), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
        finally:
            for task in (working, telling):
                task.cancel()
            await asyncio.gather(working, telling, return_exceptions=True)
        return None

    def _tell(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
        self.told.set()


def run_until_told(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, as `asyncio.run`. SIGTERM stops it as Ctrl-C does: it is cancelled, and may say what it leaves.

    What holds the event loop is interrupted by a second Ctrl-C, or some time after SIGTERM, which nobody sends twice.

    Raises:
        KeyboardInterrupt: it was told to stop.
    """

    async def heard() -> T:
        task = asyncio.current_task()
        assert task is not None

        def stop() -> None:
            task.cancel()

        with listening(stop, stop, numbers=(signal.SIGTERM,), patience=HELD_SECONDS):
            return await work

    try:
        return asyncio.run(heard())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def in_thread(work: Callable[[], T]) -> Awaitable[T]:
    """What `work` returns, run in a thread that does not keep the process alive: the user's code may never end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 -- it is raised where it is awaited
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=run, name="poblano-import", daemon=True).start()
    return done
