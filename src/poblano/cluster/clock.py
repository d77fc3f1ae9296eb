"""The time of a cluster, which a test may move."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The machine's time, moved by as many seconds as one likes, or stopped."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._stopped: float | None = None

    def seconds(self) -> float:
        """Since the epoch."""
        return (time.time() if self._stopped is None else self._stopped) + self._ahead

    def now(self) -> str:
        """As the API writes it: whole seconds, in UTC.

        >>> len(Clock().now())
        20
        """
        return written(self.seconds())

    def move(self, seconds: float) -> None:
        """Let that much time pass at once; negative seconds turn it back."""
        self._ahead += seconds

    def stop(self) -> None:
        """Stand still from now on, but for ``move``.

        >>> clock = Clock()
        >>> clock.stop()
        >>> before = clock.seconds()
        >>> clock.move(60)
        >>> clock.seconds() - before
        60.0
        """
        self._stopped = time.time()


def written(seconds: float) -> str:
    """A time as the API writes it.

    >>> written(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
