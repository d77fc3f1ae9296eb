"""What metrics do: count, hold, and sort into buckets. Values live here; `poblano.metrics` defines and exports them.

Every operation is one lock and one dictionary away, from any thread.
"""

from __future__ import annotations

import math
import threading
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

from poblano.core.errors import InvalidDefinition, Location
from poblano.core.location import caller_location

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]
Values: TypeAlias = "tuple[str, ...]"
"""The values of a metric's labels, in the order of the labels."""

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds, from a millisecond to the usual patience of an API server."""

MOST_SERIES: Final = 1000
"""How many combinations of label values a metric keeps apart; further ones are counted together, as OTHER."""

OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Shape:
    """What two definitions of a name must agree on to be the same metric."""

    kind: Kind
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()


class Metric(ABC):
    """What counters, gauges and histograms share.

    Args:
        name: with prefix, and without the ending that exposition adds.
        help: what it means, for ``/metrics``.
        shape: kind, labels and buckets.
        location: where it is defined.
        most: how many combinations of label values are kept apart.
    """

    suffixes: ClassVar[tuple[str, ...]] = ("",)

    def __init__(self, name: str, help: str, shape: Shape, location: Location, most: int = MOST_SERIES) -> None:
        self.name = name
        self.help = help
        self.shape = shape
        self.location = location
        self.most = most
        self._lock = threading.Lock()

    @property
    def series(self) -> frozenset[str]:
        """The names under which its values are exposed."""
        return frozenset(f"{self.name}{suffix}" for suffix in self.suffixes)

    @abstractmethod
    def family(self) -> Family:
        """Its values now, as prometheus_client writes them."""

    def _values_of(self, labels: Mapping[str, object]) -> Values:
        wanted = self.shape.labels
        try:
            found = tuple([str(labels[label]) for label in wanted])
        except KeyError:
            found = ()
        if len(labels) != len(wanted) or len(found) != len(wanted):
            given = ", ".join(labels) or "none"
            raise InvalidDefinition(
                f"{self.name} was given the labels {given}",
                f"give exactly {', '.join(f'{label}=...' for label in wanted) or 'none'}, as defined at {self.location}",
                caller_location(),
            )
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class _Numbers(Metric):
    """A number for each combination of label values."""

    def __init__(self, name: str, help: str, shape: Shape, location: Location, most: int = MOST_SERIES) -> None:
        super().__init__(name, help, shape, location, most)
        self._numbers: dict[Values, float] = {} if shape.labels else {(): 0.0}

    def add(self, values: Values, amount: float) -> None:
        """`inc` for those who count much: label values in their order, nothing checked."""
        with self._lock:
            numbers = self._numbers
            if values not in numbers and len(numbers) >= self.most:
                values = (OTHER,) * len(values)
            numbers[values] = numbers.get(values, 0.0) + amount

    def value(self, **labels: str) -> float:
        """What it stands at: for tests. 0 where nothing has been counted."""
        return self._numbers.get(self._values_of(labels), 0.0)


class Counter(_Numbers):
    """Counts what happens; it never goes down."""

    suffixes = ("_total",)

    def inc(self, amount: float = 1, **labels: str) -> None:
        """Count `amount` more.

        Raises:
            ValueError: when `amount` is negative or no number.
            InvalidDefinition: when `labels` are not those of the definition.
        """
        if not 0 <= amount < math.inf:
            raise ValueError(f"{self.name} counts up only, not by {amount!r}; a gauge goes up and down")
        self.add(self._values_of(labels), amount)

    def family(self) -> Family:
        """Its values now."""
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(self.name, self.help, labels=self.shape.labels)
        for values, number in sorted(self._numbers.copy().items()):
            family.add_metric(values, number)
        return family


class Gauge(_Numbers):
    """Holds a number that goes up and down."""

    def set(self, value: float, **labels: str) -> None:
        """Put it at `value`."""
        values = self._values_of(labels)
        with self._lock:
            if values not in self._numbers and len(self._numbers) >= self.most:
                values = (OTHER,) * len(values)
            self._numbers[values] = float(value)

    def inc(self, amount: float = 1, **labels: str) -> None:
        """Put it up by `amount`."""
        self.add(self._values_of(labels), amount)

    def dec(self, amount: float = 1, **labels: str) -> None:
        """Put it down by `amount`."""
        self.add(self._values_of(labels), -amount)

    def family(self) -> Family:
        """Its values now."""
        from prometheus_client.core import GaugeMetricFamily

        family = GaugeMetricFamily(self.name, self.help, labels=self.shape.labels)
        for values, number in sorted(self._numbers.copy().items()):
            family.add_metric(values, number)
        return family


class Distribution:
    """How many observations fell into each bucket, and their sum. Not to be shared by threads without a lock."""

    __slots__ = ("counts", "sum")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * (buckets + 1)
        self.sum = 0.0

    def merge(self, other: Distribution) -> None:
        """Take in what `other`, of the same buckets, has observed."""
        self.counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum


class Histogram(Metric):
    """Sorts observations, such as durations in seconds, into buckets."""

    suffixes = ("_bucket", "_sum", "_count")

    def __init__(self, name: str, help: str, shape: Shape, location: Location, most: int = MOST_SERIES) -> None:
        super().__init__(name, help, shape, location, most)
        self._distributions: dict[Values, Distribution] = {}
        if not shape.labels:
            self._distributions[()] = Distribution(len(shape.buckets))

    def observe(self, value: float, **labels: str) -> None:
        """Sort `value` in.

        Raises:
            ValueError: when it is no number.
            InvalidDefinition: when `labels` are not those of the definition.
        """
        if not math.isfinite(value):
            raise ValueError(f"{self.name} cannot observe {value!r}")
        self.add(self._values_of(labels), value)

    @contextmanager
    def time(self, **labels: str) -> Generator[None]:
        """Observe how many seconds the block takes, also when it raises."""
        values = self._values_of(labels)
        began = perf_counter()
        try:
            yield
        finally:
            self.add(values, perf_counter() - began)

    def add(self, values: Values, value: float) -> None:
        """`observe` for those who do it much: label values in their order, nothing checked."""
        with self._lock:
            found = self._distributions.get(values)
            if found is None:
                found = self._made(values)
            found.counts[bisect_left(self.shape.buckets, value)] += 1
            found.sum += value

    def merge(self, values: Values, distribution: Distribution) -> None:
        """Take in what was observed elsewhere, in the same buckets."""
        with self._lock:
            (self._distributions.get(values) or self._made(values)).merge(distribution)

    def _made(self, values: Values) -> Distribution:
        if len(self._distributions) >= self.most:
            values = (OTHER,) * len(values)
        return self._distributions.setdefault(values, Distribution(len(self.shape.buckets)))

    def count(self, **labels: str) -> int:
        """How many observations there were: for tests."""
        found = self._distributions.get(self._values_of(labels))
        return sum(found.counts) if found else 0

    def family(self) -> Family:
        """Its values now."""
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(self.name, self.help, labels=self.shape.labels)
        bounds = [*map(repr, self.shape.buckets), "+Inf"]
        with self._lock:
            found = [(values, list(one.counts), one.sum) for values, one in sorted(self._distributions.items())]
        for values, counts, total in found:
            running = 0
            buckets: list[tuple[str, float]] = []
            for bound, count in zip(bounds, counts, strict=True):
                running += count
                buckets.append((bound, running))
            family.add_metric(values, buckets, total)
        return family
