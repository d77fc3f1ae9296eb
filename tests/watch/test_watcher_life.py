"""In which order a watcher begins and ends, who may work in between, and what ends its process."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from poblano import Capability, Context, K8s, Module, a
from poblano.client import ApiClient, Resources, connect
from poblano.client.access import Access, Cluster
from poblano.core.errors import LeadershipLost, NotFound
from poblano.watch.watcher import Watcher
from tests.watch.clusters import CONFIGMAPS, on, space_of, until, write


class Told:
    """A leadership that is had when the test says so."""

    def __init__(self, events, held=True):
        self.events, self.lost, self.held = events, asyncio.Event(), asyncio.Event()
        self.leads = held
        if held:
            self.held.set()

    def may(self, key):
        return self.leads

    async def acquired(self):
        self.events.append("stands")
        await self.held.wait()
        self.events.append("leads")

    def follow(self, changed, busy):
        self.changed, self.busy = changed, busy

    def trouble(self):
        return None

    def failure(self):
        return LeadershipLost("lost")

    def lose(self):
        self.leads = False
        self.lost.set()

    async def release(self):
        self.events.append("releases")

    async def leave(self):
        self.events.append("leaves")


@pytest.fixture
async def api(embedded):
    async with connect(embedded.kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


def module(space, action):
    shop = Capability("shop", namespaces=[space])
    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(action, name="acts")
    return Module(shop).bindings


async def test_c6_caches_are_there_before_it_stands_and_nothing_runs_before_it_leads(api, space):
    events = []

    async def acts(one, ctx):
        events.append("runs")

    leadership = Told(events, held=False)
    watcher = Watcher(module(space, acts), api._client, uuid="hello", leadership=leadership)
    await write(api, space, "item", n="1")
    task = asyncio.create_task(watcher.run())
    await until(lambda: "stands" in events, "it stands for election")
    assert watcher.not_ready() is None
    await write(api, space, "item-2", n="1")
    await until(lambda: len(watcher.informers[0].cache) >= 2, "its caches stay warm")
    assert [len(one.work.queue) for one in watcher.controllers] == [0]
    leadership.leads = True
    leadership.held.set()
    await until(lambda: events.count("runs") >= 2, "all that is there is worked on")
    assert events[:3] == ["stands", "leads", "runs"]
    watcher.stop()
    await asyncio.wait_for(task, 60)


async def test_r13_a_rule_runs_only_when_all_that_it_is_about_is_known(embedded, api, space):
    shop, runs = Capability("shop", namespaces=[space]), []
    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(
        lambda one, ctx: runs.append(("others", one.metadata.name)), name="others"
    )
    chain = shop.when(a.ConfigMap).with_name_regex("^item").owns(a.LimitRange)
    chain.reconcile(lambda one, ctx: runs.append(("waits", one.metadata.name)), name="waits")
    watcher = Watcher(Module(shop).bindings, api._client, uuid="hello")
    await write(api, space, "item-1", n="1")
    await on(embedded, lambda cluster: cluster.faults.refuse(503, times=10_000, plural="limitranges"))
    task = asyncio.create_task(watcher.run())
    try:
        await until(lambda: ("others", "item-1") in runs, "what can be known is worked on")
        await write(api, space, "item-2", n="1")
        await until(lambda: ("others", "item-2") in runs, "and goes on to be")
        assert {rule for rule, _ in runs} == {"others"}
        assert watcher.not_ready() == f"not synced: limitranges in {space}"
    finally:
        await on(embedded, lambda cluster: cluster.faults.clear())
    await until(lambda: {("waits", "item-1"), ("waits", "item-2")} <= set(runs), "it runs once all is known", 90)
    watcher.stop()
    await asyncio.wait_for(task, 60)


async def test_c6_l5_the_lease_is_given_back_when_the_last_run_has_ended(api, space):
    events, begun = [], asyncio.Event()

    async def acts(one, ctx):
        begun.set()
        await asyncio.sleep(0.3)
        events.append("ends")

    await write(api, space, "item", n="1")
    watcher = Watcher(module(space, acts), api._client, uuid="hello", leadership=Told(events))
    task = asyncio.create_task(watcher.run())
    await asyncio.wait_for(begun.wait(), 60)
    watcher.stop()
    await asyncio.wait_for(task, 60)
    assert events == ["stands", "leads", "ends", "releases"]


async def test_c6_a_run_that_takes_longer_than_the_grace_is_cancelled(api, space):
    events, begun = [], asyncio.Event()

    async def acts(one, ctx):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            events.append("cancelled")

    await write(api, space, "item", n="1")
    for hurry in (False, True):
        events.clear()
        begun.clear()
        grace = 600 if hurry else 0.1
        watcher = Watcher(module(space, acts), api._client, uuid="hello", leadership=Told(events), grace=grace)
        task = asyncio.create_task(watcher.run())
        await asyncio.wait_for(begun.wait(), 60)
        watcher.stop()
        if hurry:
            watcher.hurry()
        await asyncio.wait_for(task, 60)
        assert events == ["stands", "leads", "cancelled", "releases"]


async def test_l5_the_lease_is_not_given_back_while_an_action_is_still_in_a_thread(api, space):
    events, begun, end = [], threading.Event(), threading.Event()

    def acts(one, ctx):
        begun.set()
        end.wait(60)

    await write(api, space, "item", n="1")
    watcher = Watcher(module(space, acts), api._client, uuid="hello", leadership=Told(events), grace=0.1)
    task = asyncio.create_task(watcher.run())
    try:
        await until(begun.is_set, "it runs")
        watcher.stop()
        await asyncio.wait_for(task, 60)
        assert events == ["stands", "leads", "leaves"]
    finally:
        end.set()


LATE = {"metadata": {"name": "late"}}
WRITES = {
    "ctx": lambda ctx, maps: ctx.apply(a.ConfigMap.of(LATE)),
    "apply": lambda ctx, maps: maps.apply(LATE),
    "create": lambda ctx, maps: maps.create(LATE),
    "patch": lambda ctx, maps: maps.patch({"data": {"n": "2"}}, "item-1"),
    "delete": lambda ctx, maps: maps.delete("item-1"),
}


@pytest.mark.parametrize("how", WRITES)
async def test_l4_on_a_loss_what_runs_is_cancelled_nothing_begins_and_nothing_is_written(api, space, how):
    events, begun, refused = [], asyncio.Event(), []

    async def acts(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        begun.set()
        events.append(one.metadata.name)
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await WRITES[how](ctx, K8s(a.ConfigMap).in_namespace(space))
            except LeadershipLost as error:
                refused.append(str(error))

    await write(api, space, "item-1", n="1")
    leadership = Told(events)
    watcher = Watcher(module(space, acts), api._client, uuid="hello", leadership=leadership)
    task = asyncio.create_task(watcher.run())
    await asyncio.wait_for(begun.wait(), 60)
    leadership.leads = False  # by the clock, before anybody has said so
    await write(api, space, "item-2", n="1")
    await until(lambda: len(watcher.informers[0].cache) >= 2, "it has heard of another")
    leadership.lose()
    with pytest.raises(LeadershipLost):
        await asyncio.wait_for(task, 60)
    assert events == ["stands", "leads", "item-1", "releases"]
    assert refused == ["nothing is written: this replica no longer leads, and another one may by now"]
    with pytest.raises(NotFound):
        await api.get(CONFIGMAPS, "late", space)
    assert (await api.get(CONFIGMAPS, "item-1", space))["data"] == {"n": "1"}


async def test_keys_that_become_ours_are_worked_on(api, space):
    seen = []

    async def acts(one, ctx):
        seen.append(one.metadata.name)

    leadership = Told([])
    leadership.may = lambda key: str(key).endswith(tuple(leadership.ours))
    leadership.ours = ["item-1"]
    for number in (1, 2, 3):
        await write(api, space, f"item-{number}", n="1")
    watcher = Watcher(module(space, acts), api._client, uuid="hello", leadership=leadership)
    task = asyncio.create_task(watcher.run())
    await until(lambda: seen == ["item-1"], "what is ours is worked on")
    await until(lambda: not any(len(one.work.queue) for one in watcher.controllers), "and nothing waits")
    leadership.ours = ["item-1", "item-3"]
    leadership.changed(lambda key: str(key).endswith("item-3"))
    await until(lambda: "item-3" in seen, "what has become ours as well")
    assert sorted(seen) == ["item-1", "item-3"]
    assert leadership.busy() == set()
    watcher.stop()
    await asyncio.wait_for(task, 60)


@pytest.mark.parametrize("part", ["the watch of configmaps", "the controller of shop/acts"])
async def test_a_part_that_breaks_ends_the_watcher_and_is_named(api, space, part):
    watcher = Watcher(module(space, lambda one, ctx: None), api._client, uuid="hello")

    async def breaks():
        raise ValueError("a defect")

    if "watch" in part:
        watcher.informers[0].run = breaks
    else:
        watcher.controllers[0].work.run = breaks
    with pytest.raises(RuntimeError, match=rf"{part}.*has ended \(ValueError: a defect\)"):
        await asyncio.wait_for(watcher.run(), 60)


async def test_a_part_that_is_cancelled_by_nobody_ends_the_watcher_and_is_named_too(api, space):
    watcher = Watcher(module(space, lambda one, ctx: None), api._client, uuid="hello")

    async def is_cancelled():
        raise asyncio.CancelledError

    watcher.informers[0].run = is_cancelled
    with pytest.raises(RuntimeError, match=r"the watch of configmaps.*has ended \(it was cancelled\)"):
        await asyncio.wait_for(watcher.run(), 60)


async def test_a_server_that_does_not_answer_is_told_of_at_once(capfd):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        access = Access(Cluster(f"https://127.0.0.1:{taken.getsockname()[1]}"))
        shop, said = Capability("shop"), ""
        shop.when(a.ConfigMap).reconcile(lambda one, ctx: None)
        async with ApiClient(access) as client:
            watcher = Watcher(Module(shop).bindings, client, uuid="hello")
            task = asyncio.create_task(watcher.run())
            async with asyncio.timeout(100):
                while "what there is cannot be read yet" not in said:
                    await asyncio.sleep(0.05)
                    said += capfd.readouterr().out
            watcher.stop()
            await task
    assert '"of":"configmaps"' in said
