"""Watch and reconcile actions, from the chain to the API server and back, on the embedded cluster and on a real one."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from poblano import Capability, Context, Module, Phase, Requeue, Terminal, a
from poblano.client import Resources, connect
from poblano.core.cache import Key
from poblano.core.context import running
from poblano.core.watch_events import Garbled
from poblano.watch.informer import Informer
from poblano.watch.watcher import Watcher
from tests.watch.acting import finally_, found
from tests.watch.clusters import CONFIGMAPS, on, space_of, until, write


@asynccontextmanager
async def watching(client, *capabilities, ignored=()):
    watcher = Watcher(Module(*capabilities).bindings, client, uuid="hello", ignored=ignored)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        watcher.stop()
        async with asyncio.timeout(60):
            await task


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


async def test_watch_is_told_of_what_exists_and_of_what_happens(api, space):
    shop, told = Capability("shop", namespaces=[space]), []
    chain = shop.when(a.ConfigMap).is_created().without_name("kube-root-ca.crt")
    chain.watch(lambda one, phase: told.append((phase, one.metadata.name)))

    @shop.when(a.ConfigMap).is_deleted().watch
    async def gone(one: a.ConfigMap, phase: Phase) -> None:
        told.append((phase, one.metadata.name, one.data["a"]))

    await write(api, space, "before", a="1")
    async with watching(api._client, shop) as watcher:
        await until(lambda: told, "what exists is told")
        assert told == [("ADDED", "before")]
        assert len(watcher.informers) == 1
        await write(api, space, "before", a="2")
        await write(api, space, "new", a="1")
        await api.delete(CONFIGMAPS, "before", space)
        await until(lambda: len(told) == 3, "all is told")
        assert sorted(told[1:]) == [("ADDED", "new"), ("DELETED", "before", "2")]
        assert watcher.not_ready() is None


async def test_a_deletion_is_told_also_when_nobody_says_whether_it_is_one(api, space, monkeypatch, capfd):
    shop, gone = Capability("shop", namespaces=[space]), []

    async def garbled(self, change):
        raise Garbled("a page in HTML")

    monkeypatch.setattr(Informer, "has_left", garbled)

    @shop.when(a.ConfigMap).is_deleted().with_label("wants", "copy").watch
    def tell(one: a.ConfigMap, phase: Phase) -> None:
        gone.append(one.metadata.name)

    await api.create(CONFIGMAPS, {"metadata": {"name": "web", "namespace": space, "labels": {"wants": "copy"}}})
    async with watching(api._client, shop) as watcher:
        await until(lambda: not watcher.not_ready(), "it is known")
        await api.delete(CONFIGMAPS, "web", space)
        await until(lambda: gone == ["web"], "it is told")
    assert "a deletion is told that may be none" in capfd.readouterr().out


async def test_reconcile_makes_what_is_wanted_and_heals_what_is_taken_away(api, space):
    shop = Capability("shop", namespaces=[space])

    @shop.when(a.ConfigMap).with_label("wants", "copy").reconcile
    async def copy(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> Requeue:
        copied = await ctx.apply(a.ConfigMap(metadata={"name": f"{one.metadata.name}-copy"}, data=dict(one.data)))
        assert copied.metadata.owner_references[0].name == one.metadata.name
        return Requeue(after=timedelta(seconds=0.2))

    async def copied(data):
        async def copy():
            one = await found(api, space, "web-copy")
            return one if one and one["data"] == data else None

        return await finally_(copy, f"there is a copy with {data}")

    async with watching(api._client, shop):
        web = {"metadata": {"name": "web", "namespace": space, "labels": {"wants": "copy"}}, "data": {"a": "1"}}
        await api.apply(CONFIGMAPS, web)
        await copied({"a": "1"})
        await api.apply(CONFIGMAPS, {**web, "data": {"a": "2"}})
        await copied({"a": "2"})
        await api.delete(CONFIGMAPS, "web-copy", space)
        again = await copied({"a": "2"})
        assert again["metadata"]["managedFields"][0]["manager"] == "poblano-hello"


async def test_reconcile_runs_once_at_a_time_for_a_key_and_with_the_newest_state(api, space):
    shop, at_work, seen, overlaps = Capability("shop", namespaces=[space]), set(), [], []
    may_end = asyncio.Event()

    @shop.when(a.ConfigMap).with_name_regex("^item").reconcile
    async def slow(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        key = one.metadata.name
        if key in at_work:
            overlaps.append(key)
        at_work.add(key)
        await may_end.wait()
        at_work.remove(key)
        seen.append((key, one.data["n"]))

    async with watching(api._client, shop) as watcher:
        await write(api, space, "item-0", n="0")
        await until(lambda: at_work, "it is at work")
        for number in range(1, 10):
            last = await write(api, space, "item-0", n=str(number))
        version, (informer,) = last["metadata"]["resourceVersion"], watcher.informers
        await until(lambda: version in [item.resource_version for item in informer.cache], "all changes are known")
        may_end.set()
        await until(lambda: ("item-0", "9") in seen, "the last state is seen")
        assert overlaps == []
        assert seen == [("item-0", "0"), ("item-0", "9")]


async def test_different_keys_are_worked_on_at_once(api, space):
    shop, together, met = Capability("shop", namespaces=[space]), asyncio.Barrier(5), []

    @shop.when(a.ConfigMap).with_name_regex("^item").reconcile
    async def meet(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        await together.wait()
        met.append(one.metadata.name)

    async with watching(api._client, shop):
        for number in range(5):
            await write(api, space, f"item-{number}")
        await until(lambda: len(met) == 5, "all five meet")


async def test_what_fails_is_tried_again_and_what_is_terminal_is_not(api, space):
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("item").reconcile
    def fails_twice(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append(ctx.failures)
        if ctx.failures < 2:
            raise RuntimeError("not yet")

    @shop.when(a.ConfigMap).with_name("item").reconcile
    def gives_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append("gave up")
        raise Terminal("it will never work")

    await write(api, space, "item")
    async with watching(api._client, shop) as watcher:
        await until(lambda: 2 in runs and "gave up" in runs, "both come to an end")
        queues = [controller.work.queue for controller in watcher.controllers]
        await until(lambda: not any(len(queue) or queue.processing for queue in queues), "nothing is left to do")
        assert [run for run in runs if run != "gave up"] == [0, 1, 2]
        assert runs.count("gave up") == 1
        assert [queue.next_due() for queue in queues] == [None, None]
        assert [queue.failures(Key(space, "item")) for queue in queues] == [0, 0]


async def test_a_def_action_runs_in_a_thread_and_knows_who_it_is(api, space):
    shop, seen = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).is_created().with_name("item").watch
    def where(one: a.ConfigMap, phase: Phase) -> None:
        seen.append((threading.current_thread() is threading.main_thread(), running.get()))

    await write(api, space, "item")
    async with watching(api._client, shop):
        await until(lambda: seen, "it ran")
        (on_the_loop, who), *_ = seen
        assert not on_the_loop
        assert (who.capability, who.rule, who.kind, who.namespace, who.name) == (
            "shop",
            "where",
            "ConfigMap",
            space,
            "item",
        )


async def test_w2_rules_of_a_kind_share_one_informer(api, space):
    shop, other = Capability("shop", namespaces=[space]), Capability("other")
    for _ in range(5):
        shop.when(a.ConfigMap).reconcile(lambda one, ctx: None)
        other.when(a.ConfigMap).is_created().watch(lambda one, phase: None)
    async with watching(api._client, shop, other) as watcher:
        assert [(informer.kind.kind, informer.namespace) for informer in watcher.informers] == [("ConfigMap", "")]
        await until(lambda: watcher.not_ready() is None, "it is synced")


async def test_a_namespace_that_is_ignored_is_not_seen_unless_it_is_named(api, space):
    named, unnamed, told = Capability("named", namespaces=[space]), Capability("unnamed"), []
    named.when(a.ConfigMap).is_created().with_name(f"item-{space}").watch(lambda one, phase: told.append("named"))
    unnamed.when(a.ConfigMap).is_created().with_name(f"item-{space}").watch(lambda one, phase: told.append("unnamed"))
    await write(api, space, f"item-{space}")
    async with watching(api._client, named, unnamed, ignored=[space]) as watcher:
        await until(lambda: watcher.not_ready() is None and told, "it is told")
        await until(lambda: not any(len(one.work.queue) for one in watcher._controllers), "all is worked on")
        assert told == ["named"]


async def test_r7_reconcile_goes_on_after_the_watch_was_refused(embedded, client, space_name):
    api = Resources(client)
    space = await space_of(api, space_name)
    shop, seen = Capability("shop", namespaces=[space]), set()
    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(lambda one, ctx: seen.add(one.metadata.name))
    async with watching(client, shop) as watcher:
        await until(lambda: watcher.not_ready() is None, "it is synced")
        try:
            await on(embedded, lambda cluster: cluster.faults.refuse(429, times=2, retry_after=1, verb="watch"))
            await on(embedded, lambda cluster: cluster.server.hub.end_all())
            await write(api, space, "item")
            await until(lambda: seen == {"item"}, "what happened meanwhile is seen")
        finally:
            await on(embedded, lambda cluster: cluster.faults.clear())


async def test_an_action_that_is_under_way_ends_before_the_watcher_does(api, space):
    shop, ended, begun = Capability("shop", namespaces=[space]), [], asyncio.Event()

    @shop.when(a.ConfigMap).with_name("item").reconcile
    async def slow(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        begun.set()
        await asyncio.sleep(0.5)
        ended.append(one.metadata.name)

    await write(api, space, "item")
    async with watching(api._client, shop):
        async with asyncio.timeout(60):
            await begun.wait()
    assert ended == ["item"]
