"""metadata, apiVersion and kind of custom objects and of those embedded in them: read as Go's types.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/coerce.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.custom.structure import METADATA
from poblano.cluster.decoding.go_types import mismatch_in
from poblano.cluster.decoding.unknown import drop_unknown
from poblano.cluster.field_errors import FieldError, invalid
from poblano.cluster.kinds import metadata, names
from poblano.cluster.schema import Node, built_in
from poblano.core.jsonvalue import Document

_TYPE_META: Final = ("apiVersion", "kind")


class BadMetadata(Exception):
    """Metadata that is none, as a field error says it."""


def coerce(document: Document, root: Node) -> list[str]:
    """Drop from metadata what it has no field for; also of embedded objects.

    Returns:
        The paths of what is gone: the object's own first.

    Raises:
        BadMetadata: for values of another type.
    """
    found = _metadata(document, "", refuse=True)
    return found + _embedded(document, root, "")


def _metadata(document: Document, path: str, *, refuse: bool) -> list[str]:
    given = document.get("metadata")
    where = f"{path}.metadata" if path else "metadata"
    if given is None:
        document.pop("metadata", None)
        return []
    wrong = "json: cannot unmarshal into Go value of type v1.ObjectMeta"
    if given.__class__ is dict:
        wrong = mismatch_in(given, METADATA)
    if wrong:
        raise BadMetadata(str(invalid(where, given, wrong)))
    unknown = drop_unknown(given, built_in()[METADATA])
    for key in [key for key, value in given.items() if value is None]:
        del given[key]
    return [f"{where}.{one}" for one in unknown]


def _embedded(value: Any, node: Node, path: str) -> list[str]:
    found: list[str] = []
    if value.__class__ is dict:
        properties: dict[str, Node] = node.get("properties") or {}
        values: Any = node.get("additionalProperties")
        for key, item in value.items():
            inner = properties.get(key, values if values.__class__ is dict else None)
            if inner is None:
                continue
            where = f"{path}.{key}" if path else key
            if item.__class__ is dict and inner.get("x-kubernetes-embedded-resource") is True:
                found += _type_meta(item, where) + _metadata(item, where, refuse=True)
            found += _embedded(item, inner, where)
    elif value.__class__ is list:
        items: Any = node.get("items")
        if items.__class__ is dict:
            for at, item in enumerate(value):
                where = f"{path}[{at}]"
                if item.__class__ is dict and items.get("x-kubernetes-embedded-resource") is True:
                    found += _type_meta(item, where) + _metadata(item, where, refuse=True)
                found += _embedded(item, items, where)
    return found


def _type_meta(document: Document, path: str) -> list[str]:
    for key in _TYPE_META:
        if key in document and document[key].__class__ is not str:
            raise BadMetadata(str(invalid(f"{path}.{key}", document[key], "must be a string")))
    return []


def validate_embedded(value: Any, node: Node, path: str = "") -> list[FieldError]:
    """What is wrong with the embedded objects of a custom object."""
    found: list[FieldError] = []
    if node.get("x-kubernetes-embedded-resource") is True and value.__class__ is dict and path:
        found += _object(value, path)
    if value.__class__ is dict:
        properties: dict[str, Node] = node.get("properties") or {}
        values: Any = node.get("additionalProperties")
        for key, item in value.items():
            if key in properties:
                found += validate_embedded(item, properties[key], f"{path}.{key}" if path else key)
            elif values.__class__ is dict:
                found += validate_embedded(item, values, f"{path}[{key}]")
    elif value.__class__ is list:
        items: Any = node.get("items")
        if items.__class__ is dict:
            for at, item in enumerate(value):
                found += validate_embedded(item, items, f"{path}[{at}]")
    return found


def _object(value: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for key in _TYPE_META:
        if not value.get(key):
            found.append(FieldError("FieldValueRequired", f"{path}.{key}", detail="must not be empty"))
    meta = metadata.of(value)
    if not meta.get("name") and not meta.get("generateName"):
        return found
    errors = metadata.validate(value, namespaced=bool(meta.get("namespace")), name_rule=names.path_segment)
    return [*found, *(FieldError(one.reason, f"{path}.{one.field}", one.value, one.detail) for one in errors)]
