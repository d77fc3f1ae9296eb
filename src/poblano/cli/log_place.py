"""How far a log has been read: what comes again after a connection broke is passed over, and nothing else is."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ")
"""What a kubelet writes before each line when it is asked for times; before its own remarks it writes none."""


class Place:
    """A place in a log whose lines have times, of which several may be the same.

    >>> place = Place()
    >>> lines = [f"2026-01-01T10:00:0{second}.5Z {text}" for second, text in ((1, "a"), (1, "b"), (2, "c"))]
    >>> [place.passed(line) for line in lines[:2]]
    ['a', 'b']
    >>> place.again()
    >>> [place.passed(line) for line in lines]
    [None, None, 'c']
    """

    def __init__(self) -> None:
        self._newest = ""
        self._as_new = 0
        self._again = 0
        self._catching_up = False

    @property
    def since(self) -> datetime | None:
        """The time of the last line; None before the first."""
        return datetime.fromisoformat(self._newest) if self._newest else None

    def again(self) -> None:
        """The log is read anew, from that time on: lines that were read come once more."""
        self._catching_up, self._again = bool(self._newest), self._as_new

    def passed(self, line: str) -> str | None:
        """A line without its time; None for one that was read before."""
        found = STAMP.match(line)
        if found is None:
            return line
        written, text = found.group()[:-1], line[found.end() :]
        if self._catching_up:
            if written < self._newest:
                return None
            if written == self._newest and self._again:
                self._again -= 1
                return None
            self._catching_up = False
        self._as_new = self._as_new + 1 if written == self._newest else 1
        self._newest = written
        return text
