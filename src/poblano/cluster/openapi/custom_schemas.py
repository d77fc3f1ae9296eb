"""The schemas of a custom kind in OpenAPI v3: its own, with what every object has, and that of its list.

Source: k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.resources import Resource
from poblano.core.jsonvalue import Document

REFERENCE: Final = "#/components/schemas/"
OBJECT_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
LIST_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"

_CONVENTIONS: Final = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
_API_VERSION: Final = (
    "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized "
    "schemas to the latest internal value, and may reject unrecognized values. More info: " + _CONVENTIONS
)
_KIND: Final = (
    "Kind is a string value representing the REST resource this object represents. Servers may infer this from the "
    "endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: " + _CONVENTIONS
)


def component(group: str, version: str, kind: str) -> str:
    """The name of a kind's schema.

    >>> component("shop.example.com", "v1", "Cart")
    'com.example.shop.v1.Cart'
    """
    return ".".join([*reversed(group.split(".")), version, kind])


def object_schema(one: Resource) -> Document:
    """The schema of the objects of a custom kind."""
    identity = [{"group": one.group, "version": one.version, "kind": one.kind}]
    if one.custom_schema is None or not one.custom_schema.node:
        return {"type": "object", "x-kubernetes-group-version-kind": identity}
    whole: Document = _embedding(one.custom_schema.node)
    whole["properties"] = {**whole.get("properties", {}), **_type_meta(), "metadata": _object_meta()}
    whole["x-kubernetes-group-version-kind"] = identity
    return whole


def list_schema(one: Resource) -> Document:
    """The schema of their list."""
    about = f"List of {one.plural}. More info: {_CONVENTIONS}"
    items = {"$ref": REFERENCE + component(one.group, one.version, one.kind)}
    metadata = {
        "description": f"Standard list metadata. More info: {_CONVENTIONS}#types-kinds",
        "allOf": [{"$ref": REFERENCE + LIST_META}],
    }
    return {
        "description": f"{one.list_kind} is a list of {one.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            **_type_meta(),
            "items": {"description": about, "type": "array", "items": items},
            "metadata": metadata,
        },
        "x-kubernetes-group-version-kind": [{"group": one.group, "version": one.version, "kind": one.list_kind}],
    }


def _type_meta() -> Document:
    return {
        "apiVersion": {"description": f"{_API_VERSION}#resources", "type": "string"},
        "kind": {"description": f"{_KIND}#types-kinds", "type": "string"},
    }


def _object_meta() -> Document:
    about = f"Standard object's metadata. More info: {_CONVENTIONS}#metadata"
    return {"description": about, "allOf": [{"$ref": REFERENCE + OBJECT_META}]}


def _embedding(node: Any) -> Any:
    """The node with the metadata of the objects that it embeds."""
    if node.__class__ is not dict:
        return node
    whole: Document = dict(node)
    if isinstance(whole.get("properties"), dict):
        whole["properties"] = {name: _embedding(below) for name, below in whole["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in whole:
            whole[key] = _embedding(whole[key])
    if whole.get("x-kubernetes-embedded-resource") is True:
        whole["properties"] = {**whole.get("properties", {}), **_type_meta(), "metadata": _object_meta()}
    return whole
