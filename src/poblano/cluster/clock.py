"""The time of a cluster, which a test may move."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The machine's time, moved by as many seconds as one likes."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def seconds(self) -> float:
        """Since the epoch."""
        return time.time() + self._ahead

    def now(self) -> str:
        """As the API writes it: whole seconds, in UTC.

        >>> len(Clock().now())
        20
        """
        return written(self.seconds())

    def move(self, seconds: float) -> None:
        """Let that much time pass at once; negative seconds turn it back."""
        self._ahead += seconds


def written(seconds: float) -> str:
    """A time as the API writes it.

    >>> written(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
