"""Defaults of a structural schema.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go and prunenulls.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.schema import Node
from poblano.core.jsonvalue import copied

_MISSING: Final = object()


def default(value: Any, node: Node) -> None:
    """Fill in what is missing, and what is null where null may not stand. Doing it twice changes nothing.

    >>> cart = {"tier": None}
    >>> default(cart, {"type": "object", "properties": {"tier": {"default": "free"}, "size": {"default": {}}}})
    >>> cart
    {'tier': 'free', 'size': {}}
    """
    if value.__class__ is dict:
        _default_map(value, node)
    elif value.__class__ is list:
        items: Any = node.get("items")
        if items.__class__ is dict:
            for at, item in enumerate(value):
                value[at] = _filled(item, items)


def _filled(value: Any, node: Node) -> Any:
    """The item, or its default where it is null and may not be."""
    if value is None and node.get("default") is not None and node.get("nullable") is not True:
        value = copied(node["default"])
    default(value, node)
    return value


def _default_map(value: dict[str, Any], node: Node) -> None:
    properties: dict[str, Node] = node.get("properties") or {}
    for key, inner in properties.items():
        if inner.get("default") is None:
            continue
        found = value.get(key, _MISSING)
        if found is _MISSING or (found is None and inner.get("nullable") is not True):
            value[key] = copied(inner["default"])
    values: Any = node.get("additionalProperties")
    for key, item in value.items():
        if key in properties:
            default(item, properties[key])
        elif values.__class__ is dict:
            value[key] = _filled(item, values)


def drop_nulls(value: Any, node: Node) -> None:
    """Drop the nulls where null may not stand and no default takes their place, as decoding does.

    >>> cart = {"a": None, "b": None}
    >>> drop_nulls(cart, {"properties": {"a": {"type": "string"}, "b": {"type": "string", "nullable": True}}})
    >>> cart
    {'b': None}
    """
    if value.__class__ is dict:
        properties: dict[str, Node] = node.get("properties") or {}
        values: Any = node.get("additionalProperties")
        for key in list(value):
            inner = properties.get(key, values if values.__class__ is dict else None)
            if inner is None:
                continue
            if value[key] is None and _unwanted(inner):
                del value[key]
            else:
                drop_nulls(value[key], inner)
    elif value.__class__ is list:
        items: Any = node.get("items")
        if items.__class__ is dict:
            for item in value:
                drop_nulls(item, items)


def _unwanted(node: Node) -> bool:
    return node.get("nullable") is not True and node.get("default") is None
