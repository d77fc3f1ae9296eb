"""What the verbs work on: the parts of one cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from poblano.cluster.access import Access
from poblano.cluster.clock import Clock
from poblano.cluster.discovery import Discovery
from poblano.cluster.faults import Faults
from poblano.cluster.openapi import OpenAPI
from poblano.cluster.plugins import Admission
from poblano.cluster.resources import Registry
from poblano.cluster.rest.exchange import Request
from poblano.cluster.rest.hub import Hub
from poblano.cluster.rest.stored import Stored, bucket_of
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Record, key_of
from poblano.core.jsonvalue import Document


class StorageLookup:
    """The stored objects, decoded once and kept as long as they do not change.

    Args:
        storage: what holds them.
        registry: tells their kinds.
        clock: tells the time.
        keep: the resources whose decoded objects are kept, since every request asks for them.
    """

    def __init__(self, storage: Storage, registry: Registry, clock: Clock) -> None:
        self._storage, self._registry, self._clock = storage, registry, clock
        self._kept: dict[tuple[str, str, str], tuple[int, Document]] = {}

    def get(self, group: str, plural: str, namespace: str, name: str) -> Document | None:
        """One object, or None."""
        record = self._storage.get((group, plural), key_of(namespace, name))
        return None if record is None else self._document(group, plural, record)

    def list(self, group: str, plural: str, namespace: str | None = None) -> Iterator[Document]:
        """All objects of a kind, by namespace and name."""
        for record in self._storage.records((group, plural), f"{namespace}/" if namespace else ""):
            yield self._document(group, plural, record)

    def revision(self, group: str, plural: str) -> int:
        """The revision of the last change to any object of the kind."""
        return self._storage.changed((group, plural))

    def now(self) -> str:
        """The time as the API writes it."""
        return self._clock.now()

    def _document(self, group: str, plural: str, record: Record) -> Document:
        if plural not in _KEPT:
            return self._typed(group, plural, record)
        at = (group, plural, record.key)
        kept = self._kept.get(at)
        if kept is None or kept[0] != record.revision:
            kept = self._kept[at] = (record.revision, self._typed(group, plural, record))
        return kept[1]

    def _typed(self, group: str, plural: str, record: Record) -> Document:
        resource = self._registry.find(group, record.version, plural)
        kind = {"kind": resource.kind, "apiVersion": resource.api_version} if resource else {}
        return {**kind, **record.document()}


_KEPT = frozenset({
    "namespaces", "roles", "clusterroles", "rolebindings", "clusterrolebindings", "serviceaccounts",
    "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "priorityclasses", "limitranges",
})  # fmt: skip


@dataclass(slots=True)
class Server:
    """The parts of one cluster.

    Args:
        storage: holds the objects.
        registry: what is served.
        stored: between the two.
        lookup: decoded objects, for whoever decides by them.
        access: who may do what.
        webhooks: who else is asked: the plugins and the webhooks.
        clock: the time.
        discovery, openapi: what is served, told to clients.
        hub: the watches.
        faults: what goes wrong on purpose.
    """

    storage: Storage
    registry: Registry
    stored: Stored
    lookup: StorageLookup
    access: Access
    webhooks: Admission
    clock: Clock
    discovery: Discovery
    openapi: OpenAPI
    hub: Hub
    faults: Faults

    def find(self, request: Request) -> Record | None:
        """The record that a request names, or None."""
        target = request.target
        return self.storage.get(
            bucket_of(request.resource),
            key_of(target.namespace if request.resource.namespaced else "", target.name),
        )
