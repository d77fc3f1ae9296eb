"""The workers of a queue: many keys at once, each by one of them, and nothing is forgotten."""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter

import pytest

from poblano.core.cache import Key
from poblano.watch import working
from poblano.watch.working import Work
from tests.watch.clusters import until

KEYS = [Key("shop", f"app-{number}") for number in range(50)]


class Office:
    """Runs keys, each as long as it is told, and keeps account."""

    def __init__(self, workers=4, *, do=None):
        self.work = Work(self._run, workers)
        self.runs = Counter()
        self.busy = set()
        self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._do = do

    async def _run(self, key):
        assert key not in self.busy
        self.busy.add(key)
        self.runs[key] += 1
        self.most = max(self.most, len(self.busy))
        try:
            if self._do is not None:
                await self._do(key)
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.busy.discard(key)

    async def __aenter__(self):
        self._running = asyncio.create_task(self.work.run())
        return self

    async def __aexit__(self, *_):
        self.work.stop()
        self.gate.set()
        await self._running


async def test_every_key_is_run_and_never_more_at_once_than_there_are_workers():
    async with Office(4) as office:
        for key in KEYS:
            office.work.add(key)
        await until(lambda: len(office.runs) == len(KEYS) and not office.busy, "all were run")

    assert set(office.runs.values()) == {1}
    assert office.most == 4


@pytest.mark.parametrize("updates", (2, 10, 100))
async def test_q_many_updates_of_a_key_in_a_burst_make_two_runs_at_most(updates):
    async with Office() as office:
        office.gate.clear()
        office.work.add(KEYS[0])
        await until(lambda: office.busy == {KEYS[0]}, "it is being run")
        for _ in range(updates):
            office.work.add(KEYS[0])
        office.gate.set()
        await until(lambda: office.runs[KEYS[0]] == 2 and not office.busy, "it was run again")

    assert office.runs == {KEYS[0]: 2}


async def test_what_is_added_while_all_are_busy_is_run_when_one_is_done():
    async with Office(2) as office:
        office.gate.clear()
        for key in KEYS[:2]:
            office.work.add(key)
        await until(lambda: len(office.busy) == 2, "both are busy")
        office.work.add(KEYS[2])
        office.work.add_after(KEYS[3], 0.001)
        office.work.queue.add_after(KEYS[4], 0.001)  # as who runs a key says it: not by way of `Work`
        await asyncio.sleep(0.01)
        office.gate.set()
        await until(lambda: len(office.runs) == 5, "all five were run")


async def test_a_key_that_says_when_it_is_run_again_is_run_again_though_nothing_else_happens():
    async def again(key):
        if office.runs[key] < 5:
            office.work.queue.add_after(key, 0.001)

    office = Office(do=again)
    async with office:
        office.work.add(KEYS[0])
        await until(lambda: office.runs[KEYS[0]] == 5, "five runs")


async def test_stop_waits_for_what_is_under_way_and_begins_nothing_more():
    office = Office(1)
    office.gate.clear()
    office.work.add(KEYS[0])
    office.work.add(KEYS[1])
    running = asyncio.create_task(office.work.run())
    await until(lambda: office.busy, "one is under way")
    office.work.stop()
    await asyncio.sleep(0)
    assert not running.done()
    office.gate.set()
    await running

    assert office.runs == {KEYS[0]: 1}


async def test_a_cancelled_worker_cancels_what_is_under_way_and_waits_for_it():
    office = Office(2)
    office.gate.clear()
    office.work.add(KEYS[0])
    running = asyncio.create_task(office.work.run())
    await until(lambda: office.busy, "one is under way")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not office.busy
    assert not office.work.queue.processing


async def test_who_catches_the_cancellation_is_cancelled_again(monkeypatch):
    monkeypatch.setattr(working, "STUBBORN_SECONDS", 0.05)
    caught = []

    async def stubborn(key):
        while len(caught) < 3:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                caught.append(key)

    work = Work(stubborn, 1)
    work.add(KEYS[0])
    running = asyncio.create_task(work.run())
    await until(lambda: work.queue.processing, "it is under way")
    await asyncio.sleep(0)
    running.cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(running, return_exceptions=True)
    assert len(caught) == 3


async def test_a_run_that_is_cancelled_by_what_it_does_is_run_again(capfd):
    async def cancels_itself(key):
        if office.runs[key] == 1:
            asyncio.current_task().cancel()
            await asyncio.sleep(60)

    office = Office(do=cancels_itself)
    async with office:
        office.work.add(KEYS[0])
        await until(lambda: office.runs[KEYS[0]] == 2 and not office.busy, "it is run again")
    assert "cancelled" in capfd.readouterr().out


async def test_a_defect_ends_the_work_rather_than_leave_a_key_unworked():
    async def broken(key):
        raise ArithmeticError(key)

    office = Office(do=broken)
    office.work.add(KEYS[0])
    with pytest.raises(ArithmeticError):
        await office.work.run()


async def test_what_a_run_binds_to_a_context_variable_no_other_run_sees():
    variable = contextvars.ContextVar("variable", default="nothing")
    seen = []

    async def bind(key):
        seen.append(variable.get())
        variable.set(key.name)

    async with Office(1, do=bind) as office:
        for key in KEYS:
            office.work.add(key)
        await until(lambda: len(seen) == len(KEYS), "all were run")

    assert set(seen) == {"nothing"}
