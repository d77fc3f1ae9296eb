"""What `poblano.watch.counting` has counted, as metrics: their names, labels and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from poblano.watch.counting import QUEUE_BUCKETS, RECONCILE_BUCKETS, REQUEST_BUCKETS

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

    from poblano.metric_types import Distribution
    from poblano.watch.counting import Counted, CountedController
    from poblano.watch.informer import Informer

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]

_FAMILIES: Final[dict[Kind, type[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric. The series of a counter end in ``_total``."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str

    def family(self) -> Family:
        """The metric, without values yet."""
        return _FAMILIES[self.kind](self.name, self.help, labels=self.labels)


_RULE = ("controller",)
_QUEUE = ("name", "controller")
_CACHE = ("resource", "namespace", "selector", "kept")

DEFINITIONS: Final = (
    Definition("controller_runtime_reconcile", "counter", ("controller", "result"), "Runs, by what came of them"),
    Definition("controller_runtime_reconcile_errors", "counter", _RULE, "Runs that failed"),
    Definition("controller_runtime_terminal_reconcile_errors", "counter", _RULE, "Runs that raised Terminal"),
    Definition("controller_runtime_reconcile_panics", "counter", _RULE, "Runs that raised what is no error"),
    Definition("controller_runtime_reconcile_timeouts", "counter", _RULE, "Runs that were cut off at their time limit"),
    Definition("controller_runtime_reconcile_time_seconds", "histogram", _RULE, "How long runs take"),
    Definition("controller_runtime_max_concurrent_reconciles", "gauge", _RULE, "How many runs there may be at once"),
    Definition("controller_runtime_active_workers", "gauge", _RULE, "How many runs there are now"),
    Definition("workqueue_depth", "gauge", (*_QUEUE, "priority"), "Objects that wait for a run"),
    Definition("workqueue_adds", "counter", _QUEUE, "Objects that were put in the queue"),
    Definition("workqueue_queue_duration_seconds", "histogram", _QUEUE, "How long objects wait for their run"),
    Definition("workqueue_work_duration_seconds", "histogram", _QUEUE, "How long objects are worked on"),
    Definition("workqueue_unfinished_work_seconds", "gauge", _QUEUE, "How long what runs now has run, together"),
    Definition("workqueue_longest_running_processor_seconds", "gauge", _QUEUE, "How long the longest run has run"),
    Definition("workqueue_retries", "counter", _QUEUE, "Runs that failed and are to be tried again"),
    Definition("rest_client_requests", "counter", ("code", "host", "method"), "Requests to the API server"),
    Definition("rest_client_request_duration_seconds", "histogram", ("host", "verb"), "How long they take"),
    Definition("leader_election_master_status", "gauge", ("name",), "1 for the holder of the lease, else 0"),
    Definition("poblano_watch_lists", "counter", _CACHE, "Lists that were read to the end"),
    Definition("poblano_watch_watches", "counter", _CACHE, "Watches that were asked for"),
    Definition("poblano_watch_relists", "counter", (*_CACHE, "reason"), "Lists that a watch gave reason for"),
    Definition("poblano_watch_errors", "counter", _CACHE, "Requests refused, not answered, or broken off"),
    Definition("poblano_watch_garbled", "counter", _CACHE, "Answers and events that cannot be read"),
    Definition(
        "poblano_watch_rejected", "counter", _CACHE, "Objects passed over, as they cannot be what was asked for"
    ),
    Definition("poblano_watch_recovered", "counter", _CACHE, "Changes that no watch told and a list brought to light"),
    Definition(
        "poblano_watch_tombstones", "counter", _CACHE, "Objects found gone, so that their last state is unknown"
    ),
    Definition("poblano_watch_objects", "gauge", _CACHE, "Objects in the cache"),
    Definition("poblano_watch_quiet_seconds", "gauge", _CACHE, "How long ago the API server was last heard"),
    Definition("poblano_watch_synced", "gauge", _CACHE, "1 once all that was there at the start is known"),
    Definition("poblano_watch_sync_seconds", "gauge", _CACHE, "How long that took"),
)
"""All of them. Those that begin with controller_runtime_ are controller-runtime's (pkg/internal/controller/metrics), as are
those of work queues (pkg/internal/metrics/workqueue.go); rest_client_ and leader_election_ are of Kubernetes' component-base."""

