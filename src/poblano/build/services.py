"""The Services: one that an API server calls webhooks through, and one for each kind of pod that metrics are read through."""

from __future__ import annotations

from collections.abc import Iterator

from poblano.build.metadata import Role, metadata, name_of, selected
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues, kinds_of_pods
from poblano.build.schemas import TEXTS
from poblano.build.tree import Part, Tree


def parts(plan: Plan) -> Iterator[Part]:
    """The Services of the pods that the module needs."""
    for role in kinds_of_pods(plan):
        if role == "admission":
            yield Part("admission-service", _webhooks(plan), when=(PodValues(role).enabled,))
        yield Part(f"{role}-metrics-service", _metrics(plan, role), when=(PodValues(role).enabled,))


def _webhooks(plan: Plan) -> Tree:
    annotations = PodValues("admission").slot(
        "serviceAnnotations", {}, TEXTS, "Annotations of the Service that webhooks are called through."
    )
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata(plan, plan.names.base), "annotations": annotations},
        "spec": {
            "type": "ClusterIP",
            "selector": selected(plan, "admission"),
            "ports": [{"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}],
        },
    }


def _metrics(plan: Plan, role: Role) -> Tree:
    """Each pod has metrics of its own, one that is not ready above all."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(plan, name_of(plan, role), role=role),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selected(plan, role),
            "ports": [{"name": "metrics", "port": 8080, "targetPort": "health", "protocol": "TCP"}],
        },
    }
