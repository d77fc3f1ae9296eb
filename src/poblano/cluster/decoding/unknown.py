"""Fields that a schema does not know: dropped, and told.

Source: sigs.k8s.io/json (UnmarshalStrict); k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.decoding.go_names import reference, struct_name
from poblano.cluster.schema import Node, Schema, built_in
from poblano.core.jsonvalue import Document

_SCHEMA_PROPS: Final = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_HOLDS_SCHEMA: Final = frozenset({"JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray"})


def drop_unknown(document: Document, schema: Schema) -> list[str]:
    """Drop from an object of a built-in kind what its structs have no field for.

    Args:
        document: changed in place.

    Returns:
        The paths of what was dropped, in the order of the document.

    >>> from poblano.cluster.schema import Schema
    >>> pod = {"spec": {"bogus": 1, "on": {"any": 1}}}
    >>> drop_unknown(pod, Schema({"properties": {"spec": {"properties": {"on": {"type": "object"}}}}}))
    ['spec.bogus']
    >>> pod
    {'spec': {'on': {'any': 1}}}
    """
    found: list[str] = []
    _object(document, schema.node, "", found)
    return found


def _object(value: Document, node: Node, path: str, found: list[str]) -> None:
    properties: dict[str, Node] = node.get("properties", {})
    if not properties:
        _map(value, node, path, found)
        return
    for key in list(value):
        inner = properties.get(key)
        where = f"{path}.{key}" if path else key
        if inner is not None:
            _value(value[key], inner, where, found)
        else:
            del value[key]
            found.append(where)


def _map(value: Document, node: Node, path: str, found: list[str]) -> None:
    values: Any = node.get("additionalProperties")
    if values.__class__ is dict:
        for key, item in value.items():
            _value(item, values, f"{path}.{key}", found)


def _value(value: Any, node: Node, path: str, found: list[str]) -> None:
    if value.__class__ is dict:
        name = reference(node)
        if struct_name(name) in _HOLDS_SCHEMA:
            # It decodes itself, and tells nobody what it drops.
            _object(value, built_in()[_SCHEMA_PROPS].node, path, [])
            return
        _object(value, built_in()[name].node if name else node, path, found)
    elif value.__class__ is list:
        items: Any = node.get("items")
        if items.__class__ is dict:
            for at, item in enumerate(value):
                _value(item, items, f"{path}[{at}]", found)
