"""Pods come to the node, run, and end: a scheduler and a kubelet that start nothing.

A Pod that is to run once (restartPolicy other than Always) succeeds after a moment. The annotation `poblano.dev/outcome`
says otherwise, for tests: "pending" stays unscheduled, "running" never ends, "failed" and "succeeded" end so after a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from poblano.cluster.controllers.conditions import condition, put
from poblano.cluster.controllers.nodes import ADDRESS, NODE
from poblano.cluster.controllers.objects import CLAIMS, NODES, PODS, Objects
from poblano.cluster.controllers.pod_status import ended, running
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document

OUTCOME: Final = "poblano.dev/outcome"
_RUN: Final = 0.1
"""Seconds that a Pod runs which is to end."""
_TERMINATION: Final = 0.05
"""Seconds that a deleted Pod takes to end, whatever its grace period allows."""


class PodController:
    """Brings every Pod to its end, or to Running.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (PODS, NODES, CLAIMS)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._addresses: dict[str, str] = {}
        self._last = int(ip_address(ADDRESS))
        self._began: dict[str, float] = {}

    def keys(self, event: Event) -> Iterable[str]:
        """A Pod that changed; all that wait, when what they may wait for changed."""
        if event.bucket != PODS:
            return [one for one in self._waiting() if event.bucket == NODES or _is_beside(one, event.record.key)]
        if event.type == "DELETED":
            self._addresses.pop(event.record.key, None)
            self._began.pop(event.record.key, None)
            self._began.pop(f"{event.record.key} ends", None)
            return ()
        return (event.record.key,)

    def _waiting(self) -> list[str]:
        pods = ((record.key, self._objects.decoded(PODS, record)) for record in self._objects.storage.records(PODS))
        return [key for key, pod in pods if not pod["spec"].get("nodeName")]

    def first_keys(self) -> Iterable[str]:
        """All Pods."""
        for record in self._objects.storage.records(PODS):
            address = value(self._objects.decoded(PODS, record), "status", "podIP")
            if address:
                self._addresses[record.key] = address
                self._last = max(self._last, int(ip_address(address)))
        return self._objects.keys(PODS)

    async def reconcile(self, key: str) -> float | None:
        """Take one Pod a step further."""
        pod = self._objects.get(PODS, key)
        if pod is None:
            return None
        node: str = pod["spec"].get("nodeName", "")
        if pod["metadata"].get("deletionTimestamp"):
            return await self._end(key, pod)
        if not node:
            await self._schedule(pod)
        elif node == NODE:
            return await self._run(key, pod)
        return None

    async def _end(self, key: str, pod: Document) -> float | None:
        if not pod["metadata"].get("deletionGracePeriodSeconds"):
            return None  # it is held by finalizers alone
        wait = self._wait(f"{key} ends", _TERMINATION)
        if wait > 0:
            return wait
        await self._objects.delete(PODS, pod, propagation="Background", grace=0)
        return None

    async def _schedule(self, pod: Document) -> None:
        if many(pod, "spec", "schedulingGates"):
            return
        why = self._obstacle(pod)
        if why:
            new = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
            now = self._objects.now()
            conditions = put(many(pod, "status", "conditions"), {"lastProbeTime": None, **new}, now)
            status = {**struct(pod, "status"), "conditions": conditions}
            await self._objects.set_status(PODS, pod, status)
            return
        metadata = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": metadata,
            "target": {"kind": "Node", "name": NODE},
        }
        await self._objects.client.create(self._objects.resource(PODS), binding, subresource="binding")

    def _obstacle(self, pod: Document) -> str:
        """Why a Pod cannot come to the node, in the scheduler's words; empty when it can."""
        if _outcome(pod) == "pending":
            return f"0/1 nodes are available: 1 node(s) kept out by the annotation {OUTCOME}."
        node = self._objects.get(NODES, NODE)
        if node is None:
            return "no nodes available to schedule pods"
        if node["spec"].get("unschedulable") and not _tolerates_cordon(pod):
            return "0/1 nodes are available: 1 node(s) were unschedulable."
        wanted = struct(pod, "spec", "nodeSelector").items()
        if not wanted <= struct(node, "metadata", "labels").items():
            return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
        return self._unbound(pod)

    def _unbound(self, pod: Document) -> str:
        for name in claims_of(pod):
            claim = self._objects.get(CLAIMS, key_of(pod["metadata"]["namespace"], name))
            if claim is None:
                return f'0/1 nodes are available: persistentvolumeclaim "{name}" not found.'
            if not claim["spec"].get("volumeName"):
                return "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
        return ""

    async def _run(self, key: str, pod: Document) -> float | None:
        if value(pod, "status", "phase") in ("Succeeded", "Failed"):
            return None
        now, address = self._objects.now(), self._address(key, pod)
        outcome = _outcome(pod) or (
            "running" if pod["spec"].get("restartPolicy", "Always") == "Always" else "succeeded"
        )
        if outcome not in ("succeeded", "failed"):
            await self._objects.set_status(PODS, pod, running(pod, address, now))
            return None
        if condition(pod, "Ready") is None:
            await self._objects.set_status(PODS, pod, running(pod, address, now))
        wait = self._wait(key, _RUN)
        if wait > 0:
            return wait
        pod = self._objects.get(PODS, key) or pod
        await self._objects.set_status(PODS, pod, ended(pod, address, now, well=outcome == "succeeded"))
        return None

    def _address(self, key: str, pod: Document) -> str:
        if pod["spec"].get("hostNetwork"):
            return ADDRESS
        if key not in self._addresses:
            self._last += 1
            self._addresses[key] = str(ip_address(self._last))
        return self._addresses[key]

    def _wait(self, what: str, seconds: float) -> float:
        """The seconds left of a time that began when it was first asked for."""
        now = asyncio.get_running_loop().time()
        return self._began.setdefault(what, now) + seconds - now


def claims_of(pod: Document) -> list[str]:
    """The names of the PersistentVolumeClaims that a Pod uses."""
    found = [value(volume, "persistentVolumeClaim", "claimName") for volume in many(pod, "spec", "volumes")]
    return [name for name in found if name]


def _outcome(pod: Document) -> str:
    asked: str = struct(pod, "metadata", "annotations").get(OUTCOME, "")
    return asked


def _tolerates_cordon(pod: Document) -> bool:
    return any(one.get("key") == "node.kubernetes.io/unschedulable" for one in many(pod, "spec", "tolerations"))


def _is_beside(key: str, other: str) -> bool:
    return key.partition("/")[0] == other.partition("/")[0]
