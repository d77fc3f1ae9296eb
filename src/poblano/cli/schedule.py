"""``poblano schedule``: what the schedules of a module have done, do next, and are told to do, in a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from poblano.cli.columns import columns
from poblano.cli.reaching import where
from poblano.core.printable import printable

if TYPE_CHECKING:
    from poblano.core.schedule.definition import Schedule
    from poblano.core.schedule.record import Record
    from poblano.schedule.records import Records


SYNC_SECONDS = 30.0
ATTEMPTS = 20


@click.group(name="schedule")
def command() -> None:
    """See and steer the schedules of the module, in a cluster.

    To be called in the folder of the module. What it tells the schedules, their replica hears at once.
    """


@command.command(name="list")
@where
def list_(kubeconfig: Path | None, context: str) -> None:
    """All schedules: when each ran, what came of it, and when it runs next."""

    async def run() -> None:
        async with _opened(kubeconfig, context) as (schedules, records):
            _table(schedules, {schedule.title: _record(records, schedule) for schedule in schedules})

    asyncio.run(run())


@command.command
@click.argument("name")
@where
def show(name: str, kubeconfig: Path | None, context: str) -> None:
    """All that is known of one schedule. NAME is `capability/schedule`, or the schedule's alone."""

    async def run() -> None:
        async with _opened(kubeconfig, context) as (schedules, records):
            schedule = _named(schedules, name)
            for label, value in _details(schedule, _record(records, schedule)):
                click.echo(f"{label + ':':<12} {printable(value)}")

    asyncio.run(run())


@command.command(name="run")
@click.argument("name")
@where
def run_(name: str, kubeconfig: Path | None, context: str) -> None:
    """Have a schedule run now, beside its times. It counts for none of them."""
    from poblano.core.schedule import timetable

    asyncio.run(_tell(name, kubeconfig, context, timetable.asked))
    click.echo(
        f"{name} is to run as soon as its replica hears of it; poblano schedule show {name} says what came of it"
    )


@command.command
@click.argument("name")
@where
def pause(name: str, kubeconfig: Path | None, context: str) -> None:
    """Have a schedule begin nothing until it is resumed."""
    from poblano.core.schedule import timetable

    asyncio.run(_tell(name, kubeconfig, context, lambda record, now: timetable.paused(record)))
    click.echo(f"{name} is paused; poblano schedule resume {name} lets it go on")


@command.command
@click.argument("name")
@where
def resume(name: str, kubeconfig: Path | None, context: str) -> None:
    """Have a paused schedule go on, with its next time."""
    from poblano.core.schedule import timetable

    asyncio.run(_tell(name, kubeconfig, context, timetable.resumed))
    click.echo(f"{name} goes on")


async def _tell(name: str, kubeconfig: Path | None, context: str, change: Callable[[Record, datetime], Record]) -> None:
    from poblano.core.errors import Conflict
    from poblano.core.schedule.record import Record, first_known

    async with _opened(kubeconfig, context) as (schedules, records):
        title = _named(schedules, name).title
        for _ in range(ATTEMPTS):
            now, version, text = datetime.now(UTC), records.version, records.get(title)
            record = first_known(now) if text is None else Record.of(text)
            try:
                await records.put(title, text, change(record, now).json())
                return
            except Conflict:
                await records.changes(version, 1.0)
    raise click.ClickException(f"the record of {title} is written all the time by others; try again")


@asynccontextmanager
async def _opened(kubeconfig: Path | None, context: str) -> AsyncGenerator[tuple[tuple[Schedule, ...], Records]]:
    from poblano.cli.followers import namespace_of
    from poblano.cli.project import load_project
    from poblano.client import ApiClient, find_access
    from poblano.log import configure
    from poblano.schedule.records import Records

    project = load_project(Path.cwd())
    configure("warning", format="console")
    schedules = project.module.schedules
    if not schedules:
        raise click.ClickException("the module has no schedules; @shop.on_schedule(...) makes one")
    access = find_access(kubeconfig, context)
    async with ApiClient(access) as client:
        records = Records(client, uuid=project.settings.uuid, namespace=namespace_of(project, access))
        following = asyncio.create_task(records.informer.run())
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await _synced(records)
            yield schedules, records
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _synced(records: Records) -> None:
    """Wait for the records, or for the reason why there are none."""
    waiting = asyncio.create_task(records.synced())
    try:
        while not waiting.done():
            await asyncio.wait([waiting], timeout=0.05)
            if not waiting.done() and records.informer.reflector.counts["errors"]:
                raise click.ClickException(
                    f"the records cannot be read: {records.informer.trouble}; poblano dev, or the manifests, make the "
                    "kind that they are kept in"
                )
    finally:
        waiting.cancel()


