"""Conditions in a status: what holds of an object, since when, and why.

>>> set_condition([], "Ready", "True", reason="Done", now="2026-01-01T00:00:00Z", generation=3)
[{'type': 'Ready', 'status': 'True', 'observedGeneration': 3, 'lastTransitionTime': '2026-01-01T00:00:00Z', 'reason': 'Done',
  'message': ''}]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document, as_map

Status: TypeAlias = Literal["True", "False", "Unknown"]

_TYPE: Final = re.compile(
    r"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])"
)
_REASON: Final = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
_LIMITS: Final = {"type": 316, "reason": 1024, "message": 32768}
"""apimachinery: metav1.Condition, the markers of its fields."""


def status_of(given: bool | str | None) -> Status:  # noqa: FBT001 -- it is the condition's value
    """``True``, ``False``, or ``Unknown`` for None, as a condition spells it.

    Raises:
        MalformedObject: it is none of these.
    """
    match given:
        case True | "True":
            return "True"
        case False | "False":
            return "False"
        case None | "Unknown":
            return "Unknown"
        case _:
            raise MalformedObject(f"the status of a condition is {given!r}; write True, False or None")


def set_condition(
    conditions: Sequence[Any],
    type: str,
    status: Status,
    *,
    reason: str,
    message: str = "",
    now: str,
    generation: int | None = None,
) -> list[Any]:
    """`conditions` with one of them as it is said here; the others, and their order, stay.

    The time of the last transition is `now` when the status is another than it was, and stays when it is not.
    apimachinery: meta.SetStatusCondition.

    Args:
        conditions: those of the status.
        type: such as ``Ready``.
        status: whether it holds.
        reason: why, in a word.
        message: for people; one that is too long is cut.
        now: the time, as Kubernetes writes it.
        generation: of the object that was looked at.

    Raises:
        MalformedObject: the type or the reason is none.
    """
    for name, word, pattern in (("type", type, _TYPE), ("reason", reason, _REASON)):
        if not isinstance(word, str) or not pattern.fullmatch(word) or len(word) > _LIMITS[name]:
            raise MalformedObject(f"the {name} of a condition is {word!r}; write one word, such as Ready")
    old = next((one for one in map(as_map, conditions) if one is not None and one.get("type") == type), None)
    made: Document = {**(old or {}), "type": type, "status": status}
    if generation is not None:
        made["observedGeneration"] = generation
    if old is None or old.get("status") != status or not old.get("lastTransitionTime"):
        made["lastTransitionTime"] = now
    made["reason"] = reason
    made["message"] = message[: _LIMITS["message"]]
    if old is None:
        return [*conditions, made]
    return [made if one is old else one for one in conditions]
