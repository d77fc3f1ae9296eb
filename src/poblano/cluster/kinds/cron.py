"""What is wrong with a cron schedule, in the words of the parser that the API server uses.

Source: github.com/robfig/cron/v3 parser.go
"""

from __future__ import annotations

import re
from typing import Final
from zoneinfo import available_timezones

_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_DAYS: Final = "sun mon tue wed thu fri sat".split()  # noqa: SIM905
_DESCRIPTORS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_BOUNDS: Final[tuple[tuple[int, int, dict[str, int]], ...]] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS)}),
)


class _Wrong(Exception):
    pass


def problems(schedule: str) -> list[str]:
    """The first thing that is wrong with a schedule of five fields, or nothing.

    >>> problems("0 3 * * *"), problems("@daily"), problems("hourly")
    ([], [], ['expected exactly 5 fields, found 1: [hourly]'])
    >>> problems("61 * * * *")
    ['end of range (61) above maximum (59): 61']
    """
    try:
        _parse(schedule)
    except _Wrong as wrong:
        return [str(wrong)]
    return []


def _parse(schedule: str) -> None:
    if schedule.startswith(("TZ=", "CRON_TZ=")):
        zone, _, schedule = schedule.partition(" ")
        name = zone.partition("=")[2]
        if zone_problems(name):
            raise _Wrong(f"provided bad location {name}: unknown time zone {name}")
        schedule = schedule.strip()
    if schedule.startswith("@"):
        return _descriptor(schedule)
    fields = schedule.split()
    if len(fields) != 5:
        raise _Wrong(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    for text, (low, high, names) in zip(fields, _BOUNDS, strict=True):
        for part in text.split(","):
            _range(part, low, high, names)
    return None


def _descriptor(schedule: str) -> None:
    if schedule in _DESCRIPTORS:
        return
    if schedule.startswith("@every "):
        if re.fullmatch(r"@every ([0-9.]+(ns|us|µs|ms|s|m|h))+", schedule):
            return
        raise _Wrong(f'failed to parse duration {schedule}: time: invalid duration "{schedule[7:]}"')
    raise _Wrong(f"unrecognized descriptor: {schedule}")


def _range(text: str, low: int, high: int, names: dict[str, int]) -> None:
    span, slash, step = text.partition("/")
    if "/" in step:
        raise _Wrong(f"too many slashes: {text}")
    first, dash, last = span.partition("-")
    if "-" in last:
        raise _Wrong(f"too many hyphens: {text}")
    if first in {"*", "?"}:
        start, end = low, high
    else:
        start = _number(first, names)
        end = _number(last, names) if dash else high if slash else start
    if slash and _number(step, {}) == 0:
        raise _Wrong(f"step of range should be a positive number: {text}")
    if start < low:
        raise _Wrong(f"beginning of range ({start}) below minimum ({low}): {text}")
    if end > high:
        raise _Wrong(f"end of range ({end}) above maximum ({high}): {text}")
    if start > end:
        raise _Wrong(f"beginning of range ({start}) beyond end of range ({end}): {text}")


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise _Wrong(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if int(text) < 0:
        raise _Wrong(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def zone_problems(zone: str) -> list[str]:
    """What is wrong with the name of a time zone.

    >>> zone_problems("Europe/Berlin"), zone_problems("Mars/Base")
    ([], ['unknown time zone Mars/Base'])
    """
    if not zone:
        return ["timeZone must be nil or non-empty string"]
    if zone.lower() == "local":
        return ["timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"]
    return [] if zone in available_timezones() else [f"unknown time zone {zone}"]
