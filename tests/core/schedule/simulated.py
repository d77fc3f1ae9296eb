"""A cluster in which schedules run, hours in a moment: processes come and go, time is a number, the record is what lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from poblano.core.errors import Location
from poblano.core.schedule import timetable
from poblano.core.schedule.definition import Schedule
from poblano.core.schedule.record import Attempt, Record, first_known

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def schedule(**options):
    return Schedule(capability="shop", name="clean-up", action=print, location=Location("shop.py", 1), **options)


@dataclass
class World:
    """One schedule, run by one process after the other.

    Args:
        schedule: which.
        lasting: how long a run takes.
        failing: attempts that fail, counted from 0 over all of them.
    """

    schedule: Schedule
    lasting: timedelta = timedelta(seconds=1)
    failing: frozenset[int] = frozenset()
    now: datetime = BEGIN
    kept: str | None = None
    process: str = ""
    processes: int = 0
    begun: list[Attempt] = field(default_factory=list)
    ended: list[tuple[Attempt, str, datetime]] = field(default_factory=list)
    under_way: dict[Attempt, tuple[datetime, bool]] = field(default_factory=dict)

    @property
    def record(self) -> Record:
        return first_known(self.now) if self.kept is None else Record.of(self.kept)

    def keep(self, record: Record) -> None:
        self.kept = record.json()

    def start(self) -> None:
        """A process begins to lead, if none does."""
        if not self.process:
            self.processes += 1
            self.process = f"watcher-{self.processes}"
            self.keep(timetable.cut_off(self.schedule, self.record, self.now, self.process))

    def kill(self) -> None:
        """What runs is gone, and nobody says so."""
        self.process = ""
        self.under_way.clear()

    def pass_time(self, length: timedelta) -> None:
        """Let the process that leads, if there is one, do what it does for so long."""
        until = self.now + length
        while self.process:
            wake = self._act()
            coming = min((at for at in (wake, *self._ends()) if at is not None), default=None)
            if coming is None or coming > until:
                break
            self.now = max(self.now, coming)
            self._end_what_is_done()
        self.now = until

    def _ends(self) -> list[datetime]:
        return [at for at, _ in self.under_way.values()]

    def _act(self) -> datetime | None:
        while True:
            match timetable.step(self.schedule, self.record, self.now, self.process):
                case timetable.Begin() as begin:
                    for attempt in begin.replacing:
                        self.under_way.pop(attempt, None)
                    self.keep(begin.record)
                    fails = len(self.begun) in self.failing
                    self.begun.append(begin.attempt)
                    self.under_way[begin.attempt] = (self.now + self.lasting, fails)
                case timetable.Pass() as passed:
                    self.keep(passed.record)
                case timetable.Sleep(until):
                    return until
                case timetable.Over():
                    return None

    def _end_what_is_done(self) -> None:
        for attempt, (at, fails) in list(self.under_way.items()):
            if at <= self.now:
                del self.under_way[attempt]
                result = "failed" if fails else "succeeded"
                self.ended.append((attempt, result, self.now))
                self.keep(timetable.ended(self.schedule, self.record, attempt, result, self.now))
