"""Parts of documents that may not be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poblano.core.jsonvalue import Document


def part(document: Mapping[str, Any] | None, *keys: str) -> Document:
    """The map under some keys; an empty one where there is none. It is for reading.

    >>> part({"a": {"b": {"c": 1}}}, "a", "b"), part({"a": None}, "a", "b")
    ({'c': 1}, {})
    """
    found: Any = document
    for key in keys:
        found = found.get(key) if found else None
    return found if found.__class__ is dict else {}
