"""Finalize rules that are taken away, and those that must not be mixed up."""

from __future__ import annotations

import pytest

from poblano import Capability, InvalidDefinition, Module, a
from poblano.client import Resources, connect
from poblano.core.errors import LeadershipLost
from poblano.core.finalizers import finalizer
from tests.watch.acting import finally_, found, watching
from tests.watch.clusters import CONFIGMAPS, space_of, until, write

OURS = finalizer("hello", "shop", "clean-up")


@pytest.fixture
async def api(embedded):
    async with connect(embedded.kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


async def test_a_finalizer_that_no_rule_has_is_told_with_how_to_take_it_off(api, space, capfd):
    shop = Capability("shop", namespaces=[space])
    shop.when(a.ConfigMap).reconcile(lambda one, ctx: None)
    shop.when(a.ConfigMap).finalize(lambda one, ctx: None, name="still-here")
    for name in ("one", "two"):
        marks = ["example.com/other", OURS, "poblano.dev/another-shop-x"]
        await api.create(CONFIGMAPS, {"metadata": {"name": name, "namespace": space, "finalizers": marks}})
    said = ""

    def told():
        nonlocal said
        said += capfd.readouterr().out
        return "that no rule has" in said

    async with watching(api, shop):
        await until(told, "it is told")
        await finally_(lambda: found(api, space, "one"), "it is there")
    said += capfd.readouterr().out
    assert said.count("that no rule has") == 1
    assert f'"finalizer":"{OURS}"' in said
    assert f"kubectl patch configmaps one -n {space} --type=json" in said
    assert "/metadata/finalizers/1" in said


async def test_a_rule_that_takes_nothing_any_more_cleans_up_after_what_it_has(api, space):
    shop, cleaned = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).where(lambda one: False).finalize
    async def clean_up(one, ctx):
        cleaned.append(one.metadata.name)

    await api.create(CONFIGMAPS, {"metadata": {"name": "old", "namespace": space, "finalizers": [OURS]}})
    await write(api, space, "new")
    async with watching(api, shop) as watcher:
        await api.delete(CONFIGMAPS, "old", space)

        async def gone():
            return await found(api, space, "old") is None

        await finally_(gone, "it goes")
        (controller,) = watcher.controllers
        await until(lambda: not len(controller.work.queue), "nothing is left to do")
    assert cleaned == ["old"]
    assert "finalizers" not in (await found(api, space, "new"))["metadata"]


async def test_nothing_is_written_or_begun_for_a_key_that_is_no_longer_ours(api, space):
    shop, errors, ours = Capability("shop", namespaces=[space]), [], [True]

    @shop.when(a.ConfigMap).with_name_regex("^item").reconcile
    async def late(one, ctx):
        if errors:
            errors.append("begun")
        ours.clear()
        try:
            await ctx.apply(a.ConfigMap(metadata={"name": "made"}))
        except LeadershipLost as error:
            errors.append(error)
            raise

    await write(api, space, "item-0")
    async with watching(api, shop) as watcher:
        (controller,) = watcher.controllers
        controller.work.may = lambda key: bool(ours)
        await until(lambda: errors, "it is refused")
        await write(api, space, "item-1")
        (informer,) = watcher.informers
        await until(lambda: any(item.key.name == "item-1" for item in informer.cache), "it is known")
        await until(lambda: not len(controller.work.queue) and not controller.work.queue.processing, "and passed over")
        assert controller.work.queue.next_due() is None, "it is not tried again"
    assert len(errors) == 1
    assert await found(api, space, "made") is None


def test_two_rules_that_mean_the_same_finalizer_are_refused():
    one, other = Capability("shop"), Capability("shop-a")
    one.when(a.ConfigMap).finalize(lambda obj, ctx: None, name="a-clean")
    other.when(a.ConfigMap).finalize(lambda obj, ctx: None, name="clean")
    with pytest.raises(InvalidDefinition, match="would have the finalizer of shop/a-clean") as caught:
        Module(one, other).check_finished()
    assert "test_leftovers.py" in str(caught.value)


def test_rules_of_two_kinds_may_have_the_same_finalizer():
    one, other = Capability("shop"), Capability("shop-a")
    one.when(a.ConfigMap).finalize(lambda obj, ctx: None, name="a-clean")
    other.when(a.Secret).finalize(lambda obj, ctx: None, name="clean")
    Module(one, other).check_finished()
