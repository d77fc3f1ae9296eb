"""What a watch or reconcile action is told, and what it may answer.

>>> Phase.ADDED == "ADDED"
True
>>> Requeue(after=timedelta(minutes=5)).seconds
300.0
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Phase(StrEnum):
    """What happened to an object. At each start, what exists is ADDED."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


OPERATIONS = {Phase.ADDED: "CREATE", Phase.MODIFIED: "UPDATE", Phase.DELETED: "DELETE"}
"""The events of a chain that they are."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """The answer of a reconcile action that wants to be called again, even if nothing changes.

    Args:
        after: in how long; at once when there is none.

    Raises:
        TypeError: `after` is a number, whose unit nobody knows.
    """

    after: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if not isinstance(self.after, timedelta):
            raise TypeError(f"after= takes a timedelta, not {self.after!r}; write Requeue(after=timedelta(seconds=30))")

    @property
    def seconds(self) -> float:
        """`after`, in seconds."""
        return self.after.total_seconds()
