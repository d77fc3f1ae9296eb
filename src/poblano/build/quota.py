"""Leave to have pods that are critical for the cluster: some providers (GKE) want a quota for them in every namespace but
kube-system, and make no pod without one.

Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/#limit-priority-class-consumption-by-default
"""

from __future__ import annotations

from collections.abc import Iterator

from poblano.build.metadata import metadata
from poblano.build.plan import Plan
from poblano.build.pods import CRITICAL, priority_class
from poblano.build.podvalues import PodValues
from poblano.build.schemas import BOOLEAN
from poblano.build.tree import Part, Tree


def parts(plan: Plan) -> Iterator[Part]:
    """A quota, where admission pods are critical."""
    if not plan.admits or not priority_class(plan, "admission"):
        return
    values = PodValues("admission")
    wanted = values.slot(
        "resourceQuota.enabled",
        True,
        BOOLEAN,
        "Whether there is a ResourceQuota that lets the namespace have system-cluster-critical pods. Set it to false with "
        "another priorityClassName.",
    )
    yield Part("admission-quota", _quota(plan), when=(values.enabled, wanted))


def _quota(plan: Plan) -> Tree:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata(plan, plan.names.admission, role="admission"),
        "spec": {
            # A number that nobody comes to: where modules share a namespace, each one's quota counts the pods of all.
            "hard": {"pods": "100"},
            "scopeSelector": {
                "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": [CRITICAL]}]
            },
        },
    }
