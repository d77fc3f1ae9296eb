"""The objects of a request in the version that a webhook asked for.

Source: k8s.io/apiserver/pkg/admission/conversion.go
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from poblano.cluster import status
from poblano.cluster.attributes import Attributes
from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document

Convert: TypeAlias = Callable[[Document, Resource, Resource], Awaitable[Document]]
"""An object of one resource in the version of another that shares its storage: a new document. Raises StatusError."""

Equivalents: TypeAlias = Callable[[Resource], Iterable[Resource]]
"""The resources that share a resource's storage: its other versions, in the order of their registration."""

Restore: TypeAlias = Callable[[Document, Resource, GroupVersionKind], Document]
"""An object that a patch made, as the server's own decoder would have read it, with its defaults. Raises StatusError."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """What webhooks need to know about kinds; the server that they belong to gives it.

    Args:
        convert: between versions.
        equivalents: the other versions.
        restore: reads what a patch made.
    """

    convert: Convert
    equivalents: Equivalents
    restore: Restore


@dataclass(frozen=True, slots=True)
class Asked:
    """How a webhook is to see a request: as the resource that its rules name, which may be in another version.

    Args:
        resource: what the rules name.
        kind: what its objects are there.
    """

    resource: Resource
    kind: GroupVersionKind


@dataclass(frozen=True, slots=True)
class Seen:
    """The objects of a request in one version.

    Args:
        object: what is to be stored; None where there is none.
        old_object: what is stored; None where there is nothing.
    """

    object: Document | None
    old_object: Document | None


def kind_of(resource: Resource, subresource: str) -> GroupVersionKind | None:
    """What a resource or its subresource speaks; None where it has no such subresource."""
    if not subresource:
        return resource.gvk
    part = resource.subresources.get(subresource)
    return part.kind if part is not None else None


async def seen(attributes: Attributes, asked: Asked, convert: Convert) -> Seen:
    """The objects of a request as a webhook is to see them.

    Raises:
        StatusError: they cannot be converted: 500.
    """
    if asked.kind == attributes.kind:
        return Seen(attributes.object, attributes.old_object)
    found = [
        None if document is None else await converted(document, attributes.resource, asked.resource, convert)
        for document in (attributes.object, attributes.old_object)
    ]
    return Seen(found[0], found[1])


async def converted(document: Document, source: Resource, target: Resource, convert: Convert) -> Document:
    """An object in another version.

    Raises:
        StatusError: it cannot be converted: 500.
    """
    try:
        return await convert(document, source, target)
    except StatusError as error:
        raise error if error.reason == "InternalError" else status.internal(error.message) from None
