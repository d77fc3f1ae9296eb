"""Claims get a volume that is made for them, or one that is there; both are let go when nobody uses them.

Source: k8s.io/kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go, pvcprotection, pvprotection
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.cluster.controllers.objects import CLAIMS, PODS, VOLUMES, Objects, key
from poblano.cluster.controllers.pods import claims_of
from poblano.cluster.kinds.quantity import number
from poblano.cluster.kinds.selectors import matches
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document

CLASSES: Final[Bucket] = ("storage.k8s.io", "storageclasses")
_CLAIM_HELD: Final = "kubernetes.io/pvc-protection"
_VOLUME_HELD: Final = "kubernetes.io/pv-protection"
_BY: Final = "pv.kubernetes.io/provisioned-by"
_BOUND: Final = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
_PROVISIONER: Final = "poblano.dev/nothing"


class ClaimController:
    """Binds claims, and lets them go when no Pod uses them any more.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (CLAIMS, VOLUMES, PODS, CLASSES)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A claim that changed, those that a Pod uses, and those that a volume may be for."""
        if event.bucket == CLAIMS:
            return (event.record.key,)
        if event.bucket == PODS:
            if event.type == "MODIFIED":  # the claims of a Pod never change
                return ()
            pod = self._objects.decoded(PODS, event.record)
            return [key_of(pod["metadata"]["namespace"], name) for name in claims_of(pod)]
        claims = self._objects.list(CLAIMS)
        return [key(one) for one in claims if value(one, "status", "phase") != "Bound" or event.bucket == VOLUMES]

    def first_keys(self) -> Iterable[str]:
        """All claims."""
        return self._objects.keys(CLAIMS)

    async def reconcile(self, key: str) -> float | None:
        """Bind one claim, or let it go."""
        claim = self._objects.get(CLAIMS, key)
        if claim is None:
            return None
        if claim["metadata"].get("deletionTimestamp"):
            await self._let_go(claim)
        elif not claim["spec"].get("volumeName"):
            await self._bind(claim)
        else:
            await self._report(claim)
        return None

    async def _let_go(self, claim: Document) -> None:
        finalizers = many(claim, "metadata", "finalizers")
        if _CLAIM_HELD in finalizers and not self._is_used(claim):
            left = [one for one in finalizers if one != _CLAIM_HELD]
            metadata = {"finalizers": left or None, "resourceVersion": claim["metadata"]["resourceVersion"]}
            await self._objects.patch(CLAIMS, claim, {"metadata": metadata})

    def _is_used(self, claim: Document) -> bool:
        pods = self._objects.list(PODS, claim["metadata"]["namespace"])
        ended = ("Succeeded", "Failed")
        return any(
            claim["metadata"]["name"] in claims_of(pod) and value(pod, "status", "phase") not in ended for pod in pods
        )

    async def _bind(self, claim: Document) -> None:
        name: str | None = claim["spec"].get("storageClassName")
        kind = self._objects.get(CLASSES, name) if name else None
        if kind is not None and kind.get("volumeBindingMode") == "WaitForFirstConsumer" and not self._is_used(claim):
            await self._objects.set_status(CLAIMS, claim, {"phase": "Pending"})
            return
        volume = self._fitting(claim)
        if volume is not None:
            spec = {**volume["spec"], "claimRef": _reference(claim)}
            volume = await self._objects.update(VOLUMES, {**volume, "spec": spec})
        elif name != "" and (not name or kind is not None):
            volume = await self._make(claim, kind)
        if volume is None:
            await self._objects.set_status(CLAIMS, claim, {"phase": "Pending"})
            return
        change = {"metadata": {"annotations": _BOUND}, "spec": {"volumeName": volume["metadata"]["name"]}}
        await self._objects.patch(CLAIMS, claim, change)

    async def _report(self, claim: Document) -> None:
        volume = self._objects.get(VOLUMES, claim["spec"]["volumeName"])
        if volume is None:
            lost = bool(struct(claim, "metadata", "annotations").get("pv.kubernetes.io/bind-completed"))
            await self._objects.set_status(CLAIMS, claim, {"phase": "Lost" if lost else "Pending"})
            return
        if value(volume, "spec", "claimRef", "uid") is None:
            spec = {**volume["spec"], "claimRef": _reference(claim)}
            volume = await self._objects.update(VOLUMES, {**volume, "spec": spec})
        parts = {"accessModes": many(volume, "spec", "accessModes"), "capacity": struct(volume, "spec", "capacity")}
        if value(volume, "spec", "claimRef", "uid") == claim["metadata"]["uid"]:
            await self._objects.set_status(CLAIMS, claim, {**struct(claim, "status"), "phase": "Bound", **parts})

    def _fitting(self, claim: Document) -> Document | None:
        """The smallest volume that is free, or kept for it, and is enough."""
        fitting = [one for one in self._objects.list(VOLUMES) if _fits(one, claim)]
        return min(fitting, key=lambda one: (not value(one, "spec", "claimRef", "name"), _size(one)), default=None)

    async def _make(self, claim: Document, kind: Document | None) -> Document:
        name = f"pvc-{claim['metadata']['uid']}"
        there = self._objects.get(VOLUMES, name)
        if there is not None:
            return there
        spec: Document = {
            "accessModes": many(claim, "spec", "accessModes"),
            "capacity": {"storage": value(claim, "spec", "resources", "requests", "storage")},
            "claimRef": _reference(claim),
            "hostPath": {"path": f"/nowhere/{name}", "type": ""},
            "persistentVolumeReclaimPolicy": (kind or {}).get("reclaimPolicy", "Delete"),
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
        }
        if kind is not None:
            spec["storageClassName"] = kind["metadata"]["name"]
        provisioner = kind["provisioner"] if kind is not None else _PROVISIONER
        metadata = {"name": name, "annotations": {_BY: provisioner}}
        document = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}
        return await self._objects.create(VOLUMES, document)


class VolumeController:
    """Says what state volumes are in; deletes what was made for a claim that is gone.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (VOLUMES, CLAIMS)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A volume that changed, and that of a claim that did."""
        if event.bucket == VOLUMES:
            return (event.record.key,)
        name = self._objects.decoded(CLAIMS, event.record)["spec"].get("volumeName")
        return (name,) if name else ()

    def first_keys(self) -> Iterable[str]:
        """All volumes."""
        return self._objects.keys(VOLUMES)

    async def reconcile(self, key: str) -> float | None:
        """Bring one volume into order."""
        volume = self._objects.get(VOLUMES, key)
        if volume is None:
            return None
        phase = self._phase(volume)
        if volume["metadata"].get("deletionTimestamp"):
            finalizers = many(volume, "metadata", "finalizers")
            if _VOLUME_HELD in finalizers and phase != "Bound":
                left = [one for one in finalizers if one != _VOLUME_HELD]
                await self._objects.patch(VOLUMES, volume, {"metadata": {"finalizers": left or None}})
            return None
        if value(volume, "status", "phase") != phase:
            status = {"phase": phase, "lastPhaseTransitionTime": self._objects.now()}
            volume = await self._objects.set_status(VOLUMES, volume, status)
        if phase == "Released" and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            await self._objects.delete(VOLUMES, volume)
        return None

    def _phase(self, volume: Document) -> str:
        told = struct(volume, "spec", "claimRef")
        if not told.get("uid"):
            return "Available"
        claim = self._objects.get(CLAIMS, key_of(told["namespace"], told["name"]))
        if claim is None or claim["metadata"]["uid"] != told["uid"]:
            return "Released"
        return "Bound"


def _reference(claim: Document) -> Document:
    metadata = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }


def _size(volume: Document) -> float:
    return float(number(value(volume, "spec", "capacity", "storage") or 0))


def _fits(volume: Document, claim: Document) -> bool:
    told, metadata = struct(volume, "spec", "claimRef"), claim["metadata"]
    if volume["metadata"].get("deletionTimestamp"):
        return False
    if told and (told.get("namespace"), told.get("name")) != (metadata["namespace"], metadata["name"]):
        return False
    if told.get("uid") not in (None, metadata["uid"]):
        return False
    selector = claim["spec"].get("selector")
    return (
        (volume["spec"].get("storageClassName") or "") == (claim["spec"].get("storageClassName") or "")
        and set(many(claim, "spec", "accessModes")) <= set(many(volume, "spec", "accessModes"))
        and (selector is None or matches(selector, struct(volume, "metadata", "labels")))
        and _size(volume) >= float(number(value(claim, "spec", "resources", "requests", "storage") or 0))
    )
