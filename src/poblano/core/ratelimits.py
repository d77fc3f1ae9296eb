"""How long a key that failed waits: twice as long each time, and not all keys at once.

>>> limiter = RateLimiter[str](RateLimits(first=1.0, jitter=0.0), lambda: 0.0, lambda: 0.5)
>>> [limiter.delay("shop/web") for _ in range(4)]
[1.0, 2.0, 4.0, 8.0]
>>> limiter.forget("shop/web"); limiter.delay("shop/web")
1.0
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """How soon failures are tried again. client-go: DefaultTypedControllerRateLimiter, with a lower cap.

    Attributes:
        first: seconds after the first failure of a key; doubled with each.
        most: seconds at most.
        rate: failures of all keys together that may be tried again in a second.
        burst: how many may be at once.
        jitter: the part of a delay by which it is drawn shorter or longer.
    """

    first: float = 0.005
    most: float = 300.0
    rate: float = 10.0
    burst: int = 100
    jitter: float = 0.1


class RateLimiter(Generic[K]):
    """Counts failures: for each key, and, as a bucket of tokens, for all together."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._failures: dict[K, int] = {}
        self._tokens = float(limits.burst)
        self._filled = clock()

    def delay(self, key: K) -> float:
        """Seconds until `key` may be tried again; it has failed once more."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        limits = self._limits
        own = limits.most if failures > 60 else min(limits.most, limits.first * 2.0**failures)
        return max(own * (1 + limits.jitter * (2 * self._chance() - 1)), self._reserve())

    def _reserve(self) -> float:
        now, limits = self._clock(), self._limits
        self._tokens = min(float(limits.burst), self._tokens + (now - self._filled) * limits.rate)
        self._filled = now
        self._tokens -= 1
        return max(0.0, -self._tokens / limits.rate)

    def forget(self, key: K) -> None:
        """Its failures no longer count."""
        self._failures.pop(key, None)

    def failures(self, key: K) -> int:
        """How often it has failed since it was forgotten."""
        return self._failures.get(key, 0)

    def __len__(self) -> int:
        """Of how many keys something is kept."""
        return len(self._failures)
