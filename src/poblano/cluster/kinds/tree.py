"""Reading documents in which anything may be absent: an absent struct reads as an empty one, an absent list as none."""

from __future__ import annotations

from typing import Any, cast

from poblano.core.jsonvalue import Document


def struct(node: Document | None, *path: str) -> Document:
    """The struct or map at the end of a path of keys; an empty one, not put into the document, where there is none.

    >>> struct({"spec": {"template": {"a": 1}}}, "spec", "template"), struct(None, "spec")
    ({'a': 1}, {})
    """
    found: Any = node
    for key in path:
        found = cast("Any", found).get(key) if isinstance(found, dict) else None
    return cast("Document", found) if isinstance(found, dict) else {}


def many(node: Document | None, *path: str) -> list[Any]:
    """The list at the end of a path of keys; an empty one where there is none.

    >>> many({"spec": {"ports": [1]}}, "spec", "ports"), many({}, "spec", "ports")
    ([1], [])
    """
    found = struct(node, *path[:-1]).get(path[-1])
    if not isinstance(found, list):
        return []
    items: list[Any] = found  # pyright: ignore[reportUnknownVariableType]
    return items


def value(node: Document | None, *path: str) -> Any:
    """Whatever stands at the end of a path of keys, None where nothing does."""
    return struct(node, *path[:-1]).get(path[-1])
