"""A schedule: what a capability wants to run, and when, as plain frozen data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from poblano.core.errors import Location
from poblano.core.kinds import Kind
from poblano.core.schedule.times import Cron, Every, Times
from poblano.core.uses import Uses

Misfire: TypeAlias = Literal["once", "skip", "catch_up"]
"""What becomes of the times at which nobody was there to run: one run for all; none; one for each, oldest first."""

Overlap: TypeAlias = Literal["forbid", "allow", "replace"]
"""What becomes of a time that comes while a run is under way: it is passed over; runs beside it; runs in its place."""

RETRY_FIRST, RETRY_MOST = timedelta(seconds=5), timedelta(minutes=5)

RECOMMENDED = timedelta(seconds=30)
"""Below it, one is to think of a watch: a store that is written every few seconds reaches other processes later than that."""

_NOTHING = Kind("poblano.dev", "v1", "Schedule", "schedules")
"""What a run is about, for logs and spans. There is no such kind in the cluster."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Schedule:
    """One schedule of a module.

    Args:
        capability, name: together unique in a module.
        action: called without arguments.
        location: where it is written.
        every: the interval; or
        cron: a cron line, of five fields, or six with seconds in front; read on the clocks of `timezone`.
        start: nothing runs before it; with `every`, the first run is at it.
        completions: after so many it has done its work for good.
        misfire, overlap: see there.
        jitter: each run begins up to so much later, by a draw that is the same wherever it is made.
        timeout: a run is cancelled after it; None is never.
        retries: how often a run that failed, or was cut off, is tried again before its time counts as failed.
        is_async: whether the action is an ``async def``.
        uses: what it calls the API server for.
    """

    capability: str
    name: str
    action: Callable[..., Any]
    location: Location
    every: timedelta | None = None
    cron: str | None = None
    timezone: str = "UTC"
    start: datetime | None = None
    completions: int | None = None
    misfire: Misfire = "once"
    overlap: Overlap = "forbid"
    jitter: timedelta = timedelta(0)
    timeout: timedelta | None = None
    retries: int = 0
    is_async: bool = False
    uses: tuple[Uses, ...] = ()

    @property
    def title(self) -> str:
        """How it is named to people, and in the store: ``shop/refresh-token``."""
        return f"{self.capability}/{self.name}"

    @property
    def rule(self) -> str:
        """Its name, as that of any rule."""
        return self.name

    @property
    def phase(self) -> str:
        """What kind of a rule it is."""
        return "schedule"

    @property
    def kind(self) -> Kind:
        """What a run is about."""
        return _NOTHING

    @property
    def time_limit(self) -> float | None:
        """`timeout`, in seconds."""
        return None if self.timeout is None else self.timeout.total_seconds()

    @property
    def warning(self) -> str | None:
        """What is unwise about it."""
        if self.every is None or self.every >= RECOMMENDED:
            return None
        return (
            f"{self.location}: the schedule {self.title} runs every {self.every.total_seconds():g} s; intervals of "
            f"{RECOMMENDED.total_seconds():g} s or more are recommended, and a watch for what has to be quicker"
        )

    def times(self, since: datetime) -> Times:
        """When it is due. `since` is when it was first known: an interval without a start counts from there."""
        if self.cron is not None:
            return Cron(self.cron, ZoneInfo(self.timezone), self.start)
        if self.every is None:
            raise ValueError(f"{self.title} has neither an interval nor a cron line")
        return Every(self.start or since + self.every, self.every)

    def delay(self, fire: datetime) -> timedelta:
        """How much after `fire` its run begins: as jitter has it."""
        drawn = int.from_bytes(sha256(f"{self.title} {fire.timestamp()}".encode()).digest()[:4]) / 2**32
        return self.jitter * drawn

    def pause(self, attempt: int) -> timedelta:
        """How long after the end of a failed attempt the next one begins; attempts are counted from 1.

        >>> schedule = Schedule(capability="shop", name="x", action=print, location=Location("shop.py", 1))
        >>> [schedule.pause(attempt).seconds for attempt in (1, 2, 3, 9)]
        [5, 10, 20, 300]
        """
        return min(RETRY_MOST, RETRY_FIRST * (1 << min(attempt - 1, 16)))
