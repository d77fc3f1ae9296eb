"""What ``on_schedule`` is given, checked where it is written."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any, NoReturn, get_args
from zoneinfo import ZoneInfo, available_timezones

from poblano.core.arguments import checked_rule_name, is_async, unlike_arguments
from poblano.core.errors import InvalidDefinition, Location
from poblano.core.schedule.definition import Misfire, Overlap, Schedule
from poblano.core.schedule.times import Cron

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""As in crontab(5), and in the schedule of a CronJob."""

MOST_RETRIES = 100
MOST_COMPLETIONS = 10**9

GAPS_LOOKED_AT = 64


def checked(proposed: Schedule) -> Schedule:
    """A schedule as it was written, if it can be one; whatever its fields are said to be, a user may have written anything.

    Raises:
        InvalidDefinition: something is wrong, with the file and line.
    """
    where = proposed.location
    checked_rule_name(proposed.name, where)
    _check_one_of(proposed.every, proposed.cron, where)
    _check_interval(proposed.every, where)
    _check_zone(proposed.timezone, proposed.cron, where)
    line = None if proposed.cron is None else _line(proposed.cron, proposed.timezone, where)
    _check_start(proposed.start, where)
    if proposed.completions is not None:
        _check_count(proposed.completions, "completions", range(1, MOST_COMPLETIONS + 1), where)
    _check_one(proposed.misfire, "misfire", get_args(Misfire), where)
    _check_one(proposed.overlap, "overlap", get_args(Overlap), where)
    if proposed.jitter != timedelta(0):
        _check_jitter(proposed.jitter, proposed.every or _least_gap(line, proposed.timezone), where)
    _check_timeout(proposed.timeout, where)
    _check_count(proposed.retries, "retries", range(MOST_RETRIES + 1), where)
    return replace(proposed, cron=line)


def with_action(schedule: Schedule, action: Callable[..., Any]) -> Schedule:
    """The schedule of a function.

    Raises:
        InvalidDefinition: it is none that can be run, with the file and line.
    """
    _check_action(action, schedule.location)
    return replace(schedule, action=action, is_async=is_async(action))


def _wrong(problem: str, remedy: str, where: Location) -> NoReturn:
    raise InvalidDefinition(problem, remedy, where)


def _check_one_of(every: object, cron: object, where: Location) -> None:
    if (every is None) == (cron is None):
        _wrong(
            "a schedule has both an interval and a cron line" if cron is not None else "a schedule has no times",
            'write every=timedelta(hours=1), or cron="0 * * * *"',
            where,
        )


def _check_interval(every: object, where: Location) -> None:
    remedy = "write every=timedelta(minutes=5); a second is the least"
    if every is None:
        return
    if not isinstance(every, timedelta):
        _wrong(f"the interval is {every!r}", remedy, where)
    if every <= timedelta(0):
        _wrong(f"the interval is {every.total_seconds():g} s, which never passes", remedy, where)
    if every % timedelta(seconds=1):
        _wrong(f"the interval is {every.total_seconds():g} s, which is no whole number of seconds", remedy, where)


def _check_zone(timezone: object, cron: object, where: Location) -> None:
    if cron is None and timezone != "UTC":
        _wrong("an interval has no time zone", 'leave timezone out, or write cron="..." instead of every', where)
    if timezone == "UTC":
        return
    known = available_timezones()
    if timezone not in known:
        close = difflib.get_close_matches(str(timezone), known, 3, 0.5) or ["Europe/Berlin"]
        _wrong(f"there is no time zone {timezone!r}", " or ".join(f'write timezone="{name}"' for name in close), where)


def _line(cron: object, timezone: str, where: Location) -> str:
    from cronsim import CronSimError

    remedy = 'write five fields, minute to day of the week: cron="30 2 * * *"; or six, with seconds in front'
    if not isinstance(cron, str):
        _wrong(f"the cron line is {cron!r}", remedy, where)
    line = NICKNAMES.get(cron.strip().lower(), cron.strip())
    if "TZ=" in line:
        _wrong("the cron line names a time zone", 'write timezone="Europe/Berlin" beside it', where)
    try:
        first = next(Cron(line, ZoneInfo(timezone)).later(datetime(2000, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        _wrong(f"the cron line {cron!r} cannot be read: {error}", remedy, where)
    if first is None:
        _wrong(f"the cron line {cron!r} never comes true", remedy, where)
    return line


def _check_start(start: object, where: Location) -> None:
    if start is not None and (not isinstance(start, datetime) or start.utcoffset() is None):
        what = "is without a time zone" if isinstance(start, datetime) else f"is {start!r}"
        _wrong(f"the start {what}", "write start=datetime(2027, 1, 1, 6, tzinfo=UTC)", where)


def _check_count(value: object, name: str, allowed: range, where: Location) -> None:
    if type(value) is not int or value not in allowed:
        _wrong(
            f"{name} is {value!r}",
            f"write a whole number from {allowed[0]} to {allowed[-1]}: {name}={allowed[1]}",
            where,
        )


def _check_one(value: object, name: str, allowed: tuple[str, ...], where: Location) -> None:
    if value not in allowed:
        _wrong(f"{name} is {value!r}", "write " + " or ".join(f'{name}="{one}"' for one in allowed), where)


def _check_jitter(jitter: object, interval: timedelta | None, where: Location) -> None:
    remedy = "write jitter=timedelta(seconds=30), less than the interval"
    if not isinstance(jitter, timedelta) or jitter < timedelta(0):
        _wrong(f"jitter is {jitter!r}", remedy, where)
    if jitter and interval is not None and jitter >= interval:
        _wrong(f"jitter is as long as the interval of {interval}, so that runs could change places", remedy, where)


def _least_gap(line: str | None, timezone: str) -> timedelta | None:
    """The shortest time from one run of a cron line to the next: among the first, as its days and hours come again and again."""
    if line is None:
        return None
    times = list(islice(Cron(line, ZoneInfo(timezone)).later(datetime(2000, 1, 1, tzinfo=UTC)), GAPS_LOOKED_AT))
    return min((later - earlier for earlier, later in pairwise(times)), default=None)


def _check_timeout(timeout: object, where: Location) -> None:
    if timeout is not None and (not isinstance(timeout, timedelta) or timeout <= timedelta(0)):
        _wrong(f"timeout is {timeout!r}", "write timeout=timedelta(minutes=10)", where)


def _check_action(action: object, where: Location) -> None:
    remedy = "write def refresh(): ... or async def refresh(): ... below @shop.on_schedule(...)"
    if isinstance(action, type) or not callable(action):
        _wrong(f"a schedule runs a function, not {action!r}", remedy, where)
    if inspect.isgeneratorfunction(action) or inspect.isasyncgenfunction(action):
        _wrong("the function has a yield in it, so calling it would run nothing", "take the yield out", where)
    if (wrong := unlike_arguments(action, 0)) is not None:
        _wrong(f"the function cannot be called without arguments: {wrong}", remedy, where)
