"""A Deployment's ReplicaSets: one for each template that it has had, the newest of which has the Pods in the end.

Source: k8s.io/kubernetes/pkg/controller/deployment/deployment_controller.go, sync.go, rolling.go, recreate.go
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from poblano.cluster.controllers.deployment_status import status_of
from poblano.cluster.controllers.objects import DEPLOYMENTS, PODS, REPLICA_SETS, Objects
from poblano.cluster.controllers.owning import claim, is_controlled_by, owner_keys, reference, selecting_keys
from poblano.cluster.controllers.revision_marks import (
    REVISION,
    newest_marks,
    revision_of,
    size_marks,
    was_sized,
)
from poblano.cluster.controllers.rollout import Bounds, Size, new_size, old_sizes, proportions
from poblano.cluster.controllers.templates import POD_TEMPLATE_HASH, hash_of, is_same
from poblano.cluster.kinds.tree import struct, value
from poblano.cluster.status import StatusError
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document


class DeploymentController:
    """Rolls out what Deployments say.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (DEPLOYMENTS, REPLICA_SETS, PODS)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A Deployment that changed, or whose ReplicaSet did, or whose last old Pod is gone."""
        if event.bucket == DEPLOYMENTS:
            return (event.record.key,)
        if event.bucket == REPLICA_SETS:
            taken_over = selecting_keys(self._objects, event, DEPLOYMENTS)
            return owner_keys(self._objects, event, "Deployment") | taken_over
        return self._waiting_for(event) if event.type == "DELETED" else ()

    def _waiting_for(self, event: Event) -> set[str]:
        """The Deployments that let all old Pods go before the first new one."""
        found: set[str] = set()
        for name in owner_keys(self._objects, event, "ReplicaSet"):
            owner = self._objects.get(REPLICA_SETS, name)
            for reference_ in owner["metadata"].get("ownerReferences", ()) if owner else ():
                found.add(key_of(name.partition("/")[0], reference_["name"]))
        return found

    def first_keys(self) -> Iterable[str]:
        """All Deployments."""
        return self._objects.keys(DEPLOYMENTS)

    async def reconcile(self, key: str) -> float | None:
        """Take the next step of one Deployment."""
        deployment = self._objects.get(DEPLOYMENTS, key)
        if deployment is None:
            return None
        sets = sorted(await claim(self._objects, REPLICA_SETS, deployment), key=_age)
        newest = next((one for one in sets if is_same(one["spec"]["template"], deployment["spec"]["template"])), None)
        old = [one for one in sets if one is not newest]
        if not deployment["metadata"].get("deletionTimestamp"):
            newest, old = await self._step(deployment, newest, old)
            deployment = self._objects.get(DEPLOYMENTS, key) or deployment
        sets = [*old, newest] if newest else old
        status, wait = status_of(self._objects, deployment, newest, sets)
        await self._objects.set_status(DEPLOYMENTS, deployment, status)
        return wait

    async def _step(
        self, deployment: Document, newest: Document | None, old: list[Document]
    ) -> tuple[Document | None, list[Document]]:
        paused = bool(deployment["spec"].get("paused"))
        recreates = value(deployment, "spec", "strategy", "type") == "Recreate"
        if newest is not None:
            newest = await self._marked(deployment, newest, old)
        active = [one for one in (*old, newest) if one is not None and one["spec"].get("replicas", 1) > 0]
        if paused or any(not was_sized(deployment, one) for one in active):
            return await self._scaled(deployment, newest, old)
        if recreates:
            newest, old = await self._recreated(deployment, newest, old)
        else:
            newest, old = await self._rolled(deployment, newest, old)
        return newest, await self._without_history(deployment, newest, old)

    async def _marked(self, deployment: Document, newest: Document, old: Sequence[Document]) -> Document:
        """Make the ReplicaSet of the newest template the one with the highest revision."""
        marks = newest_marks(deployment, newest, old)
        marks |= {name: text for name, text in _sizes(newest).items() if name in size_marks(deployment)}
        if marks != struct(newest, "metadata", "annotations") or _ready_seconds(newest) != _ready_seconds(deployment):
            spec = {**newest["spec"], "minReadySeconds": _ready_seconds(deployment)}
            changed = {**newest, "metadata": {**newest["metadata"], "annotations": marks}, "spec": spec}
            newest = await self._objects.update(REPLICA_SETS, changed)
        await self._note_revision(deployment, newest)
        return newest

    async def _note_revision(self, deployment: Document, newest: Document) -> None:
        if revision_of(deployment) != revision_of(newest):
            change = {"metadata": {"annotations": {REVISION: str(revision_of(newest))}}}
            await self._objects.patch(DEPLOYMENTS, deployment, change)

    async def _made(self, deployment: Document, old: Sequence[Document], replicas: int) -> Document:
        """The ReplicaSet of the newest template."""
        metadata, spec = deployment["metadata"], deployment["spec"]
        mark = hash_of(spec["template"], struct(deployment, "status").get("collisionCount", 0))
        template = struct(spec, "template")
        labels = {**struct(template, "metadata", "labels"), POD_TEMPLATE_HASH: mark}
        selector = struct(spec, "selector")
        matching = {**struct(selector, "matchLabels"), POD_TEMPLATE_HASH: mark}
        document: Document = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{metadata['name']}-{mark}",
                "namespace": metadata["namespace"],
                "labels": labels,
                "annotations": newest_marks(deployment, None, old),
                "ownerReferences": [reference(deployment)],
            },
            "spec": {
                "replicas": replicas,
                "minReadySeconds": _ready_seconds(deployment),
                "selector": {**selector, "matchLabels": matching},
                "template": {**template, "metadata": {**struct(template, "metadata"), "labels": labels}},
            },
        }
        try:
            made = await self._objects.create(REPLICA_SETS, document)
        except StatusError as error:
            if error.reason == "AlreadyExists":
                await self._count_collision(deployment, document)
            raise
        await self._note_revision(deployment, made)
        return made

    async def _count_collision(self, deployment: Document, document: Document) -> None:
        """Another's ReplicaSet has the name: the next try has another hash."""
        there = self._objects.get(REPLICA_SETS, key_of(document["metadata"]["namespace"], document["metadata"]["name"]))
        if there is None or is_controlled_by(there, deployment):
            return
        status = struct(deployment, "status")
        counted = {**status, "collisionCount": status.get("collisionCount", 0) + 1}
        await self._objects.set_status(DEPLOYMENTS, deployment, counted)

    async def _rolled(
        self, deployment: Document, newest: Document | None, old: list[Document]
    ) -> tuple[Document, list[Document]]:
        bounds = Bounds.of(deployment["spec"])
        running = sum(_wanted(one) for one in old)
        if newest is None:
            newest = await self._made(deployment, old, new_size(bounds, 0, running))
        else:
            newest = await self._sized(deployment, newest, new_size(bounds, _wanted(newest), running + _wanted(newest)))
        sizes = old_sizes(bounds, _size(newest), [_size(one) for one in old])
        return newest, [await self._sized(deployment, one, size) for one, size in zip(old, sizes, strict=True)]

    async def _recreated(
        self, deployment: Document, newest: Document | None, old: list[Document]
    ) -> tuple[Document | None, list[Document]]:
        old = [await self._sized(deployment, one, 0) for one in old]
        if any(self._has_pods(one) for one in old):
            return newest, old
        wanted = Bounds.of(deployment["spec"]).replicas
        if newest is None:
            return await self._made(deployment, old, wanted), old
        return await self._sized(deployment, newest, wanted), old

    def _has_pods(self, replica_set: Document) -> bool:
        pods = self._objects.list(PODS, replica_set["metadata"]["namespace"])
        return any(
            is_controlled_by(pod, replica_set) and value(pod, "status", "phase") not in ("Succeeded", "Failed")
            for pod in pods
        )

    async def _scaled(
        self, deployment: Document, newest: Document | None, old: list[Document]
    ) -> tuple[Document | None, list[Document]]:
        """Give all ReplicaSets their part of a new size; nothing is rolled out."""
        bounds = Bounds.of(deployment["spec"])
        every = [*old, newest] if newest else old
        active = [one for one in every if _wanted(one)] or every[-1:]
        if newest is not None and struct(newest, "status").get("availableReplicas", 0) >= bounds.replicas == _wanted(
            newest
        ):
            sizes = {id(one): 0 if one is not newest else bounds.replicas for one in active}
        elif len(active) == 1:
            sizes = {id(active[0]): bounds.replicas}
        else:
            found = proportions(bounds, [_wanted(one) for one in active])
            sizes = {id(one): size for one, size in zip(active, found, strict=True)}
        after = [await self._sized(deployment, one, sizes.get(id(one), _wanted(one))) for one in every]
        return (after[-1], after[:-1]) if newest else (None, after)

    async def _sized(self, deployment: Document, replica_set: Document, replicas: int) -> Document:
        """A ReplicaSet that wants that many, and knows the size of its Deployment."""
        marks = size_marks(deployment)
        if _wanted(replica_set) == replicas and (not replicas or _sizes(replica_set) == marks):
            return replica_set
        change = {"metadata": {"annotations": marks}, "spec": {"replicas": replicas}}
        return await self._objects.patch(REPLICA_SETS, replica_set, change)

    async def _without_history(
        self, deployment: Document, newest: Document | None, old: list[Document]
    ) -> list[Document]:
        """Delete the oldest ReplicaSets that are empty, once the newest has all Pods."""
        limit: int = deployment["spec"].get("revisionHistoryLimit", 10)
        if (
            newest is None
            or struct(newest, "status").get("availableReplicas", 0) < Bounds.of(deployment["spec"]).replicas
        ):
            return old
        empty = [
            one for one in sorted(old, key=revision_of) if not _wanted(one) and not value(one, "status", "replicas")
        ]
        surplus = empty[: max(0, len(old) - limit)]
        for one in surplus:
            await self._objects.delete(REPLICA_SETS, one)
        return [one for one in old if one not in surplus]


def _age(document: Document) -> tuple[str, str]:
    return document["metadata"]["creationTimestamp"], document["metadata"]["name"]


def _wanted(replica_set: Document) -> int:
    wanted: int = replica_set["spec"].get("replicas", 1)
    return wanted


def _size(replica_set: Document) -> Size:
    return Size(_wanted(replica_set), struct(replica_set, "status").get("availableReplicas", 0))


def _sizes(replica_set: Document) -> dict[str, str]:
    marks = struct(replica_set, "metadata", "annotations")
    return {name: marks[name] for name in marks if name.endswith(("/desired-replicas", "/max-replicas"))}


def _ready_seconds(document: Document) -> int:
    seconds: int = document["spec"].get("minReadySeconds", 0)
    return seconds
