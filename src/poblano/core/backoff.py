"""How long to leave a server alone that fails: longer each time, never for good, and not all clients at once.

>>> backoff = Backoff(clock=lambda: 0.0, chance=lambda: 0.0)
>>> [backoff.next() for _ in range(7)]
[0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]
"""

from __future__ import annotations

from collections.abc import Callable

FIRST, MOST, HEALTHY = 0.8, 15.0, 120.0
"""client-go: reflector.go, 0.8 s doubled and drawn up to twice as long, from the start after two minutes without a
failure. Ours is at most 30 s with the draw, where that one comes to 60: whoever is back is to be noticed in 45 s."""

MOST_ASKED = 60.0
"""No server asks for more. A broken proxy does, and one whose clock is a day ahead that says when instead of how long."""


class Backoff:
    """Counts failures that follow upon each other.

    Args:
        clock: seconds that never go back.
        chance: draws from 0 to 1.
    """

    def __init__(self, *, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self._clock = clock
        self._chance = chance
        self._seconds = FIRST
        self._last: float | None = None

    def next(self, *, least: float = 0.0, retry_after: float | None = None) -> float:
        """Seconds to wait after one more failure.

        Args:
            least: at least so many.
            retry_after: what the server asked for; the draw comes on top of it.
        """
        now = self._clock()
        if self._last is not None and now - self._last > HEALTHY:
            self._seconds = FIRST
        self._last = now
        seconds = max(self._seconds, least)
        self._seconds = min(MOST, self._seconds * 2)
        if retry_after is not None:
            return min(max(retry_after, 0.0), MOST_ASKED) + FIRST * self._chance()
        return seconds * (1 + self._chance())
