"""When a cron schedule of five fields fires next: what the stand-in needs, no more.

Source: github.com/robfig/cron/v3 spec.go
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_NAMED: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS: Final = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905
_DAYS: Final = {name: at for at, name in enumerate("sun mon tue wed thu fri sat".split())}  # noqa: SIM905
_YEARS: Final = 5  # a 29th of February is never further away, but for the turn of some centuries


def next_fire(schedule: str, after: float, zone: str = "UTC") -> float | None:
    """The first moment after another at which a valid schedule fires, in seconds since the epoch; None for never.

    A time that a zone's clocks skip is passed over, one that they show twice fires once.

    >>> next_fire("*/15 * * * *", 60.0)
    900.0
    """
    minutes, hours, days, months, weekdays, either = _fields(schedule)
    place = ZoneInfo(zone)
    start = datetime.fromtimestamp(after, place)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for _ in range(366 * _YEARS):
        in_month, in_week = day.day in days, (day.weekday() + 1) % 7 in weekdays
        if day.month in months and ((in_month or in_week) if either else (in_month and in_week)):
            for hour in hours:
                for minute in minutes:
                    moment = day.replace(hour=hour, minute=minute, tzinfo=place)
                    if moment.timestamp() > after and _exists(moment):
                        return moment.timestamp()
        day += timedelta(days=1)
    return None


def _exists(moment: datetime) -> bool:
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return (back.hour, back.minute) == (moment.hour, moment.minute)


@lru_cache(maxsize=256)
def _fields(
    schedule: str,
) -> tuple[tuple[int, ...], tuple[int, ...], frozenset[int], frozenset[int], frozenset[int], bool]:
    minute, hour, day, month, weekday = _NAMED.get(schedule, schedule).split()
    # Both days given: one of them is enough. A star, also one with a step, gives none.
    either = day[0] not in "*?" and weekday[0] not in "*?"
    return (
        tuple(_numbers(minute, 0, 59, {})),
        tuple(_numbers(hour, 0, 23, {})),
        frozenset(_numbers(day, 1, 31, {})),
        frozenset(_numbers(month, 1, 12, _MONTHS)),
        frozenset(_numbers(weekday, 0, 6, _DAYS)),
        either,
    )


def _numbers(field: str, low: int, high: int, names: dict[str, int]) -> list[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in ("*", "?"):
            begin, end = low, high
        else:
            begin = _number(first, names)
            end = _number(last, names) if dash else high if slash else begin
        found.update(range(begin, end + 1, int(step or 1)))
    return sorted(found)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text.lower()] if text.lower() in names else int(text)
