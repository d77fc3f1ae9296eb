"""Between what is stored and what is served: versions, types, and which objects belong together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from poblano.cluster.kinds import strategy as built_in_strategy
from poblano.cluster.kinds.conversion import convert
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.resources import Registry, Resource
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Record, key_of
from poblano.core.jsonvalue import Document

_TOGETHER: Final[dict[Bucket, Bucket]] = {("events.k8s.io", "events"): ("", "events")}
"""Resources of two groups that share their objects."""

_STORED_IN: Final[dict[Bucket, tuple[str, str]]] = {
    ("", "events"): ("", "v1"),
    ("autoscaling", "horizontalpodautoscalers"): ("autoscaling", "v2"),
}
"""The group and version in which built-in resources of several versions are stored."""


def bucket_of(resource: Resource) -> Bucket:
    """Where the objects of a resource are kept."""
    own = (resource.group, resource.plural)
    return _TOGETHER.get(own, own)


_REGISTRY_NAMES: Final = {
    "services": "services/specs",
    "endpoints": "services/endpoints",
    "nodes": "minions",
    "replicationcontrollers": "controllers",
    "ingresses": "ingress",
}
_BY_GROUP: Final = ("apiextensions.k8s.io", "apiregistration.k8s.io")


def registry_key(resource: Resource, namespace: str, name: str) -> str:
    """Where the real server keeps an object: its refusals name the place.

    >>> from poblano.cluster.resources import Registry
    >>> registry_key(Registry().find("", "v1", "nodes"), "", "n1")
    '/registry/minions/n1'
    """
    by_group = resource.custom is not None or resource.group in _BY_GROUP
    plural = _REGISTRY_NAMES.get(resource.plural, resource.plural)
    place = f"{resource.group}/{resource.plural}" if by_group else plural
    return f"/registry/{place}/{key_of(namespace if resource.namespaced else '', name)}"


def strategy_of(resource: Resource) -> Strategy:
    """What the kind does with its objects."""
    if resource.custom is not None:
        found: Strategy = resource.custom.strategy(resource.version)
        return found
    if (resource.group, resource.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        return _definitions()
    return built_in_strategy(resource.group, resource.kind)


@cache
def _definitions() -> Strategy:
    from poblano.cluster.custom.definition_strategy import CustomResourceDefinition

    return CustomResourceDefinition("apiextensions.k8s.io", "CustomResourceDefinition")


class Stored:
    """Objects as they are served.

    Args:
        storage: what holds them.
        registry: what is served.
    """

    def __init__(self, storage: Storage, registry: Registry) -> None:
        self.storage = storage
        self.registry = registry

    def find(self, resource: Resource, namespace: str, name: str) -> Record | None:
        """One record, or None."""
        return self.storage.get(bucket_of(resource), key_of(namespace if resource.namespaced else "", name))

    async def load(self, resource: Resource, record: Record) -> Document:
        """The object in the version that is asked for, with its apiVersion and kind."""
        documents = await self.load_all(resource, [record])
        return documents[0]

    async def load_all(self, resource: Resource, records: Sequence[Record]) -> list[Document]:
        """Several objects, as `load`; a custom kind's webhook converts them in one go."""
        found = [self.typed(resource, record) for record in records]
        if all(self._is_of(resource, record) for record in records):
            return found
        if resource.custom is not None:
            converted: list[Document] = await resource.custom.convert(found, resource.version)
            return converted
        return [self._converted(resource, record, one) for record, one in zip(records, found, strict=True)]

    def typed(self, resource: Resource, record: Record) -> Document:
        """The object as it is stored, with its apiVersion and kind in front."""
        stored = self.stored_as(resource, record)
        return {"kind": stored.kind, "apiVersion": stored.api_version, **record.document()}

    async def to_storage(self, resource: Resource, document: Document) -> tuple[str, Document]:
        """The version in which an object is stored, and the object in it."""
        stored = self.storage_resource(resource)
        return stored.version, document if stored is resource else await self.convert(document, resource, stored)

    async def convert(self, document: Document, source: Resource, target: Resource) -> Document:
        """An object in another version of its resource."""
        if source.custom is not None:
            converted: list[Document] = await source.custom.convert([document], target.version)
            return converted[0]
        return convert(document, source, target)

    def storage_resource(self, resource: Resource) -> Resource:
        """The resource in the version in which its objects are stored."""
        if resource.custom is not None:
            return self._sibling(resource, resource.group, resource.custom.storage_version)
        known = _STORED_IN.get(bucket_of(resource))
        return self._sibling(resource, *known) if known else resource

    def stored_as(self, resource: Resource, record: Record) -> Resource:
        """The resource in the version that a record is in."""
        group = bucket_of(resource)[0]
        if record.version == resource.version and group == resource.group:
            return resource
        return self._sibling(resource, group, record.version)

    def serves_as_stored(self, resource: Resource, record: Record) -> bool:
        """Whether the stored bytes can be sent as they are."""
        return self._is_of(resource, record)

    def _converted(self, resource: Resource, record: Record, document: Document) -> Document:
        stored = self.stored_as(resource, record)
        return document if stored is resource else convert(document, stored, resource)

    def _is_of(self, resource: Resource, record: Record) -> bool:
        return record.version == resource.version and bucket_of(resource)[0] == resource.group

    def _sibling(self, resource: Resource, group: str, version: str) -> Resource:
        found = self.registry.find(group, version, resource.plural)
        if found is not None:
            return found
        if resource.custom is not None:
            sibling: Resource = resource.custom.resource(version)
            return sibling
        return resource
