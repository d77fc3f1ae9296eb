"""Owners and their dependents: what nobody owns any more is deleted, what is orphaned is let go.

Source: k8s.io/kubernetes/pkg/controller/garbagecollector/garbagecollector.go
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from poblano.cluster.local import LocalClient
from poblano.cluster.resources import Resource
from poblano.cluster.rest.delete import FOREGROUND, ORPHAN
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event, Record, key_of
from poblano.core.jsonvalue import Document

_AGAIN: Final = 0.1
_SIGNS: Final = (b'"ownerReferences"', b'"deletionTimestamp"')
"""What the bytes of an object contain when it may concern the collector: the others are not even decoded."""


class _Node(NamedTuple):
    """An object that is owned, or is on its way out."""

    bucket: Bucket
    key: str
    uid: str
    owners: tuple[Document, ...]
    finalizers: tuple[str, ...]
    is_going: bool


class GarbageCollector:
    """Looks after every object that has an owner or waits for its dependents.

    Args:
        client: may delete anything.
        storage: what there is.
        delay: seconds for which what is to go stays; the real collector takes some, too.
    """

    def __init__(self, client: LocalClient, storage: Storage, *, delay: float) -> None:
        self._client, self._storage, self._delay = client, storage, delay
        self._nodes: dict[str, _Node] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        self._due: set[str] = set()

    @property
    def buckets(self) -> tuple[Bucket | None, ...]:
        """Everything."""
        return (None,)

    def keys(self, event: Event) -> Iterable[str]:
        """The uid of what changed, those of its owners, and of its dependents when it is gone."""
        if not self._concerns(event):
            return ()
        metadata: Document = event.record.document()["metadata"]
        uid: str = metadata.get("uid", "")
        before = self._nodes.get(uid)
        owners = {
            owner["uid"] for owner in (*(before.owners if before else ()), *(metadata.get("ownerReferences") or ()))
        }
        self._forget(uid)
        if event.type == "DELETED":
            return (*self._dependents.get(uid, ()), *owners)
        self._note(event.bucket, event.record, metadata)
        return (uid, *owners)

    def _concerns(self, event: Event) -> bool:
        if event.type == "DELETED" and self._dependents:
            return True
        versions = (event.record, event.previous) if event.previous else (event.record,)
        return any(sign in one.value for one in versions for sign in _SIGNS)

    def first_keys(self) -> Iterable[str]:
        """Whatever has an owner, or is on its way out."""
        for bucket in self._storage.buckets():
            for record in self._storage.records(bucket):
                if any(sign in record.value for sign in _SIGNS):
                    self._note(bucket, record, record.document()["metadata"])
        return list(self._nodes)

    async def reconcile(self, key: str) -> float | None:
        """Decide about one object."""
        node = self._nodes.get(key)
        if node is None:
            return None
        if node.is_going and (ORPHAN in node.finalizers or FOREGROUND in node.finalizers):
            return await self._finish(node)
        if not node.owners or node.is_going:
            self._due.discard(key)
            return None
        solid, dangling, waiting = self._sorted(node)
        if not (dangling or waiting):
            self._due.discard(key)
            return None
        if key not in self._due:
            self._due.add(key)
            return self._delay
        self._due.discard(key)
        if solid:
            await self._drop_owners(node, {owner["uid"] for owner in (*dangling, *waiting)})
            return None
        await self._delete(node, foreground=bool(waiting) and bool(self._dependents.get(node.uid)))
        return None

    def _sorted(self, node: _Node) -> tuple[list[Document], list[Document], list[Document]]:
        """The owners that are there, those that are gone, and those that wait for their dependents to go."""
        solid: list[Document] = []
        dangling: list[Document] = []
        waiting: list[Document] = []
        for owner in node.owners:
            there = self._owner(owner, node)
            if there is None:
                dangling.append(owner)
            elif there.get("deletionTimestamp") and FOREGROUND in (there.get("finalizers") or ()):
                waiting.append(owner)
            else:
                solid.append(owner)
        return solid, dangling, waiting

    def _owner(self, owner: Document, node: _Node) -> Document | None:
        """The metadata of an owner; None when it is gone, though another may have its name. A kind that is not served
        is taken to be there: nothing is deleted because of a definition that is missing."""
        group, _, version = owner["apiVersion"].rpartition("/")
        resource = self._client.registry.kind(group, version, owner["kind"])
        if resource is None:
            return {}
        namespace = node.key.rpartition("/")[0] if resource.namespaced else ""
        record = self._storage.get(bucket_of(resource), key_of(namespace, owner["name"]))
        metadata: Document | None = record.document()["metadata"] if record else None
        return metadata if metadata is not None and metadata["uid"] == owner["uid"] else None

    async def _finish(self, node: _Node) -> float | None:
        """Let an object go that waits: after its dependents are orphaned, or gone."""
        if node.uid not in self._due:
            self._due.add(node.uid)
            return self._delay
        dependents = [self._nodes[uid] for uid in self._dependents.get(node.uid, ()) if uid in self._nodes]
        if ORPHAN in node.finalizers:
            for one in dependents:
                await self._drop_owners(one, {node.uid})
            await self._drop_finalizer(node, ORPHAN)
            return None
        blocking = [
            one for one in dependents if any(o["uid"] == node.uid and o.get("blockOwnerDeletion") for o in one.owners)
        ]
        for one in dependents:
            if not one.is_going:
                await self._delete(one, foreground=bool(self._dependents.get(one.uid)))
        if blocking:
            return _AGAIN
        await self._drop_finalizer(node, FOREGROUND)
        return None

    async def _delete(self, node: _Node, *, foreground: bool) -> None:
        resource, namespace, name = self._place(node)
        if resource is None:
            return
        options: Document = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": node.uid},
            "propagationPolicy": "Foreground" if foreground else "Background",
        }
        try:
            await self._client.delete(resource, namespace, name, options)
        except StatusError as error:
            if error.reason not in ("NotFound", "Conflict"):
                raise

    async def _drop_owners(self, node: _Node, uids: set[str]) -> None:
        owners = [owner for owner in node.owners if owner["uid"] not in uids]
        await self._patch(node, {"metadata": {"uid": node.uid, "ownerReferences": owners or None}})

    async def _drop_finalizer(self, node: _Node, finalizer: str) -> None:
        finalizers = [one for one in node.finalizers if one != finalizer]
        await self._patch(node, {"metadata": {"uid": node.uid, "finalizers": finalizers or None}})

    async def _patch(self, node: _Node, change: Any) -> None:
        resource, namespace, name = self._place(node)
        if resource is None:
            return
        try:
            await self._client.patch(resource, namespace, name, change)
        except StatusError as error:
            if error.reason != "NotFound":
                raise

    def _place(self, node: _Node) -> tuple[Resource | None, str, str]:
        namespace, _, name = node.key.rpartition("/")
        found = next(
            (one for one in self._client.registry if bucket_of(one) == node.bucket and "delete" in one.verbs), None
        )
        return found, namespace, name

    def _note(self, bucket: Bucket, record: Record, metadata: Document) -> None:
        owners = tuple(metadata.get("ownerReferences") or ())
        going = bool(metadata.get("deletionTimestamp"))
        if not (owners or going):
            return
        uid: str = metadata["uid"]
        for owner in owners:
            self._dependents.setdefault(owner["uid"], {})[uid] = None
        self._nodes[uid] = _Node(bucket, record.key, uid, owners, tuple(metadata.get("finalizers") or ()), going)

    def _forget(self, uid: str) -> None:
        node = self._nodes.pop(uid, None)
        for owner in node.owners if node else ():
            siblings = self._dependents.get(owner["uid"], {})
            siblings.pop(uid, None)
            if not siblings:
                self._dependents.pop(owner["uid"], None)
