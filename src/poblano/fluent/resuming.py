"""How far a log was read, so that it can be gone on with behind a connection that broke: no line twice, and none left out.

A log can be asked for from a second on, and each line says to the nanosecond when it was written: so all of the last second comes again,
and what of it was read before is passed over.

>>> place = Place()
>>> place.taken(b"2026-01-01T00:00:07.5Z ready"), place.since
(b'ready', '2026-01-01T00:00:07Z')
>>> place.resumes()
>>> place.taken(b"2026-01-01T00:00:07.5Z ready"), place.taken(b"2026-01-01T00:00:07.5Z ready")
(None, b'ready')
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_WRITTEN = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ?")
"""kubelet: kuberuntime/logs, timeFormatOut, which is RFC 3339 with nanoseconds; UTC from all but old ones."""

_WHERE_IT_BEGINS = frozenset({"tailLines", "sinceSeconds", "sinceTime"})

_SECOND = len("2026-01-01T00:00:00")


class Place:
    """Where in one log its reader is.

    Args:
        timestamps: whether lines are wanted with the time at which they were written.
    """

    def __init__(self, *, timestamps: bool = False) -> None:
        self._timestamps = timestamps
        self._second = b""
        self._zone = b"Z"
        self._read: Counter[int] = Counter()
        self._again: Counter[int] = Counter()

    @property
    def since(self) -> str:
        """The second from which on lines may be missing; "" when none was read."""
        return (self._second + self._zone).decode("ascii") if self._second else ""

    def resumes(self) -> None:
        """All from `since` on comes now, some of it again."""
        self._again = self._read.copy()

    def taken(self, line: bytes) -> bytes | None:
        """The line as it is wanted; None when it was read before."""
        found = _WRITTEN.match(line)
        if found is None:  # a server that does not say when: it cannot be known again, and is not lost for that
            return line
        mark, second = hash(line), found[1]
        if self._again[mark] > 0:
            self._again[mark] -= 1
            return None
        if second > self._second:
            self._second, self._zone = second, found[0].rstrip()[_SECOND:].lstrip(b".0123456789")
            self._read.clear()
        if second == self._second:
            self._read[mark] += 1
        return line if self._timestamps else line[found.end() :]


def asked_again(query: Mapping[str, str], since: str, began: datetime | None) -> dict[str, str]:
    """The query after which nothing is missing.

    Args:
        query: that of the connection that broke.
        since: the second from which on lines may be missing; "" when none was read.
        began: when the log was first answered, if it was. Of one that was asked for from then on and had nothing yet to say,
            what was written while there was no connection is to come.

    >>> asked_again({"tailLines": "0"}, "", datetime(2026, 1, 1, tzinfo=UTC))
    {'sinceTime': '2026-01-01T00:00:00Z'}
    >>> asked_again({"tailLines": "0"}, "", None), asked_again({"tailLines": "9"}, "", datetime(2026, 1, 1, tzinfo=UTC))
    ({'tailLines': '0'}, {'tailLines': '9'})
    """
    if not since and began is not None:
        if query.get("tailLines") == "0":
            since = moment(began)
        elif "sinceSeconds" in query:
            since = moment(began - timedelta(seconds=int(query["sinceSeconds"])))
    if not since:
        return dict(query)
    return {key: value for key, value in query.items() if key not in _WHERE_IT_BEGINS} | {"sinceTime": since}


def moment(when: datetime) -> str:
    """A second, as an API server reads it.

    >>> moment(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
