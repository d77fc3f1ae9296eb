"""Schedules that run: what is written before they do, and what the next process makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from datetime import UTC, datetime, timedelta

import pytest

from poblano import Capability
from poblano.client import Resources
from poblano.core.errors import Conflict, NotFound
from poblano.core.schedule import timetable
from poblano.core.schedule.record import Record
from poblano.core.store.definition import STORE, schedules_name
from poblano.schedule.metrics import Uncounted
from poblano.schedule.records import Records
from poblano.schedule.runner import Runner
from poblano.watch.calling import Caller
from tests.watch.clusters import until

HOUR = timedelta(hours=1)


class Clock:
    def __init__(self):
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.time


class Process:
    """A process that runs the schedules of a capability."""

    def __init__(self, client, uuid, shop, clock, name="watcher-1"):
        self.client, self.clock = client, clock
        self.records = Records(client, uuid=uuid, namespace="default")
        self.caller = Caller()
        self.runner = Runner(shop.schedules, self.records, self.caller, process=name, now=clock)

    def record(self, title):
        return Record.of(self.records.get(title))

    def has(self, title):
        return self.records.get(title) is not None

    def later(self, step):
        self.clock.time += step
        self.records.wake()


@contextlib.asynccontextmanager
async def process(*arguments, **options):
    one = Process(*arguments, **options)
    tasks = [asyncio.create_task(one.records.informer.run()), asyncio.create_task(one.runner.run())]
    try:
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        one.caller.close()


async def test_a_run_is_written_before_it_begins_and_when_it_has_ended(client, uuid):
    shop, seen, go = Capability("shop"), [], asyncio.Event()

    @shop.on_schedule("job", every=HOUR)
    async def job():
        kept = await Resources(client).get(STORE, schedules_name(uuid), "default")
        seen.append(Record.of(kept["data"]["shop/job"]).running)
        await go.wait()

    async with process(client, uuid, shop, Clock()) as one:
        await until(lambda: one.has("shop/job"), "it is known")
        one.later(HOUR)
        await until(lambda: seen, "it runs")
        assert [attempt.process for attempt in seen[0]] == ["watcher-1"]
        go.set()
        await until(lambda: one.record("shop/job").completed == 1, "its end is written")
        assert one.record("shop/job").last.result == "succeeded"


async def test_what_fails_is_written_in_a_line_without_secrets(client, uuid):
    shop = Capability("shop")

    @shop.on_schedule("job", every=HOUR)
    def job():
        raise ValueError("no such host; Authorization: Bearer hunter2hunter2hunter2")

    async with process(client, uuid, shop, Clock()) as one:
        await until(lambda: one.has("shop/job"), "it is known")
        one.later(HOUR)
        await until(lambda: one.record("shop/job").completed == 1, "it has ended")
        last = one.record("shop/job").last
        assert last.result == "failed"
        assert last.message.startswith("ValueError: no such host")
        assert "hunter2" not in last.message


@pytest.mark.parametrize("error", (SystemExit, KeyboardInterrupt))
async def test_an_exit_in_a_run_ends_the_run_and_nothing_else(client, uuid, error):
    shop, runs = Capability("shop"), []

    @shop.on_schedule("job", every=HOUR)
    async def job():
        runs.append(1)
        raise error

    async with process(client, uuid, shop, Clock()) as one:
        await until(lambda: one.has("shop/job"), "it is known")
        for count in (1, 2):
            one.later(HOUR)
            await until(lambda count=count: one.record("shop/job").completed == count, "it has ended")
    assert len(runs) == 2


async def test_a_run_that_takes_too_long_is_cancelled_and_known_as_such(client, uuid):
    shop, cancelled = Capability("shop"), []

    @shop.on_schedule("job", every=HOUR, timeout=timedelta(milliseconds=50))
    async def job():
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.append(1)

    async with process(client, uuid, shop, Clock()) as one:
        await until(lambda: one.has("shop/job"), "it is known")
        one.later(HOUR)
        await until(lambda: one.record("shop/job").completed == 1, "it has ended")
        assert one.record("shop/job").last.result == "timed out"
    assert cancelled


async def test_a_killed_process_leaves_a_run_that_the_next_one_knows_as_cut_off_and_makes_again(client, uuid):
    shop, runs, clock = Capability("shop"), [], Clock()

    @shop.on_schedule("job", every=HOUR)
    async def job():
        runs.append(1)
        if len(runs) == 1:
            await asyncio.sleep(3600)

    async with process(client, uuid, shop, clock) as one:
        await until(lambda: one.has("shop/job"), "it is known")
        one.later(HOUR)
        await until(lambda: runs, "it runs")
    async with process(client, uuid, shop, clock, "watcher-2") as other:
        await until(lambda: other.has("shop/job") and other.record("shop/job").completed == 1, "it was made again")
        record = other.record("shop/job")
    assert len(runs) == 2
    assert (record.last.result, record.last.number) == ("succeeded", 2)


async def test_a_replica_that_may_not_runs_nothing_and_one_that_may_goes_on_where_the_other_was(client, uuid):
    shop, clock = Capability("shop"), Clock()
    shop.on_schedule("job", every=HOUR)(lambda: None)

    async with process(client, uuid, shop, clock) as one, process(client, uuid, shop, clock, "watcher-2") as other:
        other.runner.may = lambda title: False
        await until(lambda: one.has("shop/job"), "it is known")
        one.later(HOUR)
        await until(lambda: one.record("shop/job").completed == 1, "one has run it")
        one.runner.may, other.runner.may = other.runner.may, one.runner.may
        other.later(HOUR)
        await until(lambda: other.record("shop/job").completed == 2, "the other has run it")
        assert other.record("shop/job").last.number == 1


async def test_somebody_elses_change_of_a_record_is_heeded(client, uuid):
    """What `poblano schedule pause` and `run` do."""
    shop, runs = Capability("shop"), []
    shop.on_schedule("job", every=HOUR)(lambda: runs.append(1))
    here = Records(client, uuid=uuid, namespace="default")
    following = asyncio.create_task(here.informer.run())
    clock = Clock()
    async with process(client, uuid, shop, clock) as one:
        await until(lambda: one.has("shop/job") and here.get("shop/job"), "it is known")
        text = here.get("shop/job")
        await here.put("shop/job", text, timetable.asked(Record.of(text), clock()).json())
        await until(lambda: len(runs) == 1 and not one.record("shop/job").running, "it was run when it was asked for")
        await until(lambda: here.get("shop/job") == one.records.get("shop/job"), "both know the same")
        text = here.get("shop/job")
        await here.put("shop/job", text, timetable.paused(Record.of(text)).json())
        await until(lambda: one.record("shop/job").paused, "it is paused")
        one.later(5 * HOUR)
        await asyncio.sleep(0.2)
        assert len(runs) == 1
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_record_that_is_no_longer_what_it_was_is_not_overwritten(client, uuid):
    here = Records(client, uuid=uuid, namespace="default")
    following = asyncio.create_task(here.informer.run())
    await here.synced()
    await here.put("shop/a", None, "one")
    await here.put("shop/b", None, "two")
    with pytest.raises(Conflict):
        await here.put("shop/a", "another", "three")
    with pytest.raises(Conflict):
        await Records(client, uuid=uuid, namespace="default").put("shop/a", None, "four")
    assert here.all() == {"shop/a": "one", "shop/b": "two"}
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_records_that_somebody_deleted_are_made_again_from_what_is_known(client, uuid):
    shop = Capability("shop")
    shop.on_schedule("job", every=HOUR)(lambda: None)
    shop.on_schedule("other", every=25 * HOUR)(lambda: None)
    api = Resources(client)
    async with process(client, uuid, shop, Clock()) as one:
        await until(lambda: one.has("shop/job") and one.has("shop/other"), "both are known")
        one.later(HOUR)
        await until(lambda: one.record("shop/job").completed == 1, "it has run")
        await api.delete(STORE, schedules_name(uuid), "default")
        with pytest.raises(NotFound):
            await api.get(STORE, schedules_name(uuid), "default")
        one.later(HOUR)
        await until(lambda: one.record("shop/job").completed == 2, "it has run again")
        kept = await api.get(STORE, schedules_name(uuid), "default")
        assert set(kept["data"]) == {"shop/job", "shop/other"}


async def test_overlap_replace_cancels_an_async_run_and_waits_for_one_in_a_thread(client, uuid):
    shop, ended, release = Capability("shop"), [], threading.Event()

    @shop.on_schedule("quick", every=HOUR, overlap="replace")
    async def quick():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("quick")

    @shop.on_schedule("slow", every=HOUR, overlap="replace")
    def slow():
        release.wait(60)
        ended.append("slow")

    async with process(client, uuid, shop, Clock()) as one:
        await until(lambda: one.has("shop/quick") and one.has("shop/slow"), "both are known")
        one.later(HOUR)
        await until(lambda: len(one.runner.busy) == 2, "both run")
        one.later(HOUR)
        await until(lambda: ended == ["quick"], "the one was cancelled")
        await until(lambda: one.record("shop/quick").last is not None, "and that is written")
        assert one.record("shop/quick").last.result == "replaced"
        release.set()
        await until(lambda: one.record("shop/slow").completed == 2, "the other has ended twice")
    assert ended.count("slow") == 2


async def test_stop_begins_nothing_and_lets_what_runs_end(client, uuid):
    shop, go, ended = Capability("shop"), asyncio.Event(), []

    @shop.on_schedule("job", every=HOUR)
    async def job():
        await go.wait()
        ended.append(1)

    one = Process(client, uuid, shop, Clock())
    informing = asyncio.create_task(one.records.informer.run())
    running = asyncio.create_task(one.runner.run())
    await until(lambda: one.has("shop/job"), "it is known")
    one.later(HOUR)
    await until(lambda: one.runner.busy, "it runs")
    one.runner.stop()
    await asyncio.sleep(0.05)
    assert not running.done()
    go.set()
    await running
    assert ended
    assert one.record("shop/job").completed == 1
    informing.cancel()
    await asyncio.gather(informing, return_exceptions=True)
    one.caller.close()


async def test_a_run_whose_end_cannot_be_written_ends_what_runs_them_and_is_not_under_way_for_good(client, uuid):
    class Broken(Uncounted):
        def ended(self, *_):
            raise LookupError("what nobody has thought of")

    shop = Capability("shop")

    @shop.on_schedule("job", every=HOUR)
    async def job():
        pass

    one = Process(client, uuid, shop, Clock())
    one.runner._observer = Broken()
    informing, running = asyncio.create_task(one.records.informer.run()), asyncio.create_task(one.runner.run())
    try:
        await until(lambda: one.has("shop/job"), "it is known")
        one.later(HOUR)
        with pytest.raises(ExceptionGroup) as raised:
            await running
        assert [str(why) for why in raised.value.exceptions] == ["what nobody has thought of"]
    finally:
        informing.cancel()
        await asyncio.wait([informing])
        one.caller.close()
