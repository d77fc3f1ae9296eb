"""Large reviews: what is ours of the work is done in a thread, so that others are answered between its parts.

Decoding and comparing an object with 100 000 items takes tenths of a second. The actions themselves run where any do.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final, TypeVar, cast

from poblano.admission.actions import Late
from poblano.admission.threads import Threads
from poblano.core.calls import Call, Failed, Steps, keep
from poblano.core.context import Running
from poblano.core.errors import PoblanoError
from poblano.core.verdict import Verdict

T = TypeVar("T")

LARGE: Final = 131_072
"""From how many bytes of a body on. Fewer take a few milliseconds, and handing them over would be half of that."""

_OURS: Final = Running("poblano", "large-review")


class Apart:
    """One thread, for one part of one large review at a time: whoever comes meanwhile waits, as long as its API server does."""

    def __init__(self) -> None:
        self._threads = Threads(1)
        self._begun = False
        self._ended = -math.inf

    async def done(self, work: Callable[[], T]) -> T:
        """Do `work` in the thread. Raises what it raises."""
        within = partial(contextvars.copy_context().run, work)
        try:
            begun = await self._threads.begin(partial(self._outcome, within))
        except RuntimeError:  # the system gives no more threads: others wait, and that is better than no answer
            return work()
        outcome = await asyncio.shield(begun)
        if isinstance(outcome, Failed):
            raise outcome.error
        return cast("T", outcome)

    def worked_since(self, since: float) -> bool:
        """Whether a part is worked on, or was at some time since the monotonic time `since`. From any thread."""
        return self._threads.busy > 0 or self._ended >= since

    def steps(self, begin: Callable[[], Steps]) -> Steps:
        """The calls of a review, each of which may be made on the loop; what comes before and after them becomes calls as well.

        Args:
            begin: reads the review and looks for its rules.

        Raises:
            PoblanoError: the review took longer than there was time.
        """
        self._share_memory()
        steps = yield from self._part(begin, is_first=True)
        outcome: object = None
        while True:
            reached = yield from self._part(partial(_next, steps, outcome))
            if isinstance(reached, Verdict):
                return reached
            outcome = _kept(reached, (yield reached))

    def _part(self, work: Callable[[], T], *, is_first: bool = False) -> Generator[Call, Any, T]:
        begun = False

        async def done() -> T:
            nonlocal begun
            begun = True
            return await self.done(work)

        outcome = yield Call(done, (), True, _OURS)
        if not isinstance(outcome, Failed):
            return cast("T", outcome)
        if not isinstance(outcome.error, Late):
            raise outcome.error
        if not begun and not is_first:
            return work()  # an action was late: what is left is to say so
        raise PoblanoError(f"the object is large: {outcome.error}")

    def _outcome(self, work: Callable[[], object]) -> object:
        try:
            return work()
        except BaseException as error:  # noqa: BLE001 -- it is raised again, where it is awaited
            return Failed(error)
        finally:
            self._ended = time.monotonic()

    def _share_memory(self) -> None:
        if not self._begun:
            from poblano.core.memory import share_memory  # ctypes

            self._begun = True
            share_memory()

    def close(self) -> None:
        """Let the thread go when it has done what it is at."""
        self._threads.close()


def _next(steps: Steps, outcome: object) -> Call | Verdict:
    try:
        return steps.send(outcome)
    except StopIteration as done:
        return cast("Verdict", done.value)


def _kept(call: Call, outcome: object) -> object:
    """What came of an action; others run before it is looked at, so that what it made is kept as it is now."""
    if call.left_the_loop or isinstance(outcome, Failed):
        return outcome
    call.left_the_loop = True
    try:
        keep(call)
    except BaseException as error:  # noqa: BLE001 -- what the action made is no JSON: it is as if it had raised that
        return Failed(error)
    return outcome
