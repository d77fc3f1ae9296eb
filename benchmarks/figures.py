"""The arithmetic of the benchmarks: medians, spreads, ratios and bounds. Pure; nothing here measures anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Spread:
    """What repeated measurements of one thing came to.

    Args:
        middle: the median.
        low: the smallest value seen.
        high: the largest value seen.
    """

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value.

        Raises:
            ValueError: there are no values.

        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(middle=2.0, low=1.0, high=3.0)
        """
        if not values:
            raise ValueError("a spread needs at least one measured value, got none")
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Bound:
    """A promise about a number, and the number.

    Args:
        promise: what is promised, in words.
        measured: what this run found.
        limit: the number it must keep to.
        side: `at least` or `at most` the limit.
        unit: written behind both numbers, for example `ms` or `x`.
    """

    promise: str
    measured: float
    limit: float
    side: Literal["at least", "at most"]
    unit: str

    @property
    def holds(self) -> bool:
        """Whether the number keeps to its limit; one that lies on it does.

        >>> Bound("throughput beside Pepr's", 5.0, 5.0, "at least", "x").holds
        True
        >>> Bound("p99 beside Pepr's", 0.3, 0.2, "at most", "x").holds
        False
        """
        return self.measured >= self.limit if self.side == "at least" else self.measured <= self.limit


def ratio(ours: float, theirs: float) -> float:
    """How many times `theirs` goes into `ours`; 0.0 where there is nothing to compare with.

    >>> ratio(12.0, 4.0)
    3.0
    >>> ratio(12.0, 0.0)
    0.0
    """
    return ours / theirs if theirs else 0.0


def paired(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of each round: what slows a whole round down does not count.

    Raises:
        ValueError: one side has another number of rounds, or there is none.

    >>> paired([10.0, 4.0, 9.0], [2.0, 1.0, 2.0])
    4.5
    """
    return Spread.of([ratio(*both) for both in zip(ours, theirs, strict=True)]).middle


def compact(value: float) -> str:
    """A measured number with the three figures that mean something, thousands set apart.

    >>> [compact(v) for v in (0.0123, 1.5, 12.34, 345.6, 12345.6)]
    ['0.0123', '1.5', '12.3', '346', '12 346']
    """
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def growth(before: float, after: float) -> float:
    """By what part `after` is above `before`; a fall is no growth.

    >>> growth(100.0, 104.0)
    0.04
    >>> growth(100.0, 90.0)
    0.0
    """
    return max(0.0, (after - before) / before) if before else 0.0
