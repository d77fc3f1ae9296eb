"""The shape that a definition gets by being read into Go's types and written again: what is empty goes.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go and types_jsonschema.go (omitempty)
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.custom.parts import part
from poblano.core.jsonvalue import Document

_TEXTS: Final = frozenset({"id", "$schema", "description", "type", "format", "title", "pattern"})
_FLAGS: Final = frozenset(
    {"exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "nullable"}
    | {"x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"}
)
_LISTS: Final = frozenset(
    {"enum", "required", "allOf", "oneOf", "anyOf", "x-kubernetes-list-map-keys", "x-kubernetes-validations"}
)
_MAPS: Final = frozenset({"properties", "patternProperties", "definitions", "dependencies"})
_SCHEMAS: Final = ("items", "additionalProperties", "additionalItems", "not")
_RAW: Final = frozenset({"default", "example", "enum"})
"""What is JSON of the user's own."""


def shape_definition(crd: Document) -> None:
    """Bring a definition into the shape in which it is stored, in place."""
    spec: Document = crd.get("spec") or {}
    crd["spec"] = spec
    crd["metadata"] = crd.get("metadata") or {}
    for key in [key for key, value in spec.items() if value is None]:
        del spec[key]
    for key in ("shortNames", "categories", "singular", "listKind"):
        if not part(spec, "names").get(key, True):
            del spec["names"][key]
    if spec.get("names") is None:
        spec["names"] = {}
    for names, keys in ((spec["names"], ("shortNames", "categories")), (_webhook(spec), ("conversionReviewVersions",))):
        _texts(names, keys)
    # A null in a list is an empty struct for Go, or an empty text.
    versions: list[Document] = [version or {} for version in spec.get("versions") or ()]
    spec["versions"] = versions
    for version in versions:
        _version(version)


def _webhook(spec: Document) -> Document:
    return part(spec, "conversion", "webhook")


def _texts(node: Document, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in node:
            node[key] = [one or "" for one in node[key] or ()]


def _version(version: Document) -> None:
    for key in ("served", "storage"):
        version.setdefault(key, False)
    for key in ("deprecated", "additionalPrinterColumns", "selectableFields"):
        if not version.get(key, True):
            del version[key]
    for key in [key for key, value in version.items() if value is None]:
        del version[key]
    for key in ("additionalPrinterColumns", "selectableFields"):
        if version.get(key):
            version[key] = [one or {} for one in version[key]]
    for column in version.get("additionalPrinterColumns") or ():
        for key in ("format", "description", "priority"):
            if not column.get(key, True):
                del column[key]
    root = part(version, "schema").get("openAPIV3Schema")
    if root:
        _schema(root)


def _schema(node: Document) -> None:
    for key in [key for key, value in node.items() if _is_empty(key, value)]:
        del node[key]
    for key in _SCHEMAS:
        if node.get(key).__class__ is dict:
            _schema(node[key])
    for key in ("allOf", "oneOf", "anyOf", "x-kubernetes-validations"):
        if key in node:
            node[key] = [inner or {} for inner in node[key]]
    _texts(node, ("required", "x-kubernetes-list-map-keys"))
    if "properties" in node:
        node["properties"] = {name: inner or {} for name, inner in node["properties"].items()}
    for key in ("allOf", "oneOf", "anyOf"):
        for inner in node.get(key) or ():
            _schema(inner)
    for inner in part(node, "properties").values():
        _schema(inner)
    for rule in node.get("x-kubernetes-validations") or ():
        for key in ("message", "messageExpression", "fieldPath"):
            if not rule.get(key, True):
                del rule[key]


def _is_empty(key: str, value: Any) -> bool:
    if key in _RAW and value is not None:
        return key == "enum" and not value
    return (
        value is None
        or (key in _TEXTS and value == "")
        or (key in _FLAGS and value is False)
        or (key in _LISTS and value == [])
        or (key in _MAPS and value == {})
    )
