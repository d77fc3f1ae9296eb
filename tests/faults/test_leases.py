"""What goes wrong between a leader and the Lease: two replicas, each with a path of its own to the server."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import time
from contextlib import ExitStack, asynccontextmanager

import pytest
import yaml

from tests.cli.developing import environment
from tests.faults.middleman import Middleman
from tests.faults.scene import by_hand, closing_all
from tests.faults.wire import Wire
from tests.watch.clusters import until
from tests.watch.loads import changing, make_space
from tests.watch.replicas import ROOT, Replica, Replicas

TIMES = (6, 4, 0.5)
PATIENT = (60, 40, 0.5)
"""Of one that nobody is to lose, however slow the machine is."""

DAY = 86_400


def kubeconfig(path, url, token, ca=""):
    cluster = {"server": url}
    if ca:
        cluster["certificate-authority-data"] = base64.b64encode(ca.encode()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "me", "user": {"token": token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "current-context": "it",
    }
    path.write_text(yaml.safe_dump(config))
    return path


class Pair:
    """Two replicas that work on objects which change all the time."""

    def __init__(self, replicas, wanted):
        self.replicas = replicas
        self.wanted = wanted

    async def led_by(self, pid=None):
        def works():
            leader = self.replicas.leader()
            worked = {line.pid for line in self.replicas.runs()}
            return leader and leader.pid in worked and pid in {None, leader.pid} and leader

        await until(works, "one leads and works", 120)
        return works()

    async def works_on(self, leader, runs=40):
        """The one that leads goes on for so many more runs."""
        before = len(self.replicas.runs())
        await until(lambda: len(self.replicas.runs()) >= before + runs, "it works on", 120)
        assert self.replicas.leader() is leader
        assert {line.pid for line in self.replicas.runs()} == {leader.pid}

    async def taken_over(self, leader):
        """Seconds from now until another works."""
        told = time.monotonic()

        def first():
            return next((one for one in self.replicas.runs() if one.at > told and one.pid != leader.pid), None)

        await until(first, "another one takes over", 120)
        return first().at - told


def _bury(replica):
    """Write down when it dies: what it was at went on until then."""
    replica.process.wait()
    replica.died = min(replica.died, time.monotonic())


@asynccontextmanager
async def pair(target, folder, first, second, start=Replicas.start, times=TIMES):
    """Two replicas with a kubeconfig each; the first is there before the second."""
    direct = kubeconfig(folder / "direct", target.url, target.token, target.ca)
    space = f"leases-{time.monotonic_ns()}"
    await make_space(direct, space)
    (folder / "module").mkdir()
    with ExitStack() as stack:
        replicas = stack.enter_context(Replicas(folder / "module", first, space, times=times))
        async with changing(direct, space) as wanted:
            both = Pair(replicas, wanted)
            start(replicas)
            await both.led_by()
            replicas.kubeconfig = second
            start(replicas)
            await until(replicas.all[1].lines, "both are there", 120)
            dying = [asyncio.create_task(asyncio.to_thread(_bury, replica)) for replica in replicas.all]
            yield both
        await until(lambda: replicas.seen() == wanted, "nothing is missed", 120)
        stack.close()
        await asyncio.wait(dying)
        assert replicas.overlaps() == []


async def test_a_leader_whose_path_is_dropped_stops_before_another_begins(target, tmp_path, note_seconds):
    with closing_all(wire := Wire(("127.0.0.1", target.port))):
        first = kubeconfig(tmp_path / "first", f"https://127.0.0.1:{wire.port}", target.token, target.ca)
        second = kubeconfig(tmp_path / "second", target.url, target.token, target.ca)
        async with pair(target, tmp_path, first, second) as both:
            leader = await both.led_by()
            wire.tell("drop")
            wire.tell("unanswered")
            note_seconds("Lease: the leader's path dropped, another takes over", await both.taken_over(leader))
            await until(lambda: not leader.is_alive(), "the one that led has ended", 120)


@pytest.fixture
def refusing(target, tmp_path):
    with closing_all(middleman := Middleman(target.url, target.ca, target.token)):
        yield middleman, kubeconfig(tmp_path / "first", middleman.url, "first")


async def test_a_leader_that_is_refused_for_a_moment_goes_on(target, tmp_path, refusing):
    middleman, first = refusing
    second = kubeconfig(tmp_path / "second", target.url, target.token, target.ca)
    async with pair(target, tmp_path, first, second, times=PATIENT) as both:
        leader = await both.led_by()
        middleman.refuse(503, verb="write", times=2)
        await both.works_on(leader)


async def test_a_leader_that_is_refused_for_longer_stops_before_another_begins(
    target, tmp_path, refusing, note_seconds
):
    middleman, first = refusing
    second = kubeconfig(tmp_path / "second", target.url, target.token, target.ca)
    async with pair(target, tmp_path, first, second) as both:
        leader = await both.led_by()
        middleman.refuse(500, verb="write")
        note_seconds("Lease: renewals answered with 500, another takes over", await both.taken_over(leader))
        await until(lambda: not leader.is_alive(), "the one that led has ended", 120)


@pytest.mark.parametrize("offset", [DAY, -DAY])
async def test_whose_clock_is_wrong_by_a_day_neither_takes_nor_loses_a_lease(target, tmp_path, offset, note_seconds):
    """The leader is right, and the other one far ahead or behind: the Lease seems to have run out long ago, or never to."""

    def start(replicas):
        if not replicas.all:
            return replicas.start()
        output = replicas.folder / "jumping.log"
        command = [sys.executable, "-m", "tests.faults.jumping", str(offset), replicas.folder, "elected"]
        env = environment() | {
            "KUBECONFIG": str(replicas.kubeconfig),
            "SPACE": replicas.space,
            "PYTHONPATH": str(ROOT),
        }
        with output.open("wb") as file:
            process = subprocess.Popen([*command, *map(str, TIMES)], cwd=ROOT, env=env, stdout=file, stderr=file)
        replicas.all.append(Replica(process, output))
        return replicas.all[-1]

    direct = kubeconfig(tmp_path / "both", target.url, target.token, target.ca)
    async with pair(target, tmp_path, direct, direct, start) as both:
        leader = await both.led_by()
        await asyncio.sleep(TIMES[0] * 2)
        await both.works_on(leader)
        leader.process.kill()
        leader.process.wait()
        leader.died = time.monotonic()
        way = "ahead" if offset > 0 else "behind"
        note_seconds(f"Lease: leader killed, the other's clock a day {way}", await both.taken_over(leader))


async def test_a_leader_goes_on_when_its_server_is_back_in_time(target, tmp_path):
    direct = kubeconfig(tmp_path / "both", target.url, target.token, target.ca)
    async with pair(target, tmp_path, direct, direct) as both:
        leader = await both.led_by()
        await by_hand(target.restart)
        after = await both.led_by()
        if after is leader:  # otherwise the server took longer to start than a Lease lasts
            await both.works_on(leader)
