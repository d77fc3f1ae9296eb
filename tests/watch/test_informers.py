"""Who shares an informer, and what rules are told whose filters the API server evaluates: on the embedded cluster and a real one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from poblano import Capability, Module, a
from poblano.client import Resources, connect
from poblano.core.filters import NameIs
from poblano.core.marks import LabelIs
from poblano.core.objects import kind_of
from poblano.core.projection import EVERY_FIELD, FULL, METADATA
from poblano.core.scopes import Scope, scopes
from poblano.core.selectors import Selector
from poblano.watch.informers import Informers
from poblano.watch.watcher import Watcher
from tests.watch.clusters import CONFIGMAPS, space_of, until

PODS = kind_of(a.Pod)
DATA = Selector.of(LabelIs("tier", frozenset({"data"})))


@asynccontextmanager
async def watching(client, *capabilities):
    watcher = Watcher(Module(*capabilities).bindings, client, uuid="hello")
    task = asyncio.create_task(watcher.run())
    try:
        # What changes before a rule has begun is no change to it, and caches are known some time before that.
        await until(lambda: len(watcher._begun) == len(watcher.controllers) or task.done(), "the rules have begun")
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
    return await space_of(api, f"shared-{space_name}")


async def write(api, space, name, labels, **data):
    metadata = {"name": name, "namespace": space, "labels": labels}
    return await api.apply(CONFIGMAPS, {"metadata": metadata, "data": data}, force=True)


def described(informers):
    return sorted((one.kind.kind, one.namespace, str(one.selector), str(one.projection)) for one in informers)


def informers_of(*capabilities):
    informers, bindings = Informers(None), Module(*capabilities).bindings
    informers.expect(bindings)
    return informers, [informers.of(binding) for binding in bindings]


def test_rules_that_ask_for_the_same_share_and_a_narrower_one_uses_a_wider_one_whoever_comes_first():
    shop = Capability("shop")
    shop.when(a.Pod).in_namespace("shop").with_label("tier", "data").reconcile(lambda pod, ctx: None)
    shop.when(a.Pod).in_namespace("shop", "bank").reconcile(lambda pod, ctx: None, name="two")
    shop.when(a.Secret).with_name("tls").reconcile(lambda secret, ctx: None)
    shop.when(a.Secret).with_name("tls").is_created().watch(lambda secret, phase: None)
    informers, (one, two, secrets, others) = informers_of(shop)
    assert described(informers) == [
        ("Pod", "bank", "everything", "all"),
        ("Pod", "shop", "everything", "all"),
        ("Secret", "", "metadata.name=tls", "all"),
    ]
    assert set(one) < set(two)
    assert secrets == others


def test_one_that_watches_everywhere_serves_all():
    shop = Capability("shop")
    shop.when(a.Pod).in_namespace("shop").reconcile(lambda pod, ctx: None)
    shop.when(a.Pod).with_label("tier").reconcile(lambda pod, ctx: None, name="labelled")
    shop.when(a.Pod).finalize(lambda pod, ctx: None, name="all")
    informers, (one, two, three) = informers_of(shop)
    assert described(informers) == [("Pod", "", "everything", "all")]
    assert one == two == three


def test_rules_with_other_labels_do_not_share():
    shop = Capability("shop")
    shop.when(a.Pod).with_label("tier", "data").reconcile(lambda pod, ctx: None)
    shop.when(a.Pod).with_label("tier", "web").reconcile(lambda pod, ctx: None, name="web")
    assert described(informers_of(shop)[0]) == [
        ("Pod", "", "tier in (data)", "all"),
        ("Pod", "", "tier in (web)", "all"),
    ]


def test_what_a_rule_owns_is_shared_with_the_rules_about_it():
    shop = Capability("shop")
    shop.when(a.Pod).with_label("tier").reconcile(lambda pod, ctx: None)
    shop.when(a.ConfigMap).owns(a.Pod).reconcile(lambda one, ctx: None)
    informers, _ = informers_of(shop)
    informers.get(PODS)
    assert described(informers) == [("ConfigMap", "", "everything", "all"), ("Pod", "", "everything", "all")]


def test_metadata_alone_is_enough_only_for_who_asks_for_no_more():
    assert Scope(PODS).covers(Scope(PODS, "shop", DATA, METADATA))
    assert not Scope(PODS, projection=METADATA).covers(Scope(PODS))
    assert not Scope(PODS).covers(Scope(PODS, projection=EVERY_FIELD))
    assert Scope(PODS, projection=EVERY_FIELD).covers(Scope(PODS, projection=FULL))
    assert not Scope(PODS, "shop").covers(Scope(PODS))
    assert not Scope(PODS).covers(Scope(CONFIGMAPS))


def test_a_rule_that_can_be_nowhere_watches_nothing():
    shop = Capability("shop", namespaces=["shop", "bank"])
    shop.when(a.Pod).in_namespace("shop").not_in_namespace("bank").reconcile(lambda pod, ctx: None)
    (binding,) = shop.bindings
    assert [scope.namespace for scope in scopes(binding)] == ["shop"]


async def test_the_server_sends_what_a_rule_names_and_nothing_else(api, space):
    shop, seen = Capability("shop", namespaces=[space]), []
    shop.when(a.ConfigMap).with_name("web").reconcile(lambda one, ctx: seen.append(one.metadata.name))
    shop.when(a.Namespace).with_name(space).reconcile(lambda one, ctx: seen.append(one.metadata.name), name="namespace")
    for name in ("web", "other"):
        await write(api, space, name, {})
    async with watching(api._client, shop) as watcher:
        await until(lambda: {"web", space} <= set(seen), "both are reconciled")
        for informer in watcher.informers:
            assert [item.key.name for item in informer.cache] in (["web"], [space])


async def test_r12_reconcile_is_called_for_what_comes_into_the_selection_and_not_for_what_left_it(api, space):
    shop, seen = Capability("shop", namespaces=[space]), []
    chain = shop.when(a.ConfigMap).with_label("tier", "data").without_label("legacy")
    chain.reconcile(lambda one, ctx: seen.append((one.metadata.name, one.data["n"])))
    await write(api, space, "comes", {"tier": "web"}, n="1")
    await write(api, space, "goes", {"tier": "data"}, n="1")
    async with watching(api._client, shop) as watcher:
        (informer,) = watcher.informers
        assert str(informer.selector) == "!legacy,tier in (data)"
        await until(lambda: ("goes", "1") in seen, "what is selected is reconciled")
        assert {item.key.name for item in informer.cache} == {"goes"}
        await write(api, space, "comes", {"tier": "data"}, n="2")
        await write(api, space, "goes", {"tier": "data", "legacy": "yes"}, n="2")
        await until(lambda: ("comes", "2") in seen, "what is selected now is reconciled")
        await until(lambda: {item.key.name for item in informer.cache} == {"comes"}, "what left is forgotten")
        await write(api, space, "goes", {"tier": "data"}, n="3")
        await until(lambda: ("goes", "3") in seen, "what is selected again is reconciled")
        assert ("goes", "2") not in seen
        assert ("comes", "1") not in seen


async def test_r12_a_watch_action_is_told_that_an_object_is_gone_and_not_that_it_lost_its_label(api, space):
    shop, told = Capability("shop", namespaces=[space]), []
    gone = shop.when(a.ConfigMap).is_deleted().with_label("tier", "data")
    gone.watch(lambda one, phase: told.append((phase, one.metadata.name)))
    for name in ("leaves", "goes", "leaves-and-goes"):
        await write(api, space, name, {"tier": "data"})
    async with watching(api._client, shop) as watcher:
        (informer,) = watcher.informers
        assert str(informer.selector) == "tier in (data)"
        await write(api, space, "leaves", {"tier": "web"})
        await write(api, space, "leaves-and-goes", {"tier": "web"})
        await until(lambda: {item.key.name for item in informer.cache} == {"goes"}, "what left is forgotten")
        (controller,) = watcher.controllers
        await until(lambda: not len(controller.work.queue) and not controller.work.queue.processing, "all is told")
        await api.delete(CONFIGMAPS, "leaves-and-goes", space)
        await api.delete(CONFIGMAPS, "goes", space)
        await until(lambda: told, "what is gone is told")
        assert told == [("DELETED", "goes")]


async def test_r12_a_watch_action_about_labels_is_told_what_happened_and_not_what_a_selector_makes_of_it(api, space):
    shop, told = Capability("shop", namespaces=[space]), []
    labelled = shop.when(a.ConfigMap).is_created().with_label("tier", "data")
    labelled.watch(lambda one, phase: told.append((phase, one.metadata.name)))
    await write(api, space, "before", {"tier": "web"})
    async with watching(api._client, shop) as watcher:
        await write(api, space, "before", {"tier": "data"})
        await write(api, space, "new", {"tier": "data"})
        await until(lambda: told, "what is new is told")
        assert told == [("ADDED", "new")]
        assert [str(informer.selector) for informer in watcher.informers] == ["everything"]


async def test_r10_one_informer_finds_out_whether_there_are_initial_events(kubeconfig, space):
    async with connect(kubeconfig) as client:
        informers = Informers(client)
        for selector in (DATA, *(Selector.of(NameIs(frozenset({name}))) for name in "abcd")):
            informers.get(CONFIGMAPS, space, selector=selector)
        tasks = [asyncio.create_task(one.run()) for one in informers]
        try:
            await until(lambda: all(one.reflector.has_synced for one in informers), "all is known")
            served = informers._initial.served
            assert served is not None
            assert sum(one.reflector.counts["streams refused"] for one in informers) == (0 if served else 1)
            assert sum(one.reflector.counts["lists"] for one in informers) == (0 if served else 5)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
