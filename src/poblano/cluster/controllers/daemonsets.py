"""A DaemonSet's Pod, on the one node.

Source: k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go, update.go
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.cluster.controllers.conditions import counted
from poblano.cluster.controllers.nodes import NODE
from poblano.cluster.controllers.objects import DAEMON_SETS, NODES, PODS, Objects
from poblano.cluster.controllers.owning import claim, count_available, is_active, owner_keys, pod_of, selecting_keys
from poblano.cluster.controllers.revisions import HASH, forget_old, hash_in, revisions, template_of
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

_TOLERATED: Final = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)


class DaemonSetController:
    """Has one Pod of each DaemonSet on the node, of its newest template.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (DAEMON_SETS, PODS, NODES)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A DaemonSet that changed, the owners of a Pod that did; all, when the node did."""
        if event.bucket == NODES:
            return self.first_keys()
        if event.bucket == DAEMON_SETS:
            return (event.record.key,)
        return owner_keys(self._objects, event, "DaemonSet") | selecting_keys(self._objects, event, DAEMON_SETS)

    def first_keys(self) -> Iterable[str]:
        """All DaemonSets."""
        return self._objects.keys(DAEMON_SETS)

    async def reconcile(self, key: str) -> float | None:
        """Take the next step of one DaemonSet."""
        owner = self._objects.get(DAEMON_SETS, key)
        if owner is None or owner["metadata"].get("deletionTimestamp"):
            return None
        found = await revisions(self._objects, owner)
        await self._step(owner, await claim(self._objects, PODS, owner), found[-1])
        pods = await claim(self._objects, PODS, owner)
        wait = await self._report(owner, pods, found[-1])
        used = {struct(pod, "metadata", "labels").get(HASH, "") for pod in pods}
        await forget_old(self._objects, owner, found, {f"{owner['metadata']['name']}-{mark}" for mark in used})
        return wait

    async def _step(self, owner: Document, pods: list[Document], newest: Document) -> None:
        rolls = value(owner, "spec", "updateStrategy", "type") != "OnDelete"
        kept: list[Document] = []
        for pod in pods:
            fits = is_active(pod) and (not rolls or _mark(pod) == hash_in(newest))
            if self._is_wanted(owner) and fits and not kept:
                kept.append(pod)
            elif not pod["metadata"].get("deletionTimestamp"):
                await self._objects.delete(PODS, pod)
        if self._is_wanted(owner) and not kept and not any(pod["metadata"].get("deletionTimestamp") for pod in pods):
            await self._objects.create(PODS, _pod(owner, newest))

    def _is_wanted(self, owner: Document) -> bool:
        node = self._objects.get(NODES, NODE)
        selector = struct(owner, "spec", "template", "spec", "nodeSelector")
        return node is not None and selector.items() <= struct(node, "metadata", "labels").items()

    async def _report(self, owner: Document, pods: list[Document], newest: Document) -> float | None:
        alive = [pod for pod in pods if is_active(pod)]
        ready, available, wait = count_available(self._objects, alive, owner["spec"].get("minReadySeconds", 0))
        desired = int(self._is_wanted(owner))
        status: Document = {
            "currentNumberScheduled": min(len(alive), desired),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": desired,
            "numberReady": ready,
            "observedGeneration": owner["metadata"].get("generation", 0),
        }
        status |= counted(
            updatedNumberScheduled=sum(_mark(pod) == hash_in(newest) for pod in alive),
            numberAvailable=available,
            numberUnavailable=max(0, desired - available),
        )
        await self._objects.set_status(DAEMON_SETS, owner, status)
        return wait


def _mark(pod: Document) -> str:
    mark: str = struct(pod, "metadata", "labels").get(HASH, "")
    return mark


def _pod(owner: Document, revision: Document) -> Document:
    pod: Document = pod_of(template_of(revision), owner, labels={HASH: hash_in(revision)})
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [NODE]}]}
    affinity = struct(pod, "spec", "affinity")
    here = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    pod["spec"]["affinity"] = {**affinity, "nodeAffinity": {**struct(affinity, "nodeAffinity"), **here}}
    given = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in _TOLERATED]
    pod["spec"]["tolerations"] = [*many(pod, "spec", "tolerations"), *given]
    return pod
