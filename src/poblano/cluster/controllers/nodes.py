"""The one node of the cluster, which is always ready."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.cluster.controllers.objects import NODES, Objects
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

NODE: Final = "poblano"
ADDRESS: Final = "10.244.0.1"
"""The node's own, the first of those that its Pods get."""
_NETWORK: Final = "10.244.0.0/16"
_ROOM: Final = {
    "cpu": "64",
    "memory": "256Gi",
    "ephemeral-storage": "1Ti",
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    "pods": "10000",
}
_LABELS: Final = {
    "beta.kubernetes.io/arch": "amd64",
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/hostname": NODE,
    "kubernetes.io/os": "linux",
}
_NOT_READY: Final = "node.kubernetes.io/not-ready"
"""Every node has this taint from its birth, and loses it when it is ready: pkg/controller/nodelifecycle."""
_CONDITIONS: Final = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


class NodeController:
    """Makes the node, and has it ready.

    Args:
        objects: what there is.
        version: of the cluster, "v1.36.2".
    """

    buckets: tuple[Bucket | None, ...] = (NODES,)

    def __init__(self, objects: Objects, version: str) -> None:
        self._objects, self._version = objects, version

    def keys(self, event: Event) -> Iterable[str]:
        """The node, when it changed."""
        return (NODE,) if event.record.key == NODE else ()

    def first_keys(self) -> Iterable[str]:
        """The node."""
        return (NODE,)

    async def reconcile(self, key: str) -> float | None:
        """Make what is missing."""
        node = self._objects.get(NODES, key)
        if node is None:
            node = await self._objects.create(NODES, _node())
        if not struct(node, "status").get("conditions"):
            node = await self._objects.set_status(NODES, node, self._status())
        taints: list[Document] = list(many(node, "spec", "taints"))
        left = [taint for taint in taints if taint.get("key") != _NOT_READY]
        if left != taints:
            await self._objects.patch(NODES, node, {"spec": {"taints": left or None}})
        return None

    def _status(self) -> Document:
        now = self._objects.now()
        times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
        return {
            "addresses": [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": NODE}],
            "capacity": dict(_ROOM),
            "allocatable": dict(_ROOM),
            "conditions": [
                {"type": type_, "status": status, **times, "reason": reason, "message": message}
                for type_, status, reason, message in _CONDITIONS
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": NODE,
                "containerRuntimeVersion": "poblano://1",
                "kernelVersion": "",
                "kubeProxyVersion": "",
                "kubeletVersion": self._version,
                "machineID": NODE,
                "operatingSystem": "linux",
                "osImage": "Poblano",
                "systemUUID": NODE,
            },
        }


def _node() -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": dict(_LABELS)},
        "spec": {"podCIDR": _NETWORK, "podCIDRs": [_NETWORK]},
    }
