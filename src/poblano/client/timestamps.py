"""Timestamps as RFC 3339 writes them, which is more than the one spelling most programs print."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_SHAPE = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?"
    r"(?P<zone>[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)


def parse_timestamp(text: str) -> datetime:
    """The moment that an RFC 3339 timestamp names, in its own offset; digits below a microsecond are dropped.

    Raises:
        ValueError: it is none.

    >>> parse_timestamp("2026-11-22T10:00:00.123456789+02:00").isoformat()
    '2026-11-22T10:00:00.123456+02:00'
    >>> parse_timestamp("2026-11-22T23:59:60Z").isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError("not an RFC 3339 timestamp, such as 2026-11-22T10:00:00Z")
    second = int(found["second"])
    leap = second == 60
    whole = datetime.fromisoformat(f"{found['day']}T{found['time']}:{59 if leap else second:02d}")
    microseconds = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    moment = whole.replace(microsecond=0 if leap else microseconds, tzinfo=_zone(found["zone"]))
    return moment + timedelta(seconds=1) if leap else moment


def _zone(text: str) -> timezone:
    if text in {"Z", "z"}:
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes > 59:
        raise ValueError("an offset has at most 59 minutes")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
