"""What the Prometheus operator reads: a ServiceMonitor for each kind of pod, and a PrometheusRule with alerts. On request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from poblano.build.alerts import rules
from poblano.build.metadata import Role, labels, metadata, name_of, selected
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues, kinds_of_pods
from poblano.build.schemas import BOOLEAN, MAPS, TEXT, TEXTS
from poblano.build.tree import Joined, Merged, Namespace, Part, Slot, Tree
from poblano.core.deployed import ROLE_LABEL

API: Final = "monitoring.coreos.com/v1"


def parts(plan: Plan) -> Iterator[Part]:
    """A monitor for each kind of pod, and the alerts."""
    for role in kinds_of_pods(plan):
        values = PodValues(role)
        about = "Whether Prometheus' operator is told to read the metrics of these pods."
        wanted = values.slot("serviceMonitor.enabled", plan.options.monitoring, BOOLEAN, about)
        yield Part(f"{role}-service-monitor", _monitor(plan, values, role), when=(values.enabled, wanted))
    alerts = Slot(
        "prometheusRule.enabled", plan.options.monitoring, BOOLEAN, "Whether Prometheus' operator is told of alerts."
    )
    if plan.admits or plan.watches:
        yield Part("prometheus-rule", _alerts(plan), when=(alerts,))


def _monitor(plan: Plan, values: PodValues, role: Role) -> Tree:
    about = "Further labels of the ServiceMonitor: those by which the operator finds it."
    name = name_of(plan, role)
    return {
        "apiVersion": API,
        "kind": "ServiceMonitor",
        "metadata": {
            **metadata(plan, name, role=role),
            "labels": values.more(labels(plan, role), "serviceMonitor.labels", TEXTS, about),
            "annotations": values.slot("serviceMonitor.annotations", {}, TEXTS, "Annotations of the ServiceMonitor."),
        },
        "spec": {
            "selector": {"matchLabels": selected(plan, role)},
            "namespaceSelector": {"matchNames": [Namespace()]},
            "podTargetLabels": [ROLE_LABEL],
            "endpoints": [
                {
                    "port": "metrics",
                    "path": "/metrics",
                    "interval": values.slot(
                        "serviceMonitor.interval", "30s", TEXT, "How often metrics are read; empty is Prometheus' own."
                    ),
                }
            ],
        },
    }


def _alerts(plan: Plan) -> Tree:
    about = "Further labels of the PrometheusRule: those by which the operator finds it."
    more = Slot("prometheusRule.rules", [], MAPS, "Further rules of alerting or recording.")
    return {
        "apiVersion": API,
        "kind": "PrometheusRule",
        "metadata": {
            **metadata(plan, plan.names.base),
            "labels": Merged(labels(plan), Slot("prometheusRule.labels", {}, TEXTS, about)),
            "annotations": Slot("prometheusRule.annotations", {}, TEXTS, "Annotations of the PrometheusRule."),
        },
        "spec": {"groups": [{"name": plan.names.base, "rules": Joined(tuple(rules(plan)), more)}]},
    }
