"""Where an object lives, checked: an empty name would turn a delete of one object into a delete of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poblano.core.errors import MalformedObject
from poblano.core.kinds import Kind


@dataclass(frozen=True, slots=True)
class Target:
    """What a write is about; `name` is "" when the server is to make one up."""

    collection: str
    namespace: str
    name: str


def object_path(kind: Kind, name: str, namespace: str, subresource: str = "") -> str:
    """The path of one object.

    Raises:
        MalformedObject: the name is no name, or the namespace is missing.

    >>> object_path(Kind("apps", "v1", "Deployment", "deployments"), "web", "shop", "scale")
    '/apis/apps/v1/namespaces/shop/deployments/web/scale'
    """
    check_segment(f"the name of a {kind.kind}", name)
    if subresource:
        for part in subresource.split("/"):
            check_segment(f"a subresource of {kind.kind}", part)
    return kind.path(_namespace(kind, namespace), name, "") + (f"/{subresource}" if subresource else "")


def write_target(kind: Kind, document: Mapping[str, Any], namespace: str) -> Target:
    """Where an object is to be written, by its metadata and by `namespace`, which must not contradict it.

    Raises:
        MalformedObject: the namespace is missing, or there are two.
    """
    metadata: Mapping[str, Any] = document.get("metadata") or {}
    own = metadata.get("namespace") or ""
    if own and namespace and own != namespace:
        raise MalformedObject(f"{kind.kind}: its namespace is {own}, but {namespace} was asked for; leave one out")
    where = _namespace(kind, namespace or own)
    return Target(kind.path(where), where, metadata.get("name") or "")


def _namespace(kind: Kind, namespace: str) -> str:
    if not kind.namespaced:
        return ""
    if not namespace:
        raise MalformedObject(f"a {kind.kind} lives in a namespace: say in which")
    check_segment(f"the namespace of a {kind.kind}", namespace)
    return namespace


def check_segment(what: str, text: str) -> None:
    """That it can be a part of a path; apimachinery: ``path.IsValidPathSegmentName``.

    Raises:
        MalformedObject: it cannot.
    """
    if not text or text in {".", ".."} or "/" in text or "%" in text:
        raise MalformedObject(f"{what} cannot be {text!r}")
