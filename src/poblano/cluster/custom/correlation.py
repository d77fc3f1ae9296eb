"""Which old value a new one comes from: in maps by key, in map-like lists by their keys, elsewhere nothing does.

Source: k8s.io/apiserver/pkg/cel/common/equality.go and maplist.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.schema import Node

UNRELATED: Final = object()
"""There is no old value."""


def related_key(node: Node, old: Any, key: str) -> Any:
    """The old value under a key of the old map, or UNRELATED."""
    if old.__class__ is not dict or node.get("x-kubernetes-map-type") == "atomic":
        return UNRELATED
    return old.get(key, UNRELATED)


def related_item(node: Node, old: Any, item: Any) -> Any:
    """The old item with the keys of `item`, or UNRELATED; two with the same keys are none.

    >>> ports = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"]}
    >>> related_item(ports, [{"port": 80, "name": "a"}], {"port": 80})
    {'port': 80, 'name': 'a'}
    """
    if old.__class__ is not list or node.get("x-kubernetes-list-type") != "map" or item.__class__ is not dict:
        return UNRELATED
    keys: list[str] = node.get("x-kubernetes-list-map-keys") or []
    wanted = [item.get(key) for key in keys]
    found = [one for one in old if one.__class__ is dict and [one.get(key) for key in keys] == wanted]
    return found[0] if len(found) == 1 else UNRELATED
