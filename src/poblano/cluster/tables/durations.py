"""How long ago: the ages that `kubectl get` prints.

Source: k8s.io/apimachinery/pkg/util/duration/duration.go, pkg/printers/internalversion/printers.go
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

UNKNOWN = "<unknown>"
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 86400 * 365


def human_duration(seconds: float) -> str:
    """A length of time in one or two units, coarser the longer it is.

    >>> [human_duration(s) for s in (1, 70, 140, 3600, 200 * 60, 29 * 3600, 3 * 86400, 800 * 86400)]
    ['1s', '70s', '2m20s', '60m', '3h20m', '29h', '3d', '2y70d']
    """
    whole = int(seconds)
    if whole < -1:  # a second of difference between two clocks is forgiven
        return "<invalid>"
    whole = max(whole, 0)
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 10 * _MINUTE:
        return _two(whole, _MINUTE, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 8 * _HOUR:
        return _two(whole, _HOUR, "h", _MINUTE, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _two(whole, _DAY, "d", _HOUR, "h")
    if whole < 2 * _YEAR:
        return f"{whole // _DAY}d"
    if whole < 8 * _YEAR:
        return _two(whole, _YEAR, "y", _DAY, "d")
    return f"{whole // _YEAR}y"


def _two(seconds: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large}{large_unit}" + (f"{rest}{small_unit}" if rest else "")


def moment(timestamp: Any) -> datetime | None:
    """A time as the API writes it, "2026-01-31T12:00:00Z", with or without fractions; None if it is none."""
    if not isinstance(timestamp, str) or not timestamp:
        return None
    try:
        read = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def since(timestamp: Any, now: datetime) -> str:
    """How long before `now` that was.

    >>> since("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, 5, tzinfo=UTC)), since(None, datetime.now(UTC))
    ('5m', '<unknown>')
    """
    then = moment(timestamp)
    return UNKNOWN if then is None else human_duration((now - then).total_seconds())


def between(start: Any, end: Any) -> str:
    """How long it took from one to the other."""
    first, last = moment(start), moment(end)
    return UNKNOWN if first is None or last is None else human_duration((last - first).total_seconds())
