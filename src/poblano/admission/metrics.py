"""What admission counts, for ``/metrics``.

=================================================== ========= ====================================================
metric                                              is a      labels
=================================================== ========= ====================================================
``poblano_admission_rules_total``                   counter   capability, rule, kind, operation, result
``poblano_admission_review_seconds``                histogram phase, kind, operation, allowed
``poblano_admission_timeouts_total``                counter   phase, capability, rule: cut off at the deadline
``poblano_admission_shed_total``                    counter   sent away with 503 because too many were waiting
``poblano_admission_in_flight``                     gauge     reviews that wait for an action
``controller_runtime_webhook_latency_seconds``      histogram webhook: the path
``controller_runtime_webhook_requests_total``       counter   webhook, code: the HTTP status
``controller_runtime_webhook_requests_in_flight``   gauge     webhook
=================================================== ========= ====================================================

The last three are controller-runtime's (pkg/webhook/internal/metrics), so that dashboards for it work.
A kind that no rule is bound to is counted as ``other``: no label has more values than the module has rules for.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from poblano.core.binding import Binding, Phase
from poblano.core.location import caller_location
from poblano.core.review import AdmissionRequest
from poblano.core.verdict import Verdict
from poblano.metric_types import OTHER, Counter, Distribution, Gauge, Histogram, Shape

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric as Family

    from poblano.admission.app import AdmissionApp

REVIEW_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""apiserver_admission_webhook_admission_duration_seconds has .005 to 25; ours begin where a review ends."""


_Key: TypeAlias = "tuple[str, str, str, str, bool, int]"
"""Path, phase, kind, operation, whether refused, HTTP status."""


class _Cell:
    """What is counted of the reviews of one key: how long they took, and what came of each rule."""

    __slots__ = ("outcomes", "spread")

    def __init__(self) -> None:
        self.spread = Distribution(len(REVIEW_BUCKETS))
        self.outcomes: dict[tuple[str, str, str], int] = {}


class AdmissionMetrics:
    """The metrics of the admission server of one process. To be used on its event loop, and nowhere else.

    A review is counted with a dictionary look-up, and one for each rule; what that means for each metric is worked out when somebody asks.

    Args:
        bindings: the module's rules: which kinds are counted by name.
    """

    def __init__(self, bindings: Iterable[Binding] = ()) -> None:
        self._kinds: dict[str, str] = {}
        self._app: AdmissionApp | None = None
        self._cells: dict[_Key, _Cell] = {}
        self._in_flight: dict[str, int] = {}
        self._timeouts: Tally[tuple[str, str, str]] = Tally()
        self.use(bindings)

    def use(self, bindings: Iterable[Binding]) -> None:
        """The module was loaded anew: count the kinds of `bindings` by name, too."""
        self._kinds |= {binding.kind.kind: binding.kind.kind for binding in bindings}

    def watch(self, app: AdmissionApp) -> None:
        """Show what `app` knows by itself: how many reviews wait, and how many were sent away."""
        self._app = app

    def attach(self, registry: CollectorRegistry) -> None:
        """Show everything in `registry`."""
        registry.register(self)

    def observe(
        self, phase: Phase, path: str, request: AdmissionRequest, verdict: Verdict, seconds: float, http_status: int
    ) -> None:
        """A review was answered.

        Args:
            phase, path: which webhook answered.
            request: the question.
            verdict: what the rules came to.
            seconds: how long it took.
            http_status: what was answered, nearly always 200.
        """
        kind = self._kinds.get(request.kind.kind, OTHER)
        cell = self._observe((path, phase, kind, request.operation, verdict.refused, http_status), seconds)
        outcomes = cell.outcomes
        for result in verdict.results:
            outcome = (result.capability, result.rule, result.result)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1

    def answered(self, path: str, seconds: float, http_status: int) -> None:
        """A request that came to no verdict was answered, such as a body that is no review. `path` is a known one."""
        self._observe((path, "", "", "", True, http_status), seconds)

    def timed_out(self, phase: Phase, capability: str, rule: str) -> None:
        """An action was cut off at the deadline."""
        self._timeouts[phase, capability, rule] += 1

    def began(self, path: str) -> None:
        """A review has to wait for an action. One that is answered at once need not be told: nobody could see it."""
        self._in_flight[path] = self._in_flight.get(path, 0) + 1

    def ended(self, path: str) -> None:
        """The wait that `began` is over, however."""
        self._in_flight[path] -= 1

    def _observe(self, key: _Key, seconds: float) -> _Cell:
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _Cell()
        spread = cell.spread
        spread.counts[bisect_left(REVIEW_BUCKETS, seconds)] += 1
        spread.sum += seconds
        return cell

    def collect(self) -> Iterator[Family]:
        """Everything as it is now: what a registry asks for."""
        yield self._rules()
        yield from self._reviews()
        timeouts = _counter(
            "poblano_admission_timeouts",
            "Actions cut off at the deadline of their review",
            "phase",
            "capability",
            "rule",
        )
        for values, count in self._timeouts.items():
            timeouts.add(values, count)
        yield timeouts.family()
        in_flight = _gauge(
            "controller_runtime_webhook_requests_in_flight", "Reviews that wait for an action", "webhook"
        )
        for path, count in self._in_flight.items():
            in_flight.set(count, webhook=path)
        yield in_flight.family()
        yield from self._server()

    def describe(self) -> Iterator[Family]:
        """Nothing: names are known to be free without looking."""
        return iter(())

    def _rules(self) -> Family:
        rules = _counter(
            "poblano_admission_rules", "What came of each rule", "capability", "rule", "kind", "operation", "result"
        )
        for (_, _, kind, operation, _, _), cell in self._cells.items():
            for (capability, rule, result), count in cell.outcomes.items():
                rules.add((capability, rule, kind, operation, result), count)
        return rules.family()

    def _reviews(self) -> Iterator[Family]:
        reviews = _histogram(
            "poblano_admission_review_seconds",
            "From the whole request to the answer",
            "phase",
            "kind",
            "operation",
            "allowed",
        )
        latency = _histogram("controller_runtime_webhook_latency_seconds", "Latency of reviews", "webhook")
        requests = _counter("controller_runtime_webhook_requests", "Reviews by HTTP status", "webhook", "code")
        for (path, phase, kind, operation, refused, status), cell in self._cells.items():
            distribution = cell.spread
            latency.merge((path,), distribution)
            requests.add((path, str(status)), sum(distribution.counts))
            if phase:
                reviews.merge((phase, kind, operation, "false" if refused else "true"), distribution)
        yield from (reviews.family(), latency.family(), requests.family())

    def _server(self) -> Iterator[Family]:
        if self._app is None:
            return
        waiting = _gauge("poblano_admission_in_flight", "Reviews that wait for an action")
        waiting.set(len(self._app.pending))
        shed = _counter("poblano_admission_shed", "Reviews sent away because too many were waiting")
        shed.inc(self._app.shed)
        yield from (waiting.family(), shed.family())


def _counter(name: str, help: str, *labels: str) -> Counter:
    return Counter(name, help, Shape("counter", labels), caller_location(), sys.maxsize)


def _gauge(name: str, help: str, *labels: str) -> Gauge:
    return Gauge(name, help, Shape("gauge", labels), caller_location(), sys.maxsize)


def _histogram(name: str, help: str, *labels: str) -> Histogram:
    return Histogram(name, help, Shape("histogram", labels, REVIEW_BUCKETS), caller_location(), sys.maxsize)