_COUNTS: Final = {
    "lists": "poblano_watch_lists",
    "watches": "poblano_watch_watches",
    "errors": "poblano_watch_errors",
    "garbled": "poblano_watch_garbled",
    "rejected objects": "poblano_watch_rejected",
    "recovered": "poblano_watch_recovered",
    "tombstones": "poblano_watch_tombstones",
}
_RELISTS: Final = "relists: "


def families(counted: Counted) -> Iterator[Family]:
    """Every metric with its values now; from any thread."""
    page = _Page()
    for name, controller in sorted(counted.controllers.copy().items()):
        _add_runs(page, name, controller)
        _add_queue(page, name, controller)
    for scope, informer in sorted(counted.informers.items()):
        _add_informer(page, scope, informer)
    for (code, host, method), count in sorted(counted.requests.copy().items()):
        page.add("rest_client_requests", (code, host, method), count)
    for (host, method), latency in sorted(counted.latencies.copy().items()):
        page.spread("rest_client_request_duration_seconds", (host, method), latency, REQUEST_BUCKETS)
    for lease, leads in sorted(counted.leases.copy().items()):
        page.add("leader_election_master_status", (lease,), int(leads))
    return iter(page.families.values())


class _Page:
    """All metrics, as they get their values."""

    def __init__(self) -> None:
        self.families: dict[str, Family] = {one.name: one.family() for one in DEFINITIONS}

    def add(self, metric: str, labels: tuple[str, ...], value: float) -> None:
        """A value of a counter or gauge."""
        family = cast("CounterMetricFamily | GaugeMetricFamily", self.families[metric])
        family.add_metric(labels, value)

    def spread(self, metric: str, labels: tuple[str, ...], found: Distribution, bounds: tuple[float, ...]) -> None:
        """The values of a histogram."""
        upper = (*map(repr, bounds), "+Inf")
        family = cast("HistogramMetricFamily", self.families[metric])
        family.add_metric(labels, list(zip(upper, accumulate(found.counts), strict=True)), found.sum)


def _add_runs(page: _Page, name: str, controller: CountedController) -> None:
    for result, count in controller.results.items():
        page.add("controller_runtime_reconcile", (name, result), count)
    numbers = {
        "reconcile_errors": controller.results["error"],
        "terminal_reconcile_errors": controller.terminals,
        "reconcile_panics": controller.panics,
        "reconcile_timeouts": controller.timeouts,
        "max_concurrent_reconciles": sum(controller.queues.values()),
        "active_workers": controller.active,
    }
    for metric, number in numbers.items():
        page.add(f"controller_runtime_{metric}", (name,), number)
    page.spread("controller_runtime_reconcile_time_seconds", (name,), controller.runs, RECONCILE_BUCKETS)


def _add_queue(page: _Page, name: str, controller: CountedController) -> None:
    labels = (name, name)
    queues = list(controller.queues)
    depths: dict[int, int] = {0: 0}
    for queue in queues:
        for priority, depth in queue.depths().items():
            depths[priority] = depths.get(priority, 0) + depth
    for priority, depth in sorted(depths.items()):
        page.add("workqueue_depth", (*labels, str(priority)), depth)
    running = [seconds for queue in queues for seconds in queue.running_for()]
    page.add("workqueue_unfinished_work_seconds", labels, sum(running))
    page.add("workqueue_longest_running_processor_seconds", labels, max(running, default=0.0))
    page.add("workqueue_adds", labels, controller.adds)
    page.add("workqueue_retries", labels, controller.retries)
    page.spread("workqueue_queue_duration_seconds", labels, controller.waits, QUEUE_BUCKETS)
    page.spread("workqueue_work_duration_seconds", labels, controller.works, QUEUE_BUCKETS)


def _add_informer(page: _Page, labels: tuple[str, ...], informer: Informer) -> None:
    reflector = informer.reflector
    counts = reflector.counts.copy()
    for counted, metric in _COUNTS.items():
        page.add(metric, labels, counts[counted])
    for counted, count in sorted(counts.items()):
        if counted.startswith(_RELISTS):
            page.add("poblano_watch_relists", (*labels, counted.removeprefix(_RELISTS)), count)
    page.add("poblano_watch_objects", labels, len(informer.cache))
    page.add("poblano_watch_quiet_seconds", labels, reflector.trouble.quiet_seconds)
    page.add("poblano_watch_synced", labels, int(reflector.has_synced))
    if reflector.sync_seconds is not None:
        page.add("poblano_watch_sync_seconds", labels, reflector.sync_seconds)
