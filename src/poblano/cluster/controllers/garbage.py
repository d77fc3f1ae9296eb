"""Owners and their dependents: what nobody owns any more is deleted, what is orphaned is let go.

Source: k8s.io/kubernetes/pkg/controller/garbagecollector/garbagecollector.go
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple

from poblano.cluster.controllers.ownership import Node, Ownership
from poblano.cluster.local import LocalClient
from poblano.cluster.resources import Resource
from poblano.cluster.rest.delete import FOREGROUND, ORPHAN
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document


class _Owners(NamedTuple):
    """The owners of an object: those that are there, those that are gone, those that wait for their dependents to go."""

    solid: list[Document]
    dangling: list[Document]
    waiting: list[Document]


class GarbageCollector:
    """Looks after every object that has an owner or waits for its dependents.

    Args:
        client: may delete anything.
        storage: what there is.
        delay: seconds for which what is to go stays; the real collector takes some, too.
    """

    buckets: tuple[Bucket | None, ...] = (None,)

    def __init__(self, client: LocalClient, storage: Storage, *, delay: float) -> None:
        self._client, self._storage, self._delay = client, storage, delay
        self._known = Ownership()
        self._due: dict[str, float] = {}

    def keys(self, event: Event) -> Iterable[str]:
        """The uids of what changed, of its owners, and of the dependents of what is gone or waits for them to go."""
        return self._known.heard(event)

    def first_keys(self) -> Iterable[str]:
        """Whatever has an owner, or is on its way out."""
        self._known.load(self._storage)
        return self._known.uids()

    async def reconcile(self, key: str) -> float | None:
        """Decide about one object."""
        node = self._known.get(key)
        if node is None or not self._has_work(node):
            self._due.pop(key, None)
            return None
        now = asyncio.get_running_loop().time()
        wait = self._due.setdefault(key, now + self._delay) - now
        if wait > 0:
            return wait
        if not self._is_blocked(node):
            await self._work(node)
            self._due.pop(key, None)
        return None

    def _has_work(self, node: Node) -> bool:
        if node.orphans or node.waits:
            return True
        owners = self._owners(node)
        return not node.is_going and bool(owners.dangling or owners.waiting)

    def _is_blocked(self, node: Node) -> bool:
        """Whether it waits for a dependent, whose end will be heard of."""
        return node.waits and any(_blocks(one, node) for one in self._known.dependents(node.uid))

    async def _work(self, node: Node) -> None:
        if node.orphans:
            for one in self._known.dependents(node.uid):
                await self._drop_owners(one, {node.uid})
            await self._drop_finalizer(node, ORPHAN)
        elif node.waits:
            await self._drop_finalizer(node, FOREGROUND)
        else:
            await self._collect(node, self._owners(node))

    async def _collect(self, node: Node, owners: _Owners) -> None:
        if owners.solid:
            await self._drop_owners(node, {owner["uid"] for owner in (*owners.dangling, *owners.waiting)})
            return
        dependents = self._known.dependents(node.uid)
        if owners.waiting and dependents:
            for one in dependents:
                if one.waits:  # a circle: nobody may wait for the other
                    await self._unblock(node)
                    break
            await self._delete(node, "Foreground")
        else:
            await self._delete(node, _asked(node))

    def _owners(self, node: Node) -> _Owners:
        found = _Owners([], [], [])
        for owner in node.owners:
            there = self._owner(owner, node)
            if there is None:
                found.dangling.append(owner)
            elif there.get("deletionTimestamp") and FOREGROUND in (there.get("finalizers") or ()):
                found.waiting.append(owner)
            else:
                found.solid.append(owner)
        return found

    def _owner(self, owner: Document, node: Node) -> Document | None:
        """The metadata of an owner; None when it is gone, though another may have its name.

        What cannot be known is taken to be there: an owner of a kind that is not served, or in a namespace, of an object
        that is in none.
        """
        if self._known.is_gone(owner["uid"]):
            return None
        group, _, version = owner["apiVersion"].rpartition("/")
        resource = self._client.registry.kind(group, version, owner["kind"])
        namespace = node.key.rpartition("/")[0]
        if resource is None or (resource.namespaced and not namespace):
            return {}
        record = self._storage.get(bucket_of(resource), key_of(namespace if resource.namespaced else "", owner["name"]))
        metadata: Document | None = record.document()["metadata"] if record else None
        return metadata if metadata is not None and metadata["uid"] == owner["uid"] else None

    async def _delete(self, node: Node, propagation: str) -> None:
        resource, namespace, name = self._place(node)
        if resource is None:
            return
        kind = {"apiVersion": "v1", "kind": "DeleteOptions"}
        options: Document = {**kind, "preconditions": {"uid": node.uid}, "propagationPolicy": propagation}
        try:
            await self._client.delete(resource, namespace, name, options)
        except StatusError as error:
            if error.reason not in ("NotFound", "Conflict"):
                raise

    async def _drop_owners(self, node: Node, uids: set[str]) -> None:
        left = [owner for owner in node.owners if owner["uid"] not in uids]
        await self._patch(node, {"ownerReferences": left or None})

    async def _unblock(self, node: Node) -> None:
        left = [{**owner, "blockOwnerDeletion": False} for owner in node.owners]
        await self._patch(node, {"ownerReferences": left})

    async def _drop_finalizer(self, node: Node, finalizer: str) -> None:
        left = [one for one in node.finalizers if one != finalizer]
        await self._patch(node, {"finalizers": left or None})

    async def _patch(self, node: Node, change: Document) -> None:
        """Change the metadata of an object as it is now; when it changed meanwhile, it is another's turn to be looked at."""
        resource, namespace, name = self._place(node)
        record = self._storage.get(node.bucket, node.key)
        if resource is None or record is None:
            return
        metadata: dict[str, Any] = {**change, "uid": node.uid, "resourceVersion": str(record.revision)}
        try:
            await self._client.patch(resource, namespace, name, {"metadata": metadata})
        except StatusError as error:
            if error.reason != "NotFound":
                raise

    def _place(self, node: Node) -> tuple[Resource | None, str, str]:
        namespace, _, name = node.key.rpartition("/")
        found = (one for one in self._client.registry if bucket_of(one) == node.bucket and "delete" in one.verbs)
        return next(found, None), namespace, name


def _blocks(dependent: Node, owner: Node) -> bool:
    return any(one["uid"] == owner.uid and one.get("blockOwnerDeletion") for one in dependent.owners)


def _asked(node: Node) -> str:
    """How what is deleted by itself goes: as its finalizers say."""
    if ORPHAN in node.finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in node.finalizers else "Background"
