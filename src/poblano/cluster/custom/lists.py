"""Lists that are sets or maps: nothing stands in them twice.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go
"""

from __future__ import annotations

from typing import Any

import orjson

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.schema import Node


def validate_lists(value: Any, node: Node, path: str = "") -> list[FieldError]:
    """An error for each item that stands in a set, or with its keys in a map-like list, a second time.

    >>> tags = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}
    >>> [str(one) for one in validate_lists(["a", "a"], tags, "tags")]
    ['tags[1]: Duplicate value: "a"']
    """
    found: list[FieldError] = []
    if value.__class__ is dict:
        properties: dict[str, Node] = node.get("properties") or {}
        values: Any = node.get("additionalProperties")
        for key, item in value.items():
            if key in properties:
                found += validate_lists(item, properties[key], f"{path}.{key}" if path else key)
            elif values.__class__ is dict:
                found += validate_lists(item, values, f"{path}[{key}]")
    elif value.__class__ is list:
        found += _doubled(value, node, path)
        items: Any = node.get("items")
        if items.__class__ is dict:
            for at, item in enumerate(value):
                found += validate_lists(item, items, f"{path}[{at}]")
    return found


def _doubled(value: list[Any], node: Node, path: str) -> list[FieldError]:
    kind = node.get("x-kubernetes-list-type")
    if kind not in ("set", "map"):
        return []
    keys: list[str] = (node.get("x-kubernetes-list-map-keys") or []) if kind == "map" else []
    found: list[FieldError] = []
    counts: dict[bytes, int] = {}
    for at, item in enumerate(value):
        what = _keys_of(item, keys) if kind == "map" else item
        marked = orjson.dumps(what, option=orjson.OPT_SORT_KEYS)
        counts[marked] = counts.get(marked, 0) + 1
        if counts[marked] == 2:
            found.append(errors.duplicate(f"{path}[{at}]", what))
    return found


def _keys_of(item: Any, keys: list[str]) -> Any:
    if item.__class__ is not dict:
        return item
    return {key: item[key] for key in keys if key in item}
