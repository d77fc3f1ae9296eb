"""When a request is sent again, and after how long. Pure: what went wrong comes in, a delay comes out.

What may have reached the API server is only sent again if doing it twice is doing it once. A request that was certainly
not carried out (no connection, or 429) always may.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt failed.

    Attributes:
        status: the HTTP status; 0 when there was no answer.
        sent: whether the request may have reached the API server.
        retry_after: the seconds the server asked for, or None.
    """

    status: int = 0
    sent: bool = True
    retry_after: float | None = None

    def may_repeat(self, *, idempotent: bool) -> bool:
        """Whether another attempt can do no harm.

        >>> Attempt(status=503).may_repeat(idempotent=False)
        False
        >>> Attempt(sent=False).may_repeat(idempotent=False)
        True
        """
        if self.status == 0:
            return idempotent or not self.sent
        if self.status == 429:  # without Retry-After it is an eviction that a disruption budget forbids
            return idempotent or self.retry_after is not None
        return idempotent and self.status in {502, 503, 504}


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: each delay is drawn from zero up to a limit that doubles.

    Attributes:
        first: the limit of the first delay, in seconds.
        most: the limit of every later one.
        attempts: how often a request is sent at most.
    """

    first: float = 0.25
    most: float = 8.0
    attempts: int = 6

    def delay(self, failures: int, attempt: Attempt, chance: float) -> float:
        """Seconds to wait after so many failures; a ``Retry-After`` is kept to, and the draw comes on top of it.

        Args:
            failures: how many attempts have failed, at least 1.
            attempt: how the last one failed.
            chance: a number drawn from 0 to 1.

        >>> Backoff().delay(1, Attempt(), 1.0), Backoff().delay(99, Attempt(), 1.0)
        (0.25, 8.0)
        >>> Backoff().delay(1, Attempt(status=429, retry_after=3), 1.0)
        3.25
        """
        limit = self.most if failures > 30 else min(self.most, self.first * 2 ** (failures - 1))
        if attempt.retry_after is not None:
            return attempt.retry_after + self.first * chance
        return limit * chance


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for; it may be a number or an HTTP date.

    >>> parse_retry_after("2"), parse_retry_after("soon")
    (2.0, None)
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
