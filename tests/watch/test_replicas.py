"""Several replicas in processes of their own: killed, stopped and told to go, on the embedded cluster and a real one."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import urllib.error
import urllib.request

import pytest

from poblano.client import Resources, connect
from poblano.watch.leases import LEASE
from tests.eventually import eventually
from tests.watch.clusters import CONFIGMAPS, until, write
from tests.watch.loads import changing, make_space, replace_leaders
from tests.watch.replicas import Replicas

ENDLESS = (600, 400, 2)
"""Such a lease ends within no test."""

BLOCKED = (9, 8, 0.5)
"""Shorter than the loop is held."""

QUICK = (6, 4, 0.5)
"""For what is waited for."""


def unhealthy(replica):
    """What /healthz says that is wrong; None when nothing is."""
    try:
        with urllib.request.urlopen(f"http://{replica.says('watching')['health'][0]}/healthz", timeout=60):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


@pytest.fixture
async def started(tmp_path, kubeconfig, space_name):
    await make_space(kubeconfig, space_name)
    with Replicas(tmp_path, kubeconfig, space_name, times=QUICK) as replicas:
        yield replicas


def test_what_was_worked_on_twice_at_once_is_found(tmp_path):
    replicas = Replicas(tmp_path, tmp_path, "shop")
    lines = [
        "begin 1 1.0 a 1",
        "begin 2 1.5 b 1",
        "end 1 2.0 a 1",
        "begin 2 2.0 a 1",
        "begin 1 3.0 a 2",
        "end 2 4.0 a 1",
    ]
    for number, expected in ((4, 0), (5, 1), (6, 1)):
        (tmp_path / "runs").write_text("\n".join(lines[:number]))
        replicas.all = [type("Dead", (), {"pid": pid, "died": 9.0})() for pid in (1, 2)]
        assert len(replicas.overlaps()) == expected


async def led(replicas, seconds=90):
    await until(replicas.leader, "somebody leads", seconds)
    return replicas.leader()


async def worked(replicas, name, n, seconds=90):
    await until(lambda: replicas.seen().get(name) == n, f"{name} is seen as {n}", seconds)


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.mark.timeout(400)
async def test_l5_told_to_go_the_leader_hands_over_in_under_two_seconds(started, api):
    """How long it takes is measured by `tests.watch.killing`; one that is not given back would last ten minutes here."""
    started.times = ENDLESS
    leader, other = started.start(), started.start()
    await until(lambda: started.leader() and all(one.says("watching") for one in started.all), "one leads", 90)
    leader, other = sorted(started.all, key=lambda one: one is not started.leader())
    await write(api, started.space, "item-1", n="1")
    await worked(started, "item-1", "1")
    leader.process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    await until(lambda: other.says("leads"), "the other one leads", 90)
    assert await asyncio.to_thread(leader.process.wait, 30) == 0
    leader.died = time.monotonic()
    await write(api, started.space, "item-1", n="2")
    await worked(started, "item-1", "2")
    assert started.overlaps() == []
    first = next(line for line in started.runs() if line.pid == other.pid)
    assert first.at > told


@pytest.mark.timeout(400)
async def test_l4_a_killed_leader_is_followed_by_another_and_nothing_is_done_twice_at_once_or_missed(
    started, kubeconfig
):
    started.start()
    started.start()
    async with changing(kubeconfig, started.space) as wanted:
        gaps = await replace_leaders(started, 3)
    await until(lambda: started.seen() == wanted, "every object was seen as it is", 90)
    assert started.overlaps() == []
    assert len(gaps) == 3


@pytest.mark.timeout(400)
async def test_l4_a_stopped_leader_that_wakes_when_another_leads_does_nothing_more_and_ends(started, api):
    leader = started.start()
    await led(started)
    await write(api, started.space, "slow-1", n="1")
    await until(lambda: any(one.name == "slow-1" for one in started.runs()), "it is at work", 60)
    os.kill(leader.pid, signal.SIGSTOP)
    began = next(one for one in started.runs() if one.name == "slow-1")
    (started.folder / "go").touch()
    other = started.start()
    await until(lambda: other.says("leads"), "another one leads", 90)
    await until(lambda: any(one.what == "end" and one.pid == other.pid for one in started.runs()), "and works", 60)
    woken = time.monotonic()
    os.kill(leader.pid, signal.SIGCONT)
    assert await asyncio.to_thread(leader.process.wait, 60) == 3
    assert [one for one in started.runs() if one.pid == leader.pid and one.at >= woken] == []
    assert began.pid == leader.pid
    made = await api.get(CONFIGMAPS, "by-slow-1", started.space)
    assert made["data"] == {"pid": str(other.pid)}


@pytest.mark.timeout(400)
async def test_l4_an_action_that_cannot_be_stopped_ends_with_its_process_before_another_begins(started, api):
    leader, other = started.start(), started.start()
    leader = await led(started)
    other = next(one for one in started.all if one is not leader)
    await write(api, started.space, "thread-1", n="1")
    await until(lambda: any(one.what == "still" for one in started.runs()), "it is at work", 60)
    while leader.is_alive():  # somebody takes the Lease away; the leader may write between our reading and our writing
        lease = await api.get(LEASE, "poblano-shop", started.space)
        lease["spec"]["holderIdentity"] = "somebody"
        try:
            await api.replace(LEASE, lease, started.space)
            break
        except Exception:  # noqa: BLE001
            await asyncio.sleep(0.01)
    assert await asyncio.to_thread(leader.process.wait, 60) == 3
    leader.died = time.monotonic()
    await until(lambda: any(one.pid == other.pid for one in started.runs()), "another one works", 90)
    assert started.overlaps() == []


@pytest.mark.timeout(400)
async def test_l4_the_lease_is_renewed_while_an_action_holds_the_loop(started, api):
    started.times = BLOCKED
    leader, other = started.start(), started.start()
    leader = await led(started)
    other = next(one for one in started.all if one is not leader)
    await write(api, started.space, "blocks-1", n="20")
    failed = await asyncio.to_thread(eventually, lambda: unhealthy(leader), "/healthz says so", seconds=90)
    assert failed.startswith("[-]loop failed: the event loop has been held for ")
    assert "by shop/holds-the-loop (" in failed
    await worked(started, "blocks-1", "20")
    assert unhealthy(leader) is None
    assert {line.pid for line in started.runs()} == {leader.pid}
    assert other.says("leads") is None
    held = leader.says("the event loop is held up; make the action def, or let it await")
    assert held["by"].startswith("shop/holds-the-loop (")


@pytest.mark.timeout(400)
async def test_replicas_that_share_work_on_each_object_in_one_place_also_while_they_are_killed_and_told_to_go(
    started, kubeconfig
):
    started.work = "shared"
    for _ in range(3):
        started.start()
    async with changing(kubeconfig, started.space) as wanted:
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            await until(lambda: len({one.pid for one in started.runs()[-40:]}) > 1, "several work", 90)
            going = started.alive[0]
            going.process.send_signal(number)
            await asyncio.to_thread(going.process.wait, 60)
            going.died = time.monotonic()
            started.start()
    await until(lambda: started.seen() == wanted, "every object was seen as it is", 90)
    assert started.overlaps() == []
