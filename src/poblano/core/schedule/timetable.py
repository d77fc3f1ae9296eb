"""What a schedule does next, and what its record becomes. Each function is given all it depends on, the time too.

Whoever runs schedules reads the record, asks `step`, and does as it says; it writes the record *before* an attempt begins and
again when it has ended, so that the next process knows what this one was doing when it was killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from poblano.core.schedule.definition import Schedule
from poblano.core.schedule.record import MESSAGE_LIMIT, Attempt, Ended, Record, Result, Retry
from poblano.core.schedule.times import newest

PUNCTUAL = timedelta(minutes=1)
"""A time is missed when it is longer ago than this: less is what a change of leaders takes."""

AHEAD = timedelta(hours=1)
"""By more than this a clock was wrong. Less is what those of two processes may differ by, and no time is to run twice for it."""

CATCH_UP_LIMIT = 100
"""Times that are caught up with. Kubernetes: cronjob_controllerv2.go gives up above as many missed ones."""

CUT_OFF_RETRIES = 1
"""A run that its process did not live to end is tried again, whatever `retries` says, but not by a process that it kills."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Nothing is to be done before `until`, or before the record changes when that is None."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Begin:
    """Write `record`, then begin `attempt`; end those in `replacing` first, whose end is in the record already."""

    record: Record
    attempt: Attempt
    replacing: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Pass:
    """Write `record`: times were passed over."""

    record: Record


@dataclass(frozen=True, slots=True)
class Over:
    """It has done its work for good."""


Step: TypeAlias = Sleep | Begin | Pass | Over


def step(schedule: Schedule, record: Record, now: datetime, process: str) -> Step:
    """What is to be done.

    Args:
        schedule: what is wanted.
        record: what is known of it.
        now: the time.
        process: who would run it.
    """
    busy = bool(record.running) and schedule.overlap == "forbid"
    if record.asked is not None and not busy:
        attempt = Attempt(record.asked, now, process, asked=True)
        return _begin(schedule, record.but(asked=None), attempt, now)
    if record.paused:
        return Sleep(None)
    if _is_full(schedule, record):
        return _again(schedule, record, record.retry, None, now, process) if record.retry else _nothing_more(record)
    due = _due(schedule, record, now)
    if due.fires and not busy:
        return _fire(schedule, record, due, now, process)
    if due.fires:
        return Sleep(None) if schedule.misfire == "catch_up" else Pass(_passed(record, due.fires[-1], len(due.fires)))
    if record.retry is not None and not busy:
        return _again(schedule, record, record.retry, due.next, now, process)
    return Sleep(due.next)


def ended(
    schedule: Schedule, record: Record, attempt: Attempt, result: Result, now: datetime, message: str = ""
) -> Record:
    """The record once an attempt has ended; unchanged when it knows nothing of the attempt.

    Args:
        schedule: of which.
        record: what is known.
        attempt: which one.
        result: how.
        now: when.
        message: why, where it failed.
    """
    if attempt not in record.running:
        return record
    last = Ended(attempt.fire, attempt.began, now, result, attempt.number, message[:MESSAGE_LIMIT])
    record = record.but(running=tuple(one for one in record.running if one != attempt), last=last)
    if result == "succeeded":
        record = record.but(succeeded=now)
    if attempt.asked:
        return record
    if _is_tried_again(schedule, record, attempt, result):
        pause = timedelta(0) if result == "cut off" else schedule.pause(attempt.number)
        return record.but(retry=Retry(attempt.fire, now + pause, attempt.number + 1))
    return record.but(completed=record.completed + 1)


def cut_off(schedule: Schedule, record: Record, now: datetime, process: str) -> Record:
    """The record when `process` is the only one that may run anything: what others were doing, they did not end."""
    for attempt in record.running:
        if attempt.process != process:
            record = ended(schedule, record, attempt, "cut off", now, f"{attempt.process} ended before it did")
    return record


def paused(record: Record) -> Record:
    """Nothing begins any more; what is under way ends."""
    return record.but(paused=True)


