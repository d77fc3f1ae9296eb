"""Counts what the watching part does, for ``/metrics``: under controller-runtime's and client-go's names, labels and buckets.

So dashboards that were made for operators in Go show this one. Every metric is in ``docs/metrics.md``. prometheus_client is
loaded when somebody asks for the metrics, not before; what is counted until then is plain numbers.

::

    counted = Counted()
    counted.attach(registry)
    Watcher(bindings, client, uuid="hello", observer=counted)
"""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from poblano.metric_types import Distribution
from poblano.watch.metrics import ControllerObserver, ObservedQueue, Result

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric as Family

    from poblano.watch.informer import Informer

RECONCILE_BUCKETS: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    *(
        1.25,
        1.5,
        1.75,
        2.0,
        2.5,
        3.0,
        3.5,
        4.0,
        4.5,
        5.0,
        6.0,
        7.0,
        8.0,
        9.0,
        10.0,
        15.0,
        20.0,
        25.0,
        30.0,
        40.0,
        50.0,
        60.0,
    ),
)
"""controller-runtime: pkg/internal/controller/metrics, ReconcileTime."""

QUEUE_BUCKETS: Final = tuple(float(f"1e{power}") for power in range(-8, 4))
"""controller-runtime: pkg/internal/metrics/workqueue.go, ExponentialBuckets(10e-9, 10, 12)."""

REQUEST_BUCKETS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Kubernetes: component-base/metrics/prometheus/restclient, rest_client_request_duration_seconds."""

RESULTS: Final[tuple[Result, ...]] = ("error", "requeue", "requeue_after", "success")

_Request: TypeAlias = "tuple[str, str, str]"
"""Code, host, method."""

_Scope: TypeAlias = "tuple[str, str, str, str]"
"""Resource, namespace, selector, and how much is kept of each object."""


class CountedController:
    """What is counted of the controllers of one name; see `poblano.watch.metrics.ControllerObserver`."""

    __slots__ = (
        "active",
        "adds",
        "panics",
        "queues",
        "results",
        "retries",
        "runs",
        "terminals",
        "timeouts",
        "waits",
        "works",
    )

    def __init__(self) -> None:
        self.queues: weakref.WeakKeyDictionary[ObservedQueue, int] = weakref.WeakKeyDictionary()
        self.results: dict[Result, int] = dict.fromkeys(RESULTS, 0)
        self.runs = Distribution(len(RECONCILE_BUCKETS))
        self.waits = Distribution(len(QUEUE_BUCKETS))
        self.works = Distribution(len(QUEUE_BUCKETS))
        self.active = self.adds = self.retries = self.panics = self.terminals = self.timeouts = 0

    def added(self) -> None:
        """A key is to be run."""
        self.adds += 1

    def got(self, waited: float) -> None:
        """A key was handed out."""
        waits = self.waits
        waits.counts[bisect_left(QUEUE_BUCKETS, waited)] += 1
        waits.sum += waited

    def done(self, worked: float) -> None:
        """The run of a key has ended."""
        works = self.works
        works.counts[bisect_left(QUEUE_BUCKETS, worked)] += 1
        works.sum += worked

    def retried(self) -> None:
        """A key has failed."""
        self.retries += 1

    def began(self) -> None:
        """A run has begun."""
        self.active += 1

    def ended(self, result: Result, seconds: float) -> None:
        """A run has ended."""
        self.active -= 1
        self.results[result] += 1
        runs = self.runs
        runs.counts[bisect_left(RECONCILE_BUCKETS, seconds)] += 1
        runs.sum += seconds

    def terminal(self) -> None:
        """A run raised `Terminal`."""
        self.terminals += 1

    def panicked(self) -> None:
        """A run raised what is no error."""
        self.panics += 1

    def timed_out(self) -> None:
        """A run was cut off."""
        self.timeouts += 1


class Counted:
    """Counts for one process; see `poblano.watch.metrics.Observer`."""

    def __init__(self) -> None:
        self.controllers: dict[str, CountedController] = {}
        self.informers: weakref.WeakValueDictionary[_Scope, Informer] = weakref.WeakValueDictionary()
        self.requests: Tally[_Request] = Tally()
        self.latencies: dict[tuple[str, str], Distribution] = {}
        self.leases: dict[str, bool] = {}
        self._lock = threading.Lock()

    def attach(self, registry: CollectorRegistry) -> None:
        """Show everything in `registry`."""
        registry.register(self)

    def controller(self, name: str, *, workers: int, queue: ObservedQueue) -> ControllerObserver:
        """A controller is there."""
        found = self.controllers.setdefault(name, CountedController())
        found.queues[queue] = workers
        return found

    def informer(self, informer: Informer) -> None:
        """An informer is there; it takes the place of one before it that watched the same."""
        kind, selector = informer.kind, informer.selector
        resource = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
        terms = " and ".join(filter(None, (selector.labels, selector.fields)))
        self.informers[resource, informer.namespace, terms, str(informer.projection)] = informer

    def requested(self, method: str, host: str, code: str, seconds: float) -> None:
        """A request was answered, or was not."""
        with self._lock:
            self.requests[code, host, method] += 1
            latency = self.latencies.get((host, method))
            if latency is None:
                latency = self.latencies[host, method] = Distribution(len(REQUEST_BUCKETS))
            latency.counts[bisect_left(REQUEST_BUCKETS, seconds)] += 1
            latency.sum += seconds

    def leading(self, lease: str, *, leads: bool) -> None:
        """Whether this process holds a lease."""
        self.leases[lease] = leads

    def collect(self) -> Iterator[Family]:
        """Everything as it is now: what a registry asks for."""
        from poblano.watch.exposing import families

        return families(self)

    def describe(self) -> Iterator[Family]:
        """Nothing: names are known to be free without looking."""
        return iter(())
