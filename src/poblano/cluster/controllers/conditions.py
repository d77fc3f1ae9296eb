"""Conditions of a status, and numbers that leave out what is zero, as Go writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from poblano.cluster.kinds.tree import many
from poblano.core.jsonvalue import Document


def condition(document: Document, type_: str) -> Document | None:
    """One condition of an object's status, or None.

    >>> condition({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "Ready")["status"]
    'True'
    """
    return next((one for one in many(document, "status", "conditions") if one["type"] == type_), None)


def holds(document: Document, type_: str) -> bool:
    """Whether a condition is True."""
    found = condition(document, type_)
    return found is not None and found["status"] == "True"


def put(conditions: Iterable[Document], new: Document, now: str) -> list[Document]:
    """The conditions with a new one; its times are those of the last change of its status.

    >>> put([{"type": "A", "status": "True", "lastTransitionTime": "x"}], {"type": "A", "status": "True"}, "now")
    [{'type': 'A', 'status': 'True', 'lastTransitionTime': 'x'}]
    """
    found = list(conditions)
    for at, old in enumerate(found):
        if old["type"] == new["type"]:
            same = old["status"] == new["status"]
            since = old.get("lastTransitionTime", now) if same else now
            found[at] = {**new, "lastTransitionTime": since}
            return found
    return [*found, {**new, "lastTransitionTime": now}]


def counted(**numbers: int | None) -> dict[str, Any]:
    """The numbers that are not zero.

    >>> counted(ready=2, failed=0)
    {'ready': 2}
    """
    return {name: number for name, number in numbers.items() if number}
