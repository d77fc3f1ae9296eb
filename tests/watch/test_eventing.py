"""Events of actions: engines' W5, on the embedded cluster and on a real one."""

from __future__ import annotations

import asyncio

import pytest

from poblano import Capability, Context, a
from poblano.client import Resources, connect
from poblano.core.errors import Forbidden, NotFound
from poblano.watch import eventing
from poblano.watch.eventing import EVENTS, Events
from tests.watch.acting import finally_, watching
from tests.watch.clusters import space_of, until, write


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


async def events(api, space, name):
    found = await api.list(EVENTS, space)
    return [one for one in found.items if one.get("regarding", {}).get("name") == name]


async def test_w5_the_same_event_again_is_counted_in_one_object(api, space, monkeypatch):
    monkeypatch.setattr(eventing, "CLOSING_SECONDS", 60.0)  # how long the end may take is another test's
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def scale(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        for _ in range(5):
            ctx.event("Scaled", "to 3")
        ctx.event("Odd", "x" * 2000, type="Warning")
        runs.append(one.metadata.uid)

    await write(api, space, "web")
    async with watching(api, shop):

        async def written():
            found = {one["reason"]: one for one in await events(api, space, "web")}
            return found if len(found) == 2 and found["Scaled"].get("series") else None

        await finally_(written, "both are there")
    found = await written()
    scaled, odd = found["Scaled"], found["Odd"]
    assert scaled["series"]["count"] == 5, "what is not written yet is written at the end"
    assert (scaled["type"], scaled["note"], scaled["action"]) == ("Normal", "to 3", "Reconciling")
    assert (scaled["regarding"]["kind"], scaled["regarding"]["uid"]) == ("ConfigMap", runs[0])
    assert scaled["reportingController"] == "poblano.dev/hello-shop"
    assert odd["type"] == "Warning"
    assert len(odd["note"].encode()) == 1024


async def test_w5_a_failure_is_an_event_and_a_def_action_may_write_one(api, space):
    shop = Capability("shop", namespaces=[space])

    @shop.when(a.ConfigMap).with_name("web").reconcile
    def fails(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        ctx.event("Tried", "in a thread")
        if ctx.failures < 2:
            raise RuntimeError("no such price")

    await write(api, space, "web")
    async with watching(api, shop):

        async def written():
            found = {one["reason"]: one for one in await events(api, space, "web")}
            return found if "ReconcileFailed" in found and "Tried" in found else None

        found = await finally_(written, "both are there")
    assert found["ReconcileFailed"]["note"] == "RuntimeError: no such price"
    assert found["ReconcileFailed"]["type"] == "Warning"


class Cluster:
    """Remembers what is written, and refuses as it is told."""

    def __init__(self, refusal=None):
        self.created, self.patched, self.refusal = [], [], refusal
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def create(self, kind, obj, namespace=""):
        await self.may_go_on.wait()
        if self.refusal:
            raise self.refusal
        self.created.append(obj)
        return {"metadata": {"name": f"event-{len(self.created)}"}}

    async def patch(self, kind, name, patch, namespace=""):
        self.patched.append((name, patch["series"]["count"]))
        if self.refusal:
            raise self.refusal
        return {}


def rule():
    shop = Capability("shop")
    shop.when(a.Pod).reconcile(lambda pod, ctx: None)
    return shop.bindings[0]


POD = a.Pod(metadata={"name": "web", "namespace": "shop", "uid": "1"})


def tell(events, note, reason="Scaled"):
    events.tell(rule(), POD, type="Normal", reason=reason, note=note)


async def ended(events, task):
    events.stop()
    async with asyncio.timeout(60):
        await task


async def test_w5_beyond_so_many_they_are_dropped_and_counted():
    cluster = Cluster()
    cluster.may_go_on.clear()
    events = Events(cluster, uuid="hello", most=5)
    task = asyncio.create_task(events.run())
    for number in range(20):
        tell(events, str(number))
    assert events.dropped == 15
    cluster.may_go_on.set()
    await ended(events, task)
    assert [one["note"] for one in cluster.created] == ["0", "1", "2", "3", "4"]


async def test_w5_what_is_refused_is_counted_and_ends_nothing():
    cluster = Cluster(Forbidden("no", status=403, reason="Forbidden"))
    events = Events(cluster, uuid="hello")
    task = asyncio.create_task(events.run())
    tell(events, "one")
    await until(lambda: events.dropped == 1, "it is counted")
    cluster.refusal = None
    tell(events, "one")
    await until(lambda: cluster.created, "the next one is written")
    await ended(events, task)


async def test_w5_an_answer_that_is_no_event_is_counted_and_ends_nothing():
    cluster, answers = Cluster(), [{}, {"metadata": None}, {"metadata": {}}]
    create = cluster.create

    async def odd(*arguments):
        return answers.pop() if answers else await create(*arguments)

    cluster.create = odd
    events = Events(cluster, uuid="hello")
    task = asyncio.create_task(events.run())
    for number in range(4):
        tell(events, str(number))
    await until(lambda: cluster.created or task.done(), "the last one is written")
    assert events.dropped == 3
    await ended(events, task)


async def test_w5_a_series_whose_event_has_expired_is_written_anew():
    cluster = Cluster()
    events = Events(cluster, uuid="hello")
    task = asyncio.create_task(events.run())
    tell(events, "one")
    await until(lambda: len(cluster.created) == 1, "it is written")
    patch = cluster.patch

    async def expired(*arguments):
        await patch(*arguments)
        raise NotFound("gone", status=404)

    cluster.patch = expired
    tell(events, "one")
    await until(lambda: len(cluster.created) == 2, "it is written anew")
    assert cluster.patched == [("event-1", 2)]
    await ended(events, task)


async def test_an_event_that_is_none_is_logged_and_raises_nothing(capfd):
    events = Events(Cluster(), uuid="hello")
    tell(events, "note", reason="")
    assert events.dropped == 1
    assert "an event cannot be written" in capfd.readouterr().out


@pytest.mark.parametrize(("reason", "note", "what"), [(5, "x", "the reason of an event is text, not an int"),
                                                      ("Odd", {"a": 1}, "the note of an event is text, not a dict")])  # fmt: skip
async def test_words_of_an_event_that_are_none_are_logged_and_raise_nothing(capfd, reason, note, what):
    events = Events(Cluster(), uuid="hello")
    tell(events, note, reason=reason)
    assert events.dropped == 1
    assert what in capfd.readouterr().out


async def test_w5_an_api_server_that_does_not_answer_keeps_nobody_from_ending():
    cluster = Cluster()
    cluster.may_go_on.clear()
    events = Events(cluster, uuid="hello")
    task = asyncio.create_task(events.run())
    for number in range(3):
        tell(events, str(number))
    await until(lambda: len(events._told) == 2, "it is at the first")
    await ended(events, task)
    assert cluster.created == []
    assert events.dropped == 2


async def test_who_is_stopped_before_it_has_begun_writes_what_it_was_told():
    cluster = Cluster()
    events = Events(cluster, uuid="hello")
    tell(events, "one")
    events.stop()
    async with asyncio.timeout(60):
        await events.run()
    assert [one["note"] for one in cluster.created] == ["one"]


async def test_w5_to_stop_what_was_cancelled_already_is_no_error(kubeconfig):
    async with connect(kubeconfig) as client:
        events = Events(Resources(client), uuid="hello")
        running = asyncio.create_task(events.run())
        await asyncio.sleep(0)
        running.cancel()  # as asyncio.run does with all tasks at Ctrl-C
        await asyncio.gather(running, return_exceptions=True)
        events.stop()
