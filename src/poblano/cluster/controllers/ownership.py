"""Who owns whom: what the garbage collector knows of the objects that have owners, or are on their way out.

Source: k8s.io/kubernetes/pkg/controller/garbagecollector/graph_builder.go
"""

from __future__ import annotations

from typing import Final, NamedTuple

from poblano.cluster.rest.delete import FOREGROUND, ORPHAN
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event, Record
from poblano.core.jsonvalue import Document

_SIGNS: Final = (b'"ownerReferences"', b'"deletionTimestamp"')
"""What the bytes of an object contain when it may concern the collector: the others are not even decoded."""


class Node(NamedTuple):
    """An object that is owned, or is on its way out."""

    bucket: Bucket
    key: str
    uid: str
    owners: tuple[Document, ...]
    finalizers: tuple[str, ...]
    is_going: bool

    @property
    def orphans(self) -> bool:
        """Whether it waits for its dependents to be let go."""
        return self.is_going and ORPHAN in self.finalizers

    @property
    def waits(self) -> bool:
        """Whether it waits for its dependents to be gone."""
        return self.is_going and FOREGROUND in self.finalizers


class Ownership:
    """The nodes by their uids, and the dependents of each."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        self._gone: set[str] = set()

    def get(self, uid: str) -> Node | None:
        """One node, or None."""
        return self._nodes.get(uid)

    def uids(self) -> list[str]:
        """All nodes."""
        return list(self._nodes)

    def dependents(self, uid: str) -> list[Node]:
        """What names that owner."""
        return [self._nodes[one] for one in self._dependents.get(uid, ())]

    def is_gone(self, uid: str) -> bool:
        """Whether an owner was seen to go, and something still names it: its kind may have gone with it."""
        return uid in self._gone

    def load(self, storage: Storage) -> None:
        """Note all there is."""
        for bucket in storage.buckets():
            for record in storage.records(bucket):
                if any(sign in record.value for sign in _SIGNS):
                    self._note(bucket, record, record.document()["metadata"])

    def heard(self, event: Event) -> set[str]:
        """Note what happened; gives the uids of all that it may mean something to."""
        if not self._concerns(event):
            return set()
        metadata: Document = event.record.document()["metadata"]
        uid: str = metadata.get("uid", "")
        before = self._nodes.get(uid)
        touched = {uid, *self._forget(uid)}
        if event.type == "DELETED":
            dependents = self._dependents.get(uid, {})
            if dependents:
                self._gone.add(uid)
            return (touched | dependents.keys()) - {uid}
        self._note(event.bucket, event.record, metadata)
        node = self._nodes.get(uid)
        if node == before:
            return set()
        if node is not None:
            touched |= {owner["uid"] for owner in node.owners}
            touched |= self._dependents.get(uid, {}).keys() if node.waits else set()
        return touched

    def _concerns(self, event: Event) -> bool:
        if event.type == "DELETED" and self._dependents:
            return True
        versions = (event.record, event.previous) if event.previous else (event.record,)
        return any(sign in one.value for one in versions for sign in _SIGNS)

    def _note(self, bucket: Bucket, record: Record, metadata: Document) -> None:
        owners = tuple(metadata.get("ownerReferences") or ())
        going = bool(metadata.get("deletionTimestamp"))
        if not (owners or going):
            return
        uid: str = metadata["uid"]
        for owner in owners:
            self._dependents.setdefault(owner["uid"], {})[uid] = None
        self._nodes[uid] = Node(bucket, record.key, uid, owners, tuple(metadata.get("finalizers") or ()), going)

    def _forget(self, uid: str) -> set[str]:
        """Gives the uids of the owners that it had."""
        node = self._nodes.pop(uid, None)
        owners = {owner["uid"] for owner in node.owners} if node else set[str]()
        for owner in owners:
            siblings = self._dependents.get(owner, {})
            siblings.pop(uid, None)
            if not siblings:
                self._dependents.pop(owner, None)
                self._gone.discard(owner)
        return owners
