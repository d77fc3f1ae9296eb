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

from poblano.core.article import article


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


def check_answer(answer: object) -> None:
    """See that what a reconcile or finalize action returned means something.

    Raises:
        TypeError: it is neither None nor a `Requeue`. Its value is not shown: it may be of a Secret.

    >>> check_answer(timedelta(minutes=5))
    Traceback (most recent call last):
    TypeError: the action returned a timedelta, which means nothing; to be called again it returns Requeue(after=...) with it, ...
    """
    if answer is None or isinstance(answer, Requeue):
        return
    if isinstance(answer, timedelta):
        hint = "to be called again it returns Requeue(after=...) with it"
    elif isinstance(answer, int | float) and not isinstance(answer, bool):
        hint = "to be called again in so many seconds it returns Requeue(after=timedelta(seconds=...))"
    else:
        hint = "to be called again it returns a Requeue, or raises an error"
    raise TypeError(
        f"the action returned {article(type(answer).__name__)}, which means nothing; {hint}, and None when all is done"
    )
