"""Runs schedules: each by a task of its own, which does what the timetable says and writes down what came of it.

What is written comes first: an attempt begins when the record says so at the API server, and is over for others when its end
is written there. So a process that is killed leaves a record that says what it was doing.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from poblano.core.backoff import Backoff
from poblano.core.cache import Key
from poblano.core.context import permitted
from poblano.core.errors import ApiError, Conflict
from poblano.core.schedule import timetable
from poblano.core.schedule.definition import Schedule
from poblano.core.schedule.record import Attempt, Record, Result, UnreadableRecord, first_known
from poblano.core.schedule.timetable import Begin, Over, Pass, Sleep
from poblano.core.verdict import described
from poblano.log import Log
from poblano.schedule.metrics import UNCOUNTED, ScheduleObserver
from poblano.schedule.records import Records
from poblano.watch.calling import Caller, TimedOut
from poblano.watch.informer import Informer

LONGEST = 60.0
"""Seconds after which it is looked again, whatever the timetable says: a clock may have been set."""

TURN_SECONDS = 2.0
"""How often a process that may not run a schedule looks whether it may now."""


class Runner:
    """The schedules of a module, running.

    Args:
        schedules: which.
        records: what is kept of them.
        caller: who calls their functions.
        process: who this is, in records.
        now: the time.
        observer: who counts.
    """

    def __init__(
        self,
        schedules: Iterable[Schedule],
        records: Records,
        caller: Caller,
        *,
        process: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        observer: ScheduleObserver = UNCOUNTED,
    ) -> None:
        self.name = "the schedules"
        self.may: Callable[[Hashable], bool] = lambda title: True
        self._schedules = tuple(schedules)
        self._records = records
        self._caller = caller
        self._process = process
        self._now = now
        self._observer = observer
        self._under_way: dict[tuple[str, Attempt], asyncio.Task[None]] = {}
        self._turning: set[str] = set()
        self._stopping = False
        self._defect: BaseException | None = None

    @property
    def keys(self) -> set[Hashable]:
        """The titles of those that run, or are about to. From any thread."""
        return {*(title for title, _ in tuple(self._under_way)), *self._turning.copy()}

    @property
    def informers(self) -> list[Informer]:
        """What keeps the records."""
        return [self._records.informer]

    @property
    def busy(self) -> list[asyncio.Task[None]]:
        """The attempts under way."""
        return list(self._under_way.values())

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        self._records.wake()

    async def run(self) -> None:
        """Run them until `stop`, and until what is under way has ended."""
        await self._records.synced()
        try:
            async with asyncio.TaskGroup() as group:
                for schedule in self._schedules:
                    group.create_task(_Line(self, schedule).follow(), name=f"schedule {schedule.title}")
            await asyncio.gather(*self.busy)
        finally:
            for task in self.busy:
                task.cancel()
            await asyncio.gather(*self.busy, return_exceptions=True)

    def _ended(self, key: tuple[str, Attempt], task: asyncio.Task[None]) -> None:
        """One that could not be brought to its end is said to be under way for good: who runs them ends with it."""
        self._under_way.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._defect = error
            self._records.wake()


class _Line:
    """One schedule."""

    def __init__(self, runner: Runner, schedule: Schedule) -> None:
        self._runner = runner
        self._schedule = schedule
        self._ours = False
        self._backoff = Backoff(clock=time.monotonic, chance=random.random)

    async def follow(self) -> None:
        runner = self._runner
        while not runner._stopping:
            if runner._defect is not None:
                raise runner._defect
            version = runner._records.version
            title = self._schedule.title
            if not runner.may(title):
                self._ours = False
                await runner._records.changes(version, TURN_SECONDS)
                continue
            seconds: float | None = 0.0
            runner._turning.add(title)
            try:
                if runner.may(title):  # asked again: what is said to be worked on goes to no other replica from here on
                    seconds = await self._turn()
            except Conflict:
                seconds = 0.0  # somebody else wrote: it is read again
            except ApiError as error:
                seconds = self._backoff.next()
                Log.error(error, "the record of a schedule cannot be written, so it does not run", **self._about())
            finally:
                runner._turning.discard(title)
            if seconds != 0.0:
                await runner._records.changes(version, seconds)
            else:
                await asyncio.sleep(0)

    async def _turn(self) -> float | None:
        """Do what is to be done now; how long to wait then."""
        runner, schedule = self._runner, self._schedule
        text, now = runner._records.get(schedule.title), runner._now()
        record = self._read(text, now)
        if not self._ours:
            record = timetable.cut_off(schedule, record, now, runner._process)
            await self._write(text, record)
            self._ours = True
            return 0.0
        match timetable.step(schedule, record, now, runner._process):
            case Begin() as begin:
                await self._replace(begin.replacing)
                await self._write(text, begin.record)
                self._begin(begin.attempt)
            case Pass(record):
                await self._write(text, record)
            case Sleep(until):
                runner._observer.due(schedule, until)
                return LONGEST if until is None else min(LONGEST, max(0.001, (until - runner._now()).total_seconds()))
            case Over():
                runner._observer.due(schedule, None)
                return LONGEST
        return 0.0

    def _read(self, text: str | None, now: datetime) -> Record:
        if text is None:
            return first_known(now)
        try:
            return Record.of(text)
        except UnreadableRecord as error:
            Log.error(error, "the record of a schedule is begun anew", **self._about())
            return first_known(now)

    async def _write(self, text: str | None, record: Record) -> None:
        after = record.json()
        if after != text:
            await self._runner._records.put(self._schedule.title, text, after)

    async def _replace(self, attempts: Iterable[Attempt]) -> None:
        """End them. A ``def`` cannot be: it is waited for, and its own end is what is written then."""
        title = self._schedule.title
        tasks = [task for attempt in attempts if (task := self._runner._under_way.get((title, attempt))) is not None]
        for task in tasks if self._schedule.is_async else ():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, attempt: Attempt) -> None:
        runner = self._runner
        runner._observer.began(self._schedule, runner._now() - attempt.fire)
        task = asyncio.create_task(self._attempt(attempt), name=f"schedule {self._schedule.title}: a run")
        key = self._schedule.title, attempt
        runner._under_way[key] = task
        task.add_done_callback(partial(runner._ended, key))

    async def _attempt(self, attempt: Attempt) -> None:
        result, message = await self._called()
        now = self._runner._now()
        self._runner._observer.ended(self._schedule, result, now - attempt.began, now)
        await self._write_end(attempt, result, message)
        self._runner._records.wake()

    async def _called(self) -> tuple[Result, str]:
        schedule = self._schedule
        try:
            await self._runner._caller.call(schedule, Key("", schedule.name), "")
        except asyncio.CancelledError:
            raise
        except TimedOut as error:
            Log.error("a scheduled run took too long", **self._about(), reason=str(error))
            return "timed out", str(error)
        except Exception as error:  # noqa: BLE001 -- whatever a user's code raises
            Log.error(error, "a scheduled run failed", **self._about())
            return "failed", described(error)
        return "succeeded", ""

    async def _write_end(self, attempt: Attempt, result: Result, message: str) -> None:
        """Until it is written, nobody knows; whoever leads then says that it was cut off."""
        backoff = Backoff(clock=time.monotonic, chance=random.random)
        allows = permitted.get()
        while allows is None or allows():  # also when it is to go to another replica: it goes when this is written
            text, now = self._runner._records.get(self._schedule.title), self._runner._now()
            record = timetable.ended(self._schedule, self._read(text, now), attempt, result, now, message)
            with suppress(Conflict):
                try:
                    await self._write(text, record)
                    return
                except Conflict:
                    raise
                except ApiError as error:
                    Log.error(error, "the end of a scheduled run cannot be written yet", **self._about())
                    await asyncio.sleep(backoff.next())
            await asyncio.sleep(0.05)

    def _about(self) -> dict[str, str]:
        return {"capability": self._schedule.capability, "schedule": self._schedule.name}
