"""As many Pods as a ReplicaSet, or a ReplicationController, wants.

Source: k8s.io/kubernetes/pkg/controller/replicaset/replica_set.go, replica_set_utils.go
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from poblano.cluster.controllers.conditions import counted, put
from poblano.cluster.controllers.objects import PODS, REPLICA_SETS, Objects
from poblano.cluster.controllers.owning import (
    claim,
    count_available,
    is_active,
    owner_keys,
    pod_of,
    ready_since,
    selecting_keys,
)
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.status import StatusError
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

_COST: Final = "controller.kubernetes.io/pod-deletion-cost"


class ReplicaSetController:
    """Makes and deletes Pods.

    Args:
        objects: what there is.
        bucket, kind: ReplicaSets; or ReplicationControllers, which are the same with another selector.
    """

    def __init__(self, objects: Objects, bucket: Bucket = REPLICA_SETS, kind: str = "ReplicaSet") -> None:
        self._objects, self._bucket, self._kind = objects, bucket, kind
        self.buckets: tuple[Bucket | None, ...] = (bucket, PODS)

    def keys(self, event: Event) -> Iterable[str]:
        """What changed itself, and the owners of a Pod that did."""
        if event.bucket == self._bucket:
            return (event.record.key,)
        return owner_keys(self._objects, event, self._kind) | selecting_keys(self._objects, event, self._bucket)

    def first_keys(self) -> Iterable[str]:
        """All of them."""
        return self._objects.keys(self._bucket)

    async def reconcile(self, key: str) -> float | None:
        """Make as many Pods as are missing, or delete those that are too many; and say how many there are."""
        owner = self._objects.get(self._bucket, key)
        if owner is None:
            return None
        pods = [pod for pod in await claim(self._objects, PODS, owner) if is_active(pod)]
        failure: tuple[str, StatusError] | None = None
        if not owner["metadata"].get("deletionTimestamp"):
            pods, failure = await self._fit(owner, pods)
        wait = await self._report(owner, pods, failure)
        if failure is not None:
            raise failure[1]
        return wait

    async def _fit(
        self, owner: Document, pods: list[Document]
    ) -> tuple[list[Document], tuple[str, StatusError] | None]:
        wanted: int = owner["spec"].get("replicas", 1)
        pods = sorted(pods, key=_worth)
        try:
            while len(pods) < wanted:
                pods.append(await self._objects.create(PODS, pod_of(owner["spec"]["template"], owner)))
                await asyncio.sleep(0)  # with nobody to ask, nothing else would have its turn before the last one
        except StatusError as error:
            return pods, ("FailedCreate", error)
        try:
            while len(pods) > wanted:
                await self._objects.delete(PODS, pods[0])
                del pods[0]
                await asyncio.sleep(0)
        except StatusError as error:
            return pods, ("FailedDelete", error)
        return pods, None

    async def _report(
        self, owner: Document, pods: list[Document], failure: tuple[str, StatusError] | None
    ) -> float | None:
        ready, available, wait = count_available(self._objects, pods, owner["spec"].get("minReadySeconds", 0))
        labels = struct(owner, "spec", "template", "metadata", "labels").items()
        labelled = sum(labels <= struct(pod, "metadata", "labels").items() for pod in pods)
        status: Document = {"replicas": len(pods)}
        status |= counted(fullyLabeledReplicas=labelled, readyReplicas=ready, availableReplicas=available)
        status["observedGeneration"] = owner["metadata"].get("generation", 0)
        conditions = self._conditions(owner, failure)
        if conditions:
            status["conditions"] = conditions
        await self._objects.set_status(self._bucket, owner, status)
        return wait

    def _conditions(self, owner: Document, failure: tuple[str, StatusError] | None) -> list[Document]:
        found = many(owner, "status", "conditions")
        if failure is None:
            return [one for one in found if one["type"] != "ReplicaFailure"]
        reason, error = failure
        new = {"type": "ReplicaFailure", "status": "True", "reason": reason, "message": error.message}
        return put(found, new, self._objects.now())


def _worth(pod: Document) -> tuple[Any, ...]:
    """Least first: what is on no node, pending, not ready, of little cost, young."""
    created: str = pod["metadata"]["creationTimestamp"]
    return (
        bool(pod["spec"].get("nodeName")),
        value(pod, "status", "phase") == "Running",
        ready_since(pod) is not None,
        _cost(pod),
        _Backwards(ready_since(pod) or ""),
        _Backwards(created),
    )


def _cost(pod: Document) -> int:
    try:
        return int(struct(pod, "metadata", "annotations").get(_COST, "0"))
    except ValueError:
        return 0


class _Backwards(str):
    """Orders the later before the earlier."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)
