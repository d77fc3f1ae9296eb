"""A thread with an event loop of its own, for what has to go on while a user's code holds the other one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any


class LoopThread:
    """Runs one coroutine. To be used on one event loop, but for what says otherwise.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    @property
    def started(self) -> bool:
        """Whether it was started."""
        return self._loop is not None

    def start(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `main` in the thread; it must not raise.

        Raises:
            RuntimeError: the system gives no more threads; then none was started.
        """
        self._home = asyncio.get_running_loop()
        loop = asyncio.new_event_loop()  # made here, so that `call` works at once

        def run() -> None:
            try:
                with asyncio.Runner(loop_factory=lambda: loop) as runner:
                    runner.run(main())
            finally:
                self.tell(self._ended.set)

        try:
            threading.Thread(target=run, name=self._name, daemon=True).start()
        except RuntimeError:
            loop.close()
            raise
        self._loop = loop

    def call(self, function: Callable[[], object]) -> None:
        """Have `function` called in the thread, on its loop, if that one runs yet."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(function)

    def tell(self, function: Callable[[], object]) -> None:
        """To be used in the thread: have `function` called on the loop that started it, if that one runs yet."""
        if self._home is not None:
            with suppress(RuntimeError):  # it is closed: nobody waits
                self._home.call_soon_threadsafe(function)

    async def ended(self) -> None:
        """Wait until the coroutine has ended."""
        await self._ended.wait()
