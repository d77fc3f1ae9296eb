"""The alerts worth waking somebody for, or telling somebody in the morning: each with what is wrong and what to do.

Only those that the module can have: no watch of a module that watches nothing. The metrics are those of docs/metrics.md, as a
ServiceMonitor of ours has them read: ``job`` is the Service, and a label ``namespace`` of a metric is ``exported_namespace``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from poblano.build.metadata import name_of
from poblano.build.plan import Plan
from poblano.build.podvalues import kinds_of_pods
from poblano.build.schemas import COUNT
from poblano.build.tree import Namespace, Slot, Text, Tree
from poblano.core.binding import FOLLOWERS
from poblano.core.store.room import SHARDING
from poblano.store.speaking import keeps_something

FEW: Final = Slot(
    "prometheusRule.admissionPods", 2, COUNT, "With fewer admission pods than this, for ten minutes, there is an alert."
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule of alerting.

    Args:
        name: of the alert, after ``Poblano``.
        expression: what is true while something is wrong; ``@`` stands for the labels that choose the module's pods.
        lasting: for how long that must be so.
        severity: whether it is for now or for the morning.
        says: what is wrong, in a sentence, and what to do about it.
    """

    name: str
    expression: str
    lasting: str
    severity: Literal["critical", "warning"]
    says: str


ADMISSION: Final = (
    Alert(
        "AdmissionDown",
        "sum(up{@}) < 1 or absent(up{@})",
        "1m",
        "critical",
        "No admission pod answers: what its webhooks are about cannot be written, where they fail closed. "
        "See `poblano doctor`.",
    ),
    Alert(
        "AdmissionFewPods",
        "sum(up{@}) < #",
        "10m",
        "warning",
        "There are {{ $value }} admission pods: the next node that goes may take the webhooks with it. "
        "See `kubectl describe deployment`.",
    ),
    Alert(
        "CertificateExpires",
        "min by (which) (poblano_cert_not_after_seconds{@}) - time() < 14 * 86400",
        "1h",
        "warning",
        "The webhooks' certificate ({{ $labels.which }}) runs out in {{ $value | humanizeDuration }}, and should have been "
        "renewed with a month left. The log of the admission pods says what keeps it.",
    ),
    Alert(
        "NobodyArms",
        "sum(leader_election_master_status{@}) < 1 or absent(leader_election_master_status{@})",
        "5m",
        "warning",
        "No admission pod holds the Lease %-certificates: no certificate is renewed, and webhooks that were applied anew do "
        "not get their policy. The logs of the admission pods say why.",
    ),
    Alert(
        "RuleFails",
        'sum by (capability, rule) (increase(poblano_admission_rules_total{@,result="error"}[10m])) > 0',
        "10m",
        "warning",
        "The rule {{ $labels.capability }}/{{ $labels.rule }} raises errors, which on_error decides about. The log has them.",
    ),
    Alert(
        "RuleTimesOut",
        "sum by (capability, rule) (increase(poblano_admission_timeouts_total{@}[10m])) > 0",
        "10m",
        "warning",
        "The rule {{ $labels.capability }}/{{ $labels.rule }} is cut off before it is done. Make it quicker, or give it a "
        "longer timeout.",
    ),
    Alert(
        "AdmissionShed",
        "sum(increase(poblano_admission_shed_total{@}[10m])) > 0",
        "10m",
        "warning",
        "Reviews are sent away because too many wait for an action. Add replicas, or make the actions quicker.",
    ),
    Alert(
        "AdmissionSlow",
        "histogram_quantile(0.99, sum by (le) (rate(controller_runtime_webhook_latency_seconds_bucket{@}[10m]))) > 1",
        "15m",
        "warning",
        "One review in a hundred takes {{ $value | humanizeDuration }}: whoever writes to the cluster waits for that long.",
    ),
)

WATCHER: Final = (
    Alert(
        "NoLeader",
        "sum(leader_election_master_status{@}) < 1 or absent(leader_election_master_status{@})",
        "2m",
        "critical",
        "No watcher pod holds the Lease %: no action runs. The logs of the watcher pods say why.",
    ),
)

