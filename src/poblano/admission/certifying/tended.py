"""Work that is to go on as long as its process does: begun anew whenever it ends, and named as long as it is not under way."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from poblano.core.backoff import Backoff
from poblano.core.verdict import described
from poblano.log import Log

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Tended:
    """Goes on within ``async with``. Whatever it raises, nothing else of the process ends with it.

    Args:
        name: what ends, as a log and ``/readyz`` say it.
        work: begins it; each time anew.
        backoff: for how long it is let be once it has ended.
    """

    def __init__(
        self, name: str, work: Callable[[], Coroutine[Any, Any, None]], *, backoff: Backoff | None = None
    ) -> None:
        self._name = name
        self._work = work
        self._backoff = backoff or Backoff(clock=time.monotonic, chance=random.random)
        self._problem: str | None = None
        self._task: asyncio.Task[None] | None = None

    def problem(self) -> str | None:
        """Why it is not under way; None while it is. From any thread."""
        return self._problem

    async def _run(self) -> None:
        while True:
            error = await self._ended()
            why, seconds = "without an error" if error is None else described(error), self._backoff.next()
            self._problem = f"{self._name} has ended ({why}) and is begun again"
            if error is None:
                Log.error(f"{self._name} has ended and is begun again", seconds=round(seconds, 1))
            else:
                Log.error(error, f"{self._name} has ended and is begun again", seconds=round(seconds, 1))
            await asyncio.sleep(seconds)
            self._problem = None

    async def _ended(self) -> BaseException | None:
        """Do it, and say what it has ended with."""
        try:
            await self._work()
        except (KeyboardInterrupt, SystemExit):
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return error  # something in it was cancelled, and not this
        except BaseException as error:  # noqa: BLE001 -- a parser written in Rust that panics raises no Exception
            return error
        return None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=self._name)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([self._task])