def resumed(record: Record, now: datetime) -> Record:
    """It goes on with the next time; those that went by do not count.

    A record that was written by a clock far ahead is of this time again: without that, nothing would run until then.
    """
    if not record.paused:
        return record
    passed = max(now, record.passed or now)
    passed = now if passed - now > AHEAD else passed
    return _given_up(record).but(paused=False, passed=passed, since=min(now, record.since))


def asked(record: Record, now: datetime) -> Record:
    """A run is wanted now, beside the times it has."""
    return record.but(asked=now)


def next_run(schedule: Schedule, record: Record, now: datetime) -> datetime | None:
    """When it runs next, as far as is known; None when it does not, or waits for somebody to resume it."""
    if record.paused:
        return None
    times = [record.retry.at] if record.retry else []
    if not _is_full(schedule, record):
        due = _due(schedule, record, now)
        times += [now] if due.fires else [due.next] if due.next else []
    return min(times, default=None)


@dataclass(frozen=True, slots=True)
class _Due:
    """The times that are due and were not dealt with, oldest first, and when the next one will be."""

    fires: list[datetime]
    next: datetime | None


def _due(schedule: Schedule, record: Record, now: datetime) -> _Due:
    times = schedule.times(record.since)
    passed = record.passed or record.since
    found = newest(times, passed, now, CATCH_UP_LIMIT)
    fires = [fire for fire in found if fire + schedule.delay(fire) <= now]
    following = next(times.later(fires[-1] if fires else passed), None)
    return _Due(fires, None if following is None else following + schedule.delay(following))


def _fire(schedule: Schedule, record: Record, due: _Due, now: datetime, process: str) -> Step:
    newest_one = due.fires[-1]
    if schedule.misfire == "skip" and _is_missed(schedule, newest_one, due.next, now):
        return Pass(_passed(record, newest_one, len(due.fires)))
    fire = due.fires[0] if schedule.misfire == "catch_up" else newest_one
    record = _passed(_given_up(record), fire, due.fires.index(fire))
    return _begin(schedule, record, Attempt(fire, now, process), now)


def _is_missed(schedule: Schedule, fire: datetime, following: datetime | None, now: datetime) -> bool:
    """Whether nobody was there when it came."""
    late = now - fire - schedule.delay(fire)
    return late > PUNCTUAL or (following is not None and late > (following - fire) / 2)


def _passed(record: Record, fire: datetime, skipped: int) -> Record:
    return record.but(passed=fire, skipped=record.skipped + skipped)


def _given_up(record: Record) -> Record:
    """A time that waits to be tried again is over when the next has come."""
    return record if record.retry is None else record.but(retry=None, completed=record.completed + 1)


def _again(
    schedule: Schedule, record: Record, retry: Retry, following: datetime | None, now: datetime, process: str
) -> Step:
    if now < retry.at:
        return Sleep(retry.at if following is None else min(retry.at, following))
    return _begin(schedule, record.but(retry=None), Attempt(retry.fire, now, process, retry.number), now)


def _begin(schedule: Schedule, record: Record, attempt: Attempt, now: datetime) -> Begin:
    replacing = record.running if schedule.overlap == "replace" else ()
    for one in replacing:
        record = ended(schedule, record, one, "replaced", now)
    return Begin(record.but(running=(*record.running, attempt)), attempt, replacing)


def _is_tried_again(schedule: Schedule, record: Record, attempt: Attempt, result: Result) -> bool:
    if result in {"succeeded", "replaced"} or record.retry is not None:
        return False
    return attempt.number <= max(schedule.retries, CUT_OFF_RETRIES if result == "cut off" else 0)


def _is_full(schedule: Schedule, record: Record) -> bool:
    """Whether no further time counts: enough have ended, are under way or wait to be tried again."""
    if schedule.completions is None:
        return False
    under_way = sum(not attempt.asked for attempt in record.running) + (record.retry is not None)
    return record.completed + under_way >= schedule.completions


def _nothing_more(record: Record) -> Step:
    return Sleep(None) if record.running else Over()
