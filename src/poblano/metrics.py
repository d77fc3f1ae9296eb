"""A module's own metrics: counters, gauges and histograms with labels, on ``/metrics`` beside Poblano's.

::

    from poblano import metrics

    orders = metrics.counter("orders", "Orders that were admitted", labels=["tier"])
    lookups = metrics.histogram("lookup_seconds", "How long the price list takes")

    def mutate(order):
        orders.inc(tier="data")
        with lookups.time():
            ...

Names get the prefix ``poblano_``; a counter's series ends in ``_total``. Defining has no effect but that the definition
is remembered: prometheus_client is loaded when the metrics are first asked for. The same definition made twice, as
when a module is loaded anew, gives the same metric with its values.

For those who come from Pepr's ``metricsCollector``:

======================================== ==========================================================
Pepr                                     here
======================================== ==========================================================
``addCounter(name, help)``               ``m = metrics.counter(name, help)``
``addGauge(name, help, labelNames)``     ``m = metrics.gauge(name, help, labels=...)``
``addSummary(name, help)``               ``m = metrics.histogram(name, help)``, which adds up over replicas
``incCounter(name)``                     ``m.inc()``, also by more than one and with labels
``incGauge(name, labels, value)``        ``m.inc(value, **labels)``, also ``m.dec()`` and ``m.set(value)``
``observeEnd(startTime, name)``          ``with m.time(): ...``, in seconds; or ``m.observe(seconds)``
======================================== ==========================================================
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from poblano.core.errors import InvalidDefinition, Location
from poblano.core.location import caller_location
from poblano.metric_types import BUCKETS, Counter, Gauge, Histogram, Metric, Shape

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric as Family

M = TypeVar("M", bound=Metric)

PREFIX: Final = "poblano_"

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_LABEL: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_TAKEN_LABELS: Final = frozenset({"le", "quantile", "amount", "value", "self"})
_TAKEN_NAMES: Final = ("admission_", "watch_", "store_", "schedule_")
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_lock = threading.Lock()
_defined: dict[str, Metric] = {}
_before_reload: set[str] = set()
_attached: weakref.WeakSet[CollectorRegistry] = weakref.WeakSet()


def counter(name: str, help: str, labels: Iterable[str] = ()) -> Counter:
    """Something that is counted and never goes down.

    Args:
        name: in snake_case, without unit prefix: ``orders`` is exposed as ``poblano_orders_total``.
        help: what it means.
        labels: what each count is told apart by. Few values each: a user's name is no label.

    Raises:
        InvalidDefinition: when a name is wrong, or taken by a metric of another kind, labels or buckets.

    >>> counter("doctest_orders", "Orders").inc()
    """
    return _define(Counter, name.removesuffix("_total"), help, Shape("counter", _labels(name, labels)))


def gauge(name: str, help: str, labels: Iterable[str] = ()) -> Gauge:
    """Something that goes up and down. Arguments as for `counter`.

    >>> gauge("doctest_open", "Open orders", ["tier"]).set(3, tier="data")
    """
    return _define(Gauge, name, help, Shape("gauge", _labels(name, labels)))


def histogram(name: str, help: str, labels: Iterable[str] = (), buckets: Sequence[float] = BUCKETS) -> Histogram:
    """Something that takes different values each time, such as seconds. Arguments as for `counter`.

    Args:
        name, help, labels: as for `counter`; a duration's name ends in ``_seconds``.
        buckets: the upper bounds, each greater than the one before.

    >>> with histogram("doctest_lookup_seconds", "How long the price list takes").time():
    ...     pass
    """
    bounds = tuple(map(float, buckets))
    if not bounds or list(bounds) != sorted(set(bounds)) or bounds[-1] == float("inf"):
        raise InvalidDefinition(
            f"the buckets of {name} are {list(bounds)}",
            "write upper bounds, each greater than the one before, without infinity",
            caller_location(),
        )
    return _define(Histogram, name, help, Shape("histogram", _labels(name, labels), bounds))


def new_registry() -> CollectorRegistry:
    """What ``/metrics`` of one process shows: the module's metrics, and those of the process and of Python.

    The process makes one and hands it on; prometheus_client's global registry is not used.
    """
    from poblano import slim_prometheus

    slim_prometheus.load()
    from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    attach(registry)
    return registry


def attach(registry: CollectorRegistry) -> None:
    """Show the module's metrics, also those defined later, in `registry`. Once is enough, twice is harmless."""
    if registry not in _attached:
        _attached.add(registry)
        registry.register(_Defined())


def reloading() -> None:
    """The module is about to be loaded anew: what was defined until now may be defined in another shape, once."""
    with _lock:
        _before_reload.update(_defined)


class _Defined:
    """The collector of everything that is defined."""

    def collect(self) -> Iterator[Family]:
        for _, metric in sorted(_defined.copy().items()):
            yield metric.family()

    def describe(self) -> Iterator[Family]:
        return iter(())


def _define(make: type[M], name: str, help: str, shape: Shape) -> M:
    location = caller_location()
    _check_name(name, location)
    _check_labels(name, shape.labels, location)
    metric = make(PREFIX + name.removeprefix(PREFIX), help, shape, location)
    with _lock:
        known = _defined.get(metric.name)
        if isinstance(known, make) and known.shape == shape:
            _before_reload.discard(known.name)
            return known
        _check_free(metric)
        _before_reload.discard(metric.name)
        _defined[metric.name] = metric
    return metric


def _check_name(name: str, location: Location) -> None:
    bare = name.removeprefix(PREFIX)
    if not _NAME.fullmatch(bare):
        snake = _NOT_IN_A_NAME.sub("_", _HUMP.sub("_", bare).lower()).strip("_0123456789") or "orders"
        raise InvalidDefinition(f"{name!r} is no name of a metric", f'write it in snake_case: "{snake}"', location)
    for taken in _TAKEN_NAMES:
        if bare.startswith(taken):
            raise InvalidDefinition(
                f"metrics named {PREFIX}{taken}... are Poblano's own", f'write "my_{bare}"', location
            )


def _labels(name: str, labels: Iterable[str]) -> tuple[str, ...]:
    if isinstance(labels, str):
        raise InvalidDefinition(f"the labels of {name} are a string", f'write labels=["{labels}"]', caller_location())
    return tuple(labels)


def _check_labels(name: str, labels: tuple[str, ...], location: Location) -> None:
    for label in labels:
        if not _LABEL.fullmatch(label) or label in _TAKEN_LABELS:
            why = "means something else already" if label in _TAKEN_LABELS else "is no name of a label"
            raise InvalidDefinition(
                f"the label {label!r} of {name} {why}", "write a word of letters, digits and _", location
            )
    if len(set(labels)) != len(labels):
        raise InvalidDefinition(f"a label of {name} is there twice: {', '.join(labels)}", "write each once", location)


def _check_free(metric: Metric) -> None:
    """No other metric may be exposed under a name of this one. One from before a reload gives way."""
    for other in list(_defined.values()):
        if not metric.series & other.series and metric.name != other.name:
            continue
        if other.name in _before_reload:
            del _defined[other.name]
            continue
        raise InvalidDefinition(
            f"{metric.name} is defined at {other.location} already, as {_described(other.shape)}",
            f"give this one, {_described(metric.shape)}, another name",
            metric.location,
        )


def _described(shape: Shape) -> str:
    labels = f" with the labels {', '.join(shape.labels)}" if shape.labels else " without labels"
    return f"a {shape.kind}{labels}"
