"""The times at which a schedule fires, all of them fixed from the beginning: they depend on no process and no clock.

>>> from datetime import UTC
>>> start = datetime(2026, 3, 1, 12, tzinfo=UTC)
>>> hourly = Every(start, timedelta(hours=1))
>>> [str(next(hourly.later(start + timedelta(minutes=minutes))).time()) for minutes in (-5, 0, 61)]
['12:00:00', '13:00:00', '14:00:00']
>>> nightly = Cron("30 2 * * *", ZoneInfo("Europe/Berlin"))
>>> next(nightly.later(start)).isoformat()
'2026-03-02T01:30:00+00:00'
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, takewhile
from typing import Protocol
from zoneinfo import ZoneInfo


class Times(Protocol):
    """Times that follow each other."""

    def later(self, moment: datetime) -> Iterator[datetime]:
        """Those of them later than `moment`, in their order, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """`first`, and from then on at an interval. Both are of real time: no change of clocks moves them."""

    first: datetime
    interval: timedelta

    def later(self, moment: datetime) -> Iterator[datetime]:
        """Those of them later than `moment`, in their order, in UTC."""
        passed = (moment - self.first) // self.interval if moment >= self.first else -1
        for number in count(passed + 1):
            try:
                yield (self.first + number * self.interval).astimezone(UTC)
            except OverflowError:  # the year 10 000
                return


@dataclass(frozen=True, slots=True)
class Cron:
    """The times of a cron line, read on the clocks of `zone`, none of them before `start`.

    Where clocks are moved it does as Debian's cron: what would fall into an hour that is left out comes right after it; what
    falls into an hour that comes twice comes once, but for lines with ``*`` hours or minutes, which follow the real time.
    """

    line: str
    zone: ZoneInfo
    start: datetime | None = None

    def later(self, moment: datetime) -> Iterator[datetime]:
        """Those of them later than `moment`, in their order, in UTC; it ends when there is none for fifty years."""
        from cronsim import CronSim

        if self.start is not None and moment < self.start:
            moment = self.start - timedelta(microseconds=1)
        try:
            for found in CronSim(self.line, moment.astimezone(self.zone)):
                at = found.astimezone(UTC)
                if at > moment:  # in an hour that comes twice, a clock's time does not say which of them it is
                    yield at
                    moment = at
        except OverflowError:  # the year 10 000
            return


def newest(times: Times, after: datetime, until: datetime, limit: int) -> list[datetime]:
    """The newest of those later than `after` and not later than `until`, at most `limit` of them, oldest first.

    It takes as long for the years of a stopped cluster as for an hour: it looks at the end first, and then further back.
    """
    window = timedelta(minutes=2)
    while True:
        begin = max(after, until - window)
        found = list(takewhile(until.__ge__, times.later(begin)))
        if begin == after or len(found) >= limit:
            return found[-limit:]
        window *= 8