def _record(records: Records, schedule: Schedule) -> Record | None:
    from poblano.core.schedule.record import Record

    text = records.get(schedule.title)
    return None if text is None else Record.of(text)


def _named(schedules: tuple[Schedule, ...], name: str) -> Schedule:
    found = [schedule for schedule in schedules if name in {schedule.title, schedule.name}]
    if len(found) == 1:
        return found[0]
    titles = ", ".join(schedule.title for schedule in found or schedules)
    problem = f"{name} may be any of {titles}" if found else f"there is no schedule {name}; there are {titles}"
    raise click.ClickException(problem)


def _table(schedules: tuple[Schedule, ...], known: dict[str, Record | None]) -> None:
    rows = [("SCHEDULE", "WHEN", "LAST RUN", "RESULT", "NEXT RUN", "RUNS")]
    for schedule in schedules:
        record = known[schedule.title]
        last = record.last if record else None
        ran: tuple[str, str] = (_ago(last.at), last.result) if last else ("never", "")
        runs = str(record.completed if record else 0)
        rows.append((schedule.title, _when(schedule), ran[0], ran[1], _next(schedule, record), runs))
    for line in columns(rows):
        click.echo(line)


def _details(schedule: Schedule, record: Record | None) -> list[tuple[str, str]]:
    found = [("schedule", schedule.title), ("defined at", str(schedule.location)), ("when", _when(schedule))]
    if record is None:
        return [*found, ("known", "no: no replica has seen it yet")]
    found += [
        ("next run", _next(schedule, record)),
        ("completed", str(record.completed)),
        ("skipped", str(record.skipped)),
    ]
    for attempt in record.running:
        found.append(
            ("running", f"for {_for(datetime.now(UTC) - attempt.began)}, attempt {attempt.number}, {attempt.process}")
        )
    if record.retry is not None:
        found.append(("to be tried", f"{_at(record.retry.at)}, attempt {record.retry.number}"))
    if record.last is not None:
        took = _for(record.last.at - record.last.began)
        found.append(
            ("last run", f"{record.last.result} {_ago(record.last.at)}, after {took}, attempt {record.last.number}")
        )
        found += [("reason", record.last.message)] if record.last.message else []
    if record.succeeded is not None:
        found.append(("last success", _ago(record.succeeded)))
    return found


def _when(schedule: Schedule) -> str:
    if schedule.every is not None:
        return f"every {_for(schedule.every)}"
    return f"{schedule.cron} ({schedule.timezone})"


def _next(schedule: Schedule, record: Record | None) -> str:
    from poblano.core.schedule.timetable import next_run

    if record is None:
        return "not known"
    if record.paused:
        return "paused"
    at = next_run(schedule, record, datetime.now(UTC))
    return "never" if at is None else _at(at)


def _at(moment: datetime) -> str:
    left = moment - datetime.now(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}Z" + (f" (in {_for(left)})" if left > timedelta(0) else " (now)")


def _ago(moment: datetime) -> str:
    return f"{_for(datetime.now(UTC) - moment)} ago"


def _for(length: timedelta) -> str:
    """A length of time in its two greatest units.

    >>> _for(timedelta(hours=25, minutes=3)), _for(timedelta(seconds=90)), _for(timedelta(0))
    ('1d 1h', '1m 30s', '0s')
    """
    seconds = max(0, round(length.total_seconds()))
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    told = [f"{count}{unit}" for count, unit in parts if count]
    return " ".join(told[:2]) or "0s"