WATCHES: Final = (
    Alert(
        "WatchStale",
        "max by (pod, resource) (poblano_watch_quiet_seconds{@}) > 120",
        "5m",
        "warning",
        "{{ $labels.pod }} has not heard of {{ $labels.resource }} for {{ $value | humanizeDuration }}: what it knows is old.",
    ),
    Alert(
        "WatchNotSynced",
        "min by (pod, resource) (poblano_watch_synced{@}) < 1",
        "10m",
        "warning",
        "{{ $labels.pod }} could not read what {{ $labels.resource }} there are, so that no rule about them runs. Is the kind "
        "defined, and may the pod list it?",
    ),
    Alert(
        "ReconcileFails",
        "sum by (controller) (increase(controller_runtime_reconcile_errors_total{@}[15m])) > 0",
        "30m",
        "warning",
        "The rule {{ $labels.controller }} has failed again and again for half an hour. The log and the events of its "
        "objects say why.",
    ),
)

SCHEDULES: Final = (
    Alert(
        "ScheduleFails",
        'sum by (schedule) (increase(poblano_schedule_runs_total{@,result=~"failed|timed out"}[1h])) > 0',
        "0m",
        "warning",
        "The schedule {{ $labels.schedule }} has failed within the last hour. See `poblano schedule`.",
    ),
    Alert(
        "ScheduleOverdue",
        "time() - (max by (schedule) (poblano_schedule_next_run_timestamp_seconds{@}) > 0) > 600",
        "5m",
        "warning",
        "The schedule {{ $labels.schedule }} should have run {{ $value | humanizeDuration }} ago. See `poblano schedule`.",
    ),
)

STORES: Final = (
    Alert(
        "StoreUnsent",
        "max by (pod, capability) (min_over_time(poblano_store_unsent{@}[30m])) > 0",
        "30m",
        "warning",
        "{{ $labels.pod }} has had something to send of the store of {{ $labels.capability }} for an hour on end: the API "
        "server does not take it, or it is written to without a pause.",
    ),
    Alert(
        "StoreNearlyFull",
        f"max by (capability) (poblano_store_bytes{{@}}) > {SHARDING.quota * 3 // 4}",
        "10m",
        "warning",
        "The store of {{ $labels.capability }} has {{ $value | humanize }} bytes; "
        f"it may have {SHARDING.quota / 1e6:g} MB, and then writes to it fail.",
    ),
)

PODS: Final = (
    Alert(
        "Forbidden",
        'sum by (method) (increase(rest_client_requests_total{@,code="403"}[15m])) > 0',
        "15m",
        "warning",
        "The API server refuses what the module asks for ({{ $labels.method }}). The log names the rule to add.",
    ),
    Alert(
        "Restarts",
        "max by (pod) (changes(process_start_time_seconds{@}[30m])) > 2",
        "0m",
        "warning",
        "{{ $labels.pod }} has begun anew several times within half an hour. See `kubectl logs --previous`.",
    ),
)


def rules(plan: Plan) -> list[Tree]:
    """The rules of alerting that the module can have."""
    return [_rule(plan, alert, job) for job, alerts in _wanted(plan) for alert in alerts]


def _wanted(plan: Plan) -> Iterator[tuple[str, tuple[Alert, ...]]]:
    """The jobs, as a matcher of labels, and what may befall them."""
    jobs = [name_of(plan, role) for role in kinds_of_pods(plan)]
    if plan.admits:
        yield f'job="{plan.names.admission}"', ADMISSION
    if plan.watches:
        watches = any(binding.phase in FOLLOWERS for binding in plan.module.bindings)
        schedules = SCHEDULES if plan.module.schedules else ()
        yield f'job="{plan.names.watcher}"', (*WATCHER, *(WATCHES if watches else ()), *schedules)
    if jobs:
        stores = STORES if keeps_something(plan.module) else ()
        yield f'job=~"{"|".join(jobs)}"', (*PODS, *stores)


def _rule(plan: Plan, alert: Alert, job: str) -> Tree:
    return {
        "alert": f"Poblano{alert.name}",
        "expr": _expression(alert.expression, job),
        "for": alert.lasting,
        "labels": {"severity": alert.severity, "module": plan.names.uuid},
        "annotations": {"summary": alert.says.replace("%", plan.names.base)},
    }


def _expression(text: str, job: str) -> Text:
    """`text` with the labels of the pods where ``@`` stands, and the number of pods that there should be where ``#`` does."""
    first, *others = text.split("@")
    made: list[str | Namespace | Slot] = [first]
    for other in others:
        made += ['namespace="', Namespace(), f'",{job}{other}']
    *before, last = made
    said, is_few, rest = str(last).partition("#")
    return Text((*before, said, *((FEW, rest) if is_few else ())))
