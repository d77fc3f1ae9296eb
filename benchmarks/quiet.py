"""Turns that others on the machine have disturbed are taken again, so that a figure is the server's and not the minute's.

What others used is known without a look at the figures, and all who take part are held to the same: nobody is favoured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from benchmarks.processes import Bystanders

T = TypeVar("T")
ENOUGH = 0.02
"""The part of the machine that others may use in a turn."""
TRIES = 20
"""How often a turn is taken at most; then the one counts in which others used least."""


class Quiet:
    """Takes turns while others are quiet.

    Attributes:
        turns: that count.
        again: how many more were taken.
        loudest: the part of the machine that others used in one of those that count.
    """

    def __init__(self, watching: Callable[[], Callable[[], float]] = lambda: Bystanders().share) -> None:
        self.turns = 0
        self.again = 0
        self.loudest = 0.0
        self._watching = watching

    def measured(self, turn: Callable[[], T]) -> T:
        """What `turn` returned when others used least, once they used little enough or there is no more patience."""
        shares: list[float] = []
        found: list[T] = []
        while not shares or (min(shares) > ENOUGH and len(shares) < TRIES):
            share = self._watching()
            found.append(turn())
            shares.append(share())
        self.turns += 1
        self.again += len(shares) - 1
        self.loudest = max(self.loudest, min(shares))
        return found[shares.index(min(shares))]

    def said(self) -> str:
        """The same in words; nothing where there were no turns."""
        if not self.turns:
            return ""
        loudest = f" Of {self.turns} turns none counts in which they used more than {self.loudest:.1%}"
        return f"{loudest}; for that, {self.again} were taken again."
