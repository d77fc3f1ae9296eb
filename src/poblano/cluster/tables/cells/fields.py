"""Reading an object field by field, as Go's zero values read: what is not there is empty, nought or no list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from poblano.cluster.tables.durations import since
from poblano.core.jsonvalue import Document

Printer = Callable[[Document, datetime], list[Any]]
"""The cells of one object, as of a moment."""


def at(value: Any, *path: str) -> Any:
    """The value at a path of keys; None where the path ends early.

    >>> at({"spec": {"nodeName": "n"}}, "spec", "nodeName"), at({}, "spec", "nodeName")
    ('n', None)
    """
    found = value
    for key in path:
        if found.__class__ is not dict:
            return None
        found = found.get(key)
    return found


def text(value: Any, *path: str) -> str:
    """The text at a path, empty where there is none; a number (a quantity, say) as it is written."""
    found = at(value, *path)
    return "" if found is None else str(found)


def number(value: Any, *path: str) -> int:
    """The whole number at a path; 0 where there is none."""
    found = at(value, *path)
    return int(found) if isinstance(found, int | float) else 0


def many(value: Any, *path: str) -> list[Any]:
    """The list at a path; empty where there is none."""
    found = at(value, *path)
    return found if found.__class__ is list else []


def mapping(value: Any, *path: str) -> Document:
    """The map at a path; empty where there is none."""
    found = at(value, *path)
    return found if found.__class__ is dict else {}


def name(one: Document) -> str:
    """metadata.name."""
    return text(one, "metadata", "name")


def age(one: Document, now: datetime) -> str:
    """How old the object is."""
    return since(at(one, "metadata", "creationTimestamp"), now)


def deleting(one: Document) -> bool:
    """Whether its deletion has begun."""
    return at(one, "metadata", "deletionTimestamp") is not None


def condition(one: Document, kind: str) -> Document | None:
    """The first condition of that type in its status, or None."""
    return next((found for found in many(one, "status", "conditions") if text(found, "type") == kind), None)
