"""What keeps a list and watch from knowing what a server has: since when, who has to do something, and when to ask again.

>>> trouble = Trouble(clock=lambda: 5.0, chance=lambda: 0.0)
>>> trouble.reason, trouble.rest(Failure(status=404, message="no such kind"))
('it has not begun', Sleep(seconds=5.0))
>>> trouble.reason, trouble.is_failing, trouble.refused
('no such kind', True, 404)
"""

from __future__ import annotations

from collections.abc import Callable

from poblano.core.backoff import Backoff
from poblano.core.listwatch import AWAY, NOT_SERVED, REFUSED, REFUSED_SECONDS, Sleep
from poblano.core.watch_events import Failure


class Trouble:
    """Of one list and watch.

    Args:
        clock: seconds that never go back.
        chance: draws from 0 to 1.

    Attributes:
        reason: why the cache may not be what the server has; None when all is well.
        is_failing: whether the server could not be asked, or gave no answer of use.
        refused: the status by which it says that somebody has to do something; 0 when it does not.
    """

    def __init__(self, *, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self.reason: str | None = "it has not begun"
        self.is_failing = False
        self.refused = 0
        self._clock = clock
        self._chance = chance
        self._backoff = Backoff(clock=clock, chance=chance)
        self._last_heard = clock()
        self._failures, self._since = 0, 0.0

    @property
    def quiet_seconds(self) -> float:
        """How long ago the server was last heard: an event, a bookmark, an answer, or the proper end of a watch."""
        return self._clock() - self._last_heard

    @property
    def lasts(self) -> bool:
        """Whether it went wrong more than once since a watch was last answered, or so long ago that a server may have changed meanwhile."""
        return self._failures > 1 or self._clock() - self._since > AWAY

    def heard(self) -> None:
        """The server said something."""
        self._last_heard = self._clock()

    def answered(self) -> None:
        """It answered what it was asked."""
        self.heard()
        self.is_failing = False

    def over(self, reason: str | None = None) -> None:
        """A watch is answered: nothing is wrong any more, but for `reason`."""
        self.answered()
        self._failures, self.refused, self.reason = 0, 0, reason

    def failed(self) -> None:
        """Something went wrong."""
        if not self._failures:
            self._since = self._clock()
        self._failures += 1

    def rest(self, failure: Failure) -> Sleep:
        """How long to wait after a failure."""
        self.reason, self.is_failing = failure.message or failure.reason or f"HTTP {failure.status}", True
        self.refused = failure.status if failure.status in REFUSED else 0
        if failure.status == NOT_SERVED:  # asking is cheap, and whoever installs it waits for us
            return Sleep(REFUSED_SECONDS * (1 + self._chance() / 5))
        least = REFUSED_SECONDS if self.refused else 0.0
        return Sleep(self._backoff.next(least=least, retry_after=failure.retry_after))
