"""A StatefulSet's Pods: numbered, each with its claims, made, changed and deleted one after the other.

Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_control.go, stateful_set_utils.go
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from poblano.cluster.controllers.conditions import counted
from poblano.cluster.controllers.objects import CLAIMS, PODS, STATEFUL_SETS, Objects
from poblano.cluster.controllers.owning import (
    available_in,
    claim,
    count_available,
    owner_keys,
    pod_of,
    selecting_keys,
)
from poblano.cluster.controllers.revisions import HASH, forget_old, revisions, template_of
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document

_NAME: Final = "statefulset.kubernetes.io/pod-name"
_INDEX: Final = "apps.kubernetes.io/pod-index"


class StatefulSetController:
    """Takes StatefulSets, step by step, to where they are to be.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (STATEFUL_SETS, PODS)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A StatefulSet that changed, and the owners of a Pod that did."""
        if event.bucket == STATEFUL_SETS:
            return (event.record.key,)
        return owner_keys(self._objects, event, "StatefulSet") | selecting_keys(self._objects, event, STATEFUL_SETS)

    def first_keys(self) -> Iterable[str]:
        """All StatefulSets."""
        return self._objects.keys(STATEFUL_SETS)

    async def reconcile(self, key: str) -> float | None:
        """Take the next step of one StatefulSet."""
        owner = self._objects.get(STATEFUL_SETS, key)
        if owner is None or owner["metadata"].get("deletionTimestamp"):
            return None
        found = await revisions(self._objects, owner)
        current = _current(owner, found)
        await self._step(owner, await self._pods(owner), current, found[-1])
        pods = await self._pods(owner)
        wait = await self._report(owner, pods, current, found[-1])
        used = {struct(pod, "metadata", "labels").get(HASH, "") for pod in pods.values()}
        await forget_old(self._objects, owner, found, used | {current["metadata"]["name"]})
        return wait

    async def _pods(self, owner: Document) -> dict[int, Document]:
        found = await claim(self._objects, PODS, owner)
        return {number: pod for pod in found if (number := _number(owner, pod)) is not None}

    async def _step(self, owner: Document, pods: Mapping[int, Document], current: Document, newest: Document) -> None:
        """Make what is missing, in order; delete what is too much, from the end; then change what is old, from the end."""
        one_by_one = owner["spec"].get("podManagementPolicy") != "Parallel"
        wanted = _wanted(owner)
        for number in wanted:
            pod = pods.get(number)
            if pod is None:
                await self._make(owner, number, current if number < _partition(owner) else newest)
            elif pod["metadata"].get("deletionTimestamp"):
                pass
            elif value(pod, "status", "phase") in ("Failed", "Succeeded"):
                await self._objects.delete(PODS, pod)
            elif self._is_available(owner, pod):
                continue
            if one_by_one:
                return
        surplus = sorted((number for number in pods if number not in wanted), reverse=True)
        for number in surplus:
            if not pods[number]["metadata"].get("deletionTimestamp"):
                await self._objects.delete(PODS, pods[number])
            if one_by_one:
                return
        if value(owner, "spec", "updateStrategy", "type") != "OnDelete":
            await self._change(owner, pods, newest)

    async def _change(self, owner: Document, pods: Mapping[int, Document], newest: Document) -> None:
        for number in reversed(_wanted(owner)):
            pod = pods.get(number)
            if number < _partition(owner):
                return
            if pod is not None and _revision(pod) != newest["metadata"]["name"]:
                if not pod["metadata"].get("deletionTimestamp"):
                    await self._objects.delete(PODS, pod)
                return
            if not self._is_healthy(owner, pods, number):
                return

    def _is_healthy(self, owner: Document, pods: Mapping[int, Document], number: int) -> bool:
        pod = pods.get(number)
        return pod is not None and not pod["metadata"].get("deletionTimestamp") and self._is_available(owner, pod)

    def _is_available(self, owner: Document, pod: Document) -> bool:
        return available_in(self._objects, pod, owner["spec"].get("minReadySeconds", 0)) == 0

    async def _make(self, owner: Document, number: int, revision: Document) -> None:
        metadata = owner["metadata"]
        name = f"{metadata['name']}-{number}"
        labels = {_NAME: name, _INDEX: str(number), HASH: revision["metadata"]["name"]}
        pod = pod_of(template_of(revision), owner, name=name, labels=labels)
        pod["spec"] |= {"hostname": name}
        if owner["spec"].get("serviceName"):
            pod["spec"]["subdomain"] = owner["spec"]["serviceName"]
        templates = {one["metadata"]["name"]: one for one in many(owner, "spec", "volumeClaimTemplates")}
        claims = {part: f"{part}-{name}" for part in templates}
        for part, template in templates.items():
            await self._make_claim(owner, claims[part], template)
        volumes = [one for one in many(pod, "spec", "volumes") if one["name"] not in claims]
        own = [{"name": part, "persistentVolumeClaim": {"claimName": one}} for part, one in claims.items()]
        if volumes or own:
            pod["spec"]["volumes"] = [*own, *volumes]
        await self._objects.create(PODS, pod)

    async def _make_claim(self, owner: Document, name: str, template: Document) -> None:
        namespace = owner["metadata"]["namespace"]
        if self._objects.get(CLAIMS, key_of(namespace, name)) is not None:
            return
        given = struct(template, "metadata")
        labels = {**struct(given, "labels"), **struct(owner, "spec", "selector", "matchLabels")}
        metadata: Document = {"name": name, "namespace": namespace, "labels": labels}
        if given.get("annotations"):
            metadata["annotations"] = given["annotations"]
        kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        await self._objects.create(CLAIMS, {**kind, "metadata": metadata, "spec": template["spec"]})

    async def _report(
        self, owner: Document, pods: Mapping[int, Document], current: Document, newest: Document
    ) -> float | None:
        alive = [pod for pod in pods.values() if not pod["metadata"].get("deletionTimestamp")]
        ready, available, wait = count_available(self._objects, alive, owner["spec"].get("minReadySeconds", 0))
        updated = sum(_revision(pod) == newest["metadata"]["name"] for pod in alive)
        wanted = len(_wanted(owner))
        is_done = updated == ready == wanted == len(pods) and not value(
            owner, "spec", "updateStrategy", "rollingUpdate", "partition"
        )
        current = newest if is_done else current
        status: Document = {"observedGeneration": owner["metadata"].get("generation", 0), "replicas": len(pods)}
        status |= counted(
            readyReplicas=ready,
            currentReplicas=sum(_revision(pod) == current["metadata"]["name"] for pod in alive),
            updatedReplicas=updated,
        )
        status |= {"currentRevision": current["metadata"]["name"], "updateRevision": newest["metadata"]["name"]}
        status |= {"collisionCount": 0, "availableReplicas": available}
        await self._objects.set_status(STATEFUL_SETS, owner, status)
        return wait


def _wanted(owner: Document) -> range:
    start: int = struct(owner, "spec", "ordinals").get("start", 0)
    return range(start, start + owner["spec"].get("replicas", 1))


def _partition(owner: Document) -> int:
    start: int = struct(owner, "spec", "ordinals").get("start", 0)
    partition: int = value(owner, "spec", "updateStrategy", "rollingUpdate", "partition") or 0
    return start + partition


def _current(owner: Document, found: list[Document]) -> Document:
    """The revision that the rollout under way leaves behind; the newest when there is none."""
    name = struct(owner, "status").get("currentRevision")
    return next((one for one in found if one["metadata"]["name"] == name), found[-1])


def _revision(pod: Document) -> str:
    name: str = struct(pod, "metadata", "labels").get(HASH, "")
    return name


def _number(owner: Document, pod: Document) -> int | None:
    parent, _, number = pod["metadata"]["name"].rpartition("-")
    return int(number) if parent == owner["metadata"]["name"] and number.isdecimal() else None
