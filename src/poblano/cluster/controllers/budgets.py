"""What PodDisruptionBudgets allow at the moment.

Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from poblano.cluster.controllers.conditions import holds, put
from poblano.cluster.controllers.objects import DEPLOYMENTS, PODS, REPLICA_SETS, STATEFUL_SETS, Objects, key
from poblano.cluster.controllers.owning import controller_of
from poblano.cluster.controllers.rollout import share
from poblano.cluster.kinds.selectors import matches
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document

BUDGETS: Final[Bucket] = ("policy", "poddisruptionbudgets")
_SCALED: Final[dict[str, Bucket]] = {
    "ReplicaSet": REPLICA_SETS,
    "Deployment": DEPLOYMENTS,
    "StatefulSet": STATEFUL_SETS,
    "ReplicationController": ("", "replicationcontrollers"),
}


class BudgetController:
    """Counts the healthy Pods of every budget.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (BUDGETS, PODS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A budget that changed; those of a Pod that did; all of a namespace in which a workload was scaled."""
        if event.bucket == BUDGETS:
            return (event.record.key,)
        budgets = self._objects.list(BUDGETS, event.record.key.partition("/")[0])
        if event.bucket != PODS:
            return [key(one) for one in budgets]
        labels = [event.record.labels, *([event.previous.labels] if event.previous else [])]
        return [key(one) for one in budgets if any(matches(one["spec"].get("selector"), each) for each in labels)]

    def first_keys(self) -> Iterable[str]:
        """All budgets."""
        return self._objects.keys(BUDGETS)

    async def reconcile(self, key: str) -> float | None:
        """Say what one budget allows."""
        budget = self._objects.get(BUDGETS, key)
        if budget is None or budget["metadata"].get("deletionTimestamp"):
            return None
        selector, namespace = budget["spec"].get("selector"), budget["metadata"]["namespace"]
        pods = [
            pod
            for pod in self._objects.list(PODS, namespace)
            if matches(selector, struct(pod, "metadata", "labels"))
            and value(pod, "status", "phase") not in ("Succeeded", "Failed")
        ]
        healthy = sum(holds(pod, "Ready") and not pod["metadata"].get("deletionTimestamp") for pod in pods)
        expected, desired = self._bounds(budget, pods)
        allowed = max(0, healthy - desired) if expected > 0 else 0
        status: Document = {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "disruptionsAllowed": allowed,
            "expectedPods": expected,
            "observedGeneration": budget["metadata"].get("generation", 0),
        }
        new: Document = {"type": "DisruptionAllowed", "message": "", "status": "True" if allowed else "False"}
        new |= {"reason": "SufficientPods" if allowed else "InsufficientPods"}
        new["observedGeneration"] = status["observedGeneration"]
        status["conditions"] = put(many(budget, "status", "conditions"), new, self._objects.now())
        await self._objects.set_status(BUDGETS, budget, status)
        return None

    def _bounds(self, budget: Document, pods: Sequence[Document]) -> tuple[int, int]:
        """How many Pods there should be, and how many of them must stay."""
        most = budget["spec"].get("maxUnavailable")
        least = budget["spec"].get("minAvailable")
        if most is not None:
            expected = self._scale(pods)
            return expected, max(0, expected - share(most, expected, up=True))
        if isinstance(least, int):
            return len(pods), least
        expected = self._scale(pods)
        return expected, share(least or 0, expected, up=True)

    def _scale(self, pods: Sequence[Document]) -> int:
        """The sizes of the workloads that the Pods are of."""
        sizes: dict[str, int] = {}
        for pod in pods:
            owner, namespace = self._top(pod), pod["metadata"]["namespace"]
            found = self._objects.get(_SCALED[owner["kind"]], key_of(namespace, owner["name"])) if owner else None
            if found is not None:
                sizes[found["metadata"]["uid"]] = found["spec"].get("replicas", 1)
        return sum(sizes.values()) if sizes else len(pods)

    def _top(self, pod: Document) -> Document | None:
        """What is scaled for a Pod: its ReplicaSet's Deployment, or what controls it itself."""
        found: Document | None = None
        step = controller_of(pod)
        while step is not None and step["kind"] in _SCALED:
            found = step
            parent = self._objects.get(_SCALED[step["kind"]], key_of(pod["metadata"]["namespace"], step["name"]))
            step = controller_of(parent) if parent is not None else None
        return found
