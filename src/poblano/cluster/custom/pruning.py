"""Fields that a structural schema does not know, taken away.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go
"""

from __future__ import annotations

from typing import Any, Final, cast

from poblano.cluster.schema import Node
from poblano.core.jsonvalue import Document

_IMPLICIT: Final = frozenset({"apiVersion", "kind", "metadata"})


def prune(document: Document, root: Node, *, is_object: bool = True) -> list[str]:
    """Take away what is unknown, in place.

    Args:
        root: the structural schema.
        is_object: whether the document is a whole object, which has metadata without saying so.

    Returns:
        The paths of what is gone, sorted.

    >>> thing = {"kind": "Thing", "spec": {"a": 1, "b": 2}}
    >>> prune(thing, {"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": {}}}}})
    ['spec.b']
    >>> thing
    {'kind': 'Thing', 'spec': {'a': 1}}
    """
    found: list[str] = []
    _map(document, root, "", found, embedded=is_object or _embedded(root))
    return sorted(found)


def _embedded(node: Node) -> bool:
    return node.get("x-kubernetes-embedded-resource") is True


def _value(value: Any, node: Node | None, path: str, found: list[str], *, keeps: bool = False) -> None:
    """Prune one value; `node` is None where nothing is known, `keeps` where a list within a kept field goes on."""
    if value.__class__ is dict:
        _map(value, node or {}, path, found, embedded=node is not None and _embedded(node), keeps=keeps)
    elif value.__class__ is list:
        keeps = keeps or (node is not None and _keeps(node))
        items: Any = (node or {}).get("items")
        for at, item in enumerate(value):
            if items.__class__ is dict or not keeps:
                _value(item, items if items.__class__ is dict else None, f"{path}[{at}]", found, keeps=keeps)


def _map(value: Document, node: Node, path: str, found: list[str], *, embedded: bool, keeps: bool = False) -> None:
    properties: dict[str, Node] = node.get("properties") or {}
    values: Any = node.get("additionalProperties")
    keeps = keeps or _keeps(node)
    for key in list(value):
        if embedded and key in _IMPLICIT:
            continue
        where = f"{path}.{key}" if path else key
        if key in properties:
            _value(value[key], properties[key], where, found)
        elif values.__class__ is dict:
            _value(value[key], cast("Node", values), where, found)
        elif values is True and not keeps:
            _value(value[key], None, where, found)
        elif not keeps:
            del value[key]
            found.append(where)


def _keeps(node: Node) -> bool:
    return node.get("x-kubernetes-preserve-unknown-fields") is True
