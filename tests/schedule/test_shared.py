"""Schedules of replicas that share the work: each is one replica's, and goes to another between two runs, never during one."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from poblano import Capability
from poblano.client import Resources, connect
from poblano.core.lease import LeaseTimes
from poblano.watch.sharding import Sharing
from poblano.watch.standing import own_identity
from tests.schedule.test_runner import HOUR, Clock, process
from tests.watch.clusters import space_of, until

JOBS = [f"job-{number}" for number in range(8)]
ENDLESS = LeaseTimes(duration=600, renew=400, retry=0.5)


def jobs(run):
    """A capability whose jobs are all the same function; each replica has one of its own."""
    shop = Capability("shop")
    for name in JOBS:

        def job(name=name):
            return run(name)

        shop.on_schedule(name, every=HOUR)(_coroutine(job))
    return shop


def _coroutine(job):
    async def run():
        await job()

    return run


@contextlib.asynccontextmanager
async def replica(cluster, client, uuid, run, clock, name):
    """One of several that share the schedules by their Leases, wired up as a watcher does."""
    sharing = Sharing(
        lambda: connect(cluster.kubeconfig),
        namespace="shared",
        group=f"poblano-{uuid}",
        identity=own_identity(),
        times=ENDLESS,
    )
    async with process(client, uuid, jobs(run), clock, name=name) as one:
        one.runner.may = sharing.may
        sharing.follow(lambda mine: None, lambda: one.runner.keys)
        acquiring = asyncio.create_task(sharing.acquired())
        try:
            yield one, sharing
        finally:
            acquiring.cancel()
            await asyncio.gather(acquiring, return_exceptions=True)
            await sharing.release()


def mine(sharing):
    return {name for name in JOBS if sharing.may(f"shop/{name}")}


@pytest.fixture
async def shared(client):
    return await space_of(Resources(client), "shared")


@pytest.mark.usefixtures("shared")
async def test_a_schedule_goes_to_another_replica_when_its_run_has_ended_and_runs_once_at_a_time(cluster, client, uuid):
    clock, go, runs, now = Clock(), asyncio.Event(), [], set()

    def of(who):
        async def run(name):
            assert name not in now, "two runs of one schedule at once"
            now.add(name)
            runs.append((who, name))
            await go.wait()
            now.remove(name)

        return run

    async with replica(cluster, client, uuid, of("one"), clock, "one") as (one, first):
        await until(lambda: mine(first) == set(JOBS), "the only replica has all")
        await until(lambda: all(one.has(f"shop/{name}") for name in JOBS), "all are known")
        one.later(HOUR)
        await until(lambda: len(runs) == len(JOBS), "all run")
        async with replica(cluster, client, uuid, of("two"), clock, "two") as (two, second):
            await until(lambda: mine(first) != set(JOBS), "some are to go")
            two.later(HOUR)
            for _ in range(30):  # some looks at the Leases, each of which could give it a share
                await asyncio.sleep(0.1)
                assert mine(second) == set()
            assert len(runs) == len(JOBS)
            go.set()
            await until(lambda: mine(second) and mine(first) | mine(second) == set(JOBS), "each has its share")
            assert not mine(first) & mine(second)
            await until(lambda: sorted(name for _, name in runs) == sorted(JOBS * 2), "each has run once more")
            records = lambda: [two.record(f"shop/{name}") for name in JOBS]  # noqa: E731
            await until(lambda: all(not one.running and one.completed == 2 for one in records()), "all has ended")
            assert [record.last.result for record in records()] == ["succeeded"] * len(JOBS)
            assert {who for who, name in runs[len(JOBS) :] if name in mine(second)} == {"two"}
        await until(lambda: mine(first) == set(JOBS), "the one that is left has all again")
        runs.clear()
        one.later(HOUR)
        await until(lambda: sorted(runs) == sorted(("one", name) for name in JOBS), "it runs them all")
