"""Whatever an action or a predicate raises fails its run and ends nothing else, on the embedded cluster and on a real one."""

from __future__ import annotations

import asyncio

import pytest

from poblano import Capability, Context, Terminal, a, kind_of
from poblano.client import Resources, connect
from poblano.watch.eventing import EVENTS
from tests.watch.acting import finally_, watching
from tests.watch.clusters import space_of, until, write


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


async def test_c3_an_action_that_raises_system_exit_stops_nothing(api, space):
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name_regex("^item").reconcile
    async def leaves(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append((one.metadata.name, ctx.failures))
        if ctx.failures < 2:
            raise SystemExit(1)

    await write(api, space, "item-0")
    async with watching(api, shop):
        await until(lambda: ("item-0", 2) in runs, "it is tried again")
        await write(api, space, "item-1")
        await until(lambda: ("item-1", 2) in runs, "and others are worked on")


class Unspeakable(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError("no words")

    __repr__ = __str__


class UnspeakableEnd(Terminal):
    """And one that ends it all."""

    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize("error", [Unspeakable, UnspeakableEnd, GeneratorExit], ids=lambda error: error.__name__)
async def test_c2_an_error_without_words_fails_its_run_and_ends_nothing_else(api, space, error):
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).reconcile
    async def act(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append(one.metadata.name)
        if one.metadata.name == "web":
            raise error

    await write(api, space, "web")
    async with watching(api, shop):
        await until(lambda: "web" in runs, "it is run")
        await write(api, space, "other")
        await until(lambda: "other" in runs, "and so is what comes after it")


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit, SystemExit])
async def test_c2_whatever_a_predicate_or_a_map_raises_ends_nothing(api, space, error):
    shop, runs = Capability("shop", namespaces=[space]), []

    def fails(*_: object) -> bool:
        raise error

    shop.when(a.ConfigMap).where(fails).reconcile(lambda one, ctx: runs.append("where"))
    shop.when(a.ConfigMap).when_changed(fails).reconcile(lambda one, ctx: runs.append(one.data.get("n")))
    shop.when(a.Secret).watches(a.ConfigMap, fails).reconcile(lambda one, ctx: None)
    await write(api, space, "web", n="1")
    async with watching(api, shop):
        await until(lambda: "1" in runs, "what is there is run")
        await write(api, space, "web", n="2")
        await until(lambda: "2" in runs, "and so is what comes after the error")
    assert "where" not in runs


async def test_w5_an_error_about_a_secret_is_not_told_to_those_who_read_events(api, space):
    shop = Capability("shop", namespaces=[space])

    @shop.when(a.Secret).with_name("key").reconcile
    async def fails(one: a.Secret, ctx: Context[a.Secret]) -> None:
        raise KeyError("hunter2")

    await api.create(kind_of(a.Secret), {"metadata": {"name": "key", "namespace": space}})
    async with watching(api, shop):

        async def told():
            return [one for one in (await api.list(EVENTS, space)).items if one["regarding"]["name"] == "key"]

        (event, *_) = await finally_(told, "an event is written")
    assert event["reason"] == "ReconcileFailed"
    assert "hunter2" not in event["note"]
