"""Moments and spans, as CEL writes them: RFC 3339 and Go's durations, exact to the nanosecond."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.values import Duration, Timestamp

_MOMENT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SIGNED_SPAN: Final = re.compile(r"([+-]?)(0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_PART: Final = re.compile(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS: Final = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_timestamp(text: str) -> Timestamp | None:
    """A moment from RFC 3339, or None.

    >>> parse_timestamp("1970-01-01T00:00:01.5Z")
    Timestamp(nanoseconds=1500000000)
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    *parts, fraction, zone = found.groups()
    try:
        moment = datetime(*map(int, parts), tzinfo=_offset(zone))  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    since = moment - _EPOCH
    return Timestamp((since.days * 86400 + since.seconds) * 10**9 + int((fraction or "0")[:9].ljust(9, "0")))


def _offset(text: str) -> tzinfo:
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


def parse_duration(text: str) -> Duration | None:
    """A span as Go writes it, or None.

    >>> parse_duration("1h0.5s")
    Duration(nanoseconds=3600500000000)
    """
    found = _SIGNED_SPAN.fullmatch(text)
    if found is None:
        return None
    total = 0
    for whole, fraction, unit in _PART.findall(found[2]):
        total += int(whole or 0) * _UNITS[unit]
        if fraction:
            total += int(fraction) * _UNITS[unit] // 10 ** len(fraction)
    return Duration(-total if found[1] == "-" else total) if total < 2**63 else None


def show_timestamp(moment: Timestamp) -> str:
    """RFC 3339 with as many digits of a second as it takes."""
    seconds, rest = divmod(moment.nanoseconds, 10**9)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{rest:09}".rstrip("0") + "Z" if rest else f"{text}Z"


def show_duration(span: Duration) -> str:
    """Seconds, as CEL writes them.

    >>> show_duration(Duration(1500000000))
    '1.5s'
    """
    size = abs(span.nanoseconds)
    seconds, rest = divmod(size, 10**9)
    text = f"{seconds}.{rest:09}".rstrip("0") if rest else str(seconds)
    return f"{'-' if span.nanoseconds < 0 else ''}{text}s"


def in_zone(moment: Timestamp, zone: str) -> datetime:
    """The moment on the clocks of a place, "Europe/Oslo" or "+02:00".

    Raises:
        CelError: for a place without clocks.
    """
    found = re.fullmatch(r"([+-]?)(\d\d):(\d\d)", zone)
    if found:
        offset: tzinfo = _offset(f"{found[1] or '+'}{found[2]}:{found[3]}")
    else:
        offset = _place(zone)
    return (_EPOCH + timedelta(microseconds=moment.nanoseconds // 1000)).astimezone(offset)


def _place(zone: str) -> tzinfo:
    if zone in ("UTC", ""):
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CelError(f"unknown time zone {zone}") from None
