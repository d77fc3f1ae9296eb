"""W12: Pepr has one finalizer for all rules of all modules, and takes it off by writing over the whole list."""

from __future__ import annotations

import asyncio

import pytest

from poblano import Capability, a
from poblano.core.cache import Key
from poblano.core.errors import PatchFailed
from poblano.core.finalizers import removal
from poblano.core.patch import apply as apply_patch
from tests.pepr.watchers import eventually, finalizers, found, gone, idle, shop_in, until, watching
from tests.watch.clusters import CONFIGMAPS, write

OTHERS, OURS = "example.com/others", "poblano.dev/hello-shop-clean-up"


async def test_w12_each_rule_has_a_finalizer_of_its_own_and_the_object_goes_when_all_are_done(client, api, space):
    shop, other, cleaned, released = shop_in(space), Capability("other", namespaces=[space]), [], asyncio.Event()

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def quick(one, ctx):
        cleaned.append("quick")

    @other.when(a.ConfigMap).with_name("web").finalize
    async def slow(one, ctx):
        await released.wait()
        cleaned.append("slow")

    await write(api, space, "web")
    async with watching(client, shop, other):
        try:
            await eventually(lambda: _has(api, space, 2), "it has both finalizers")
            both = finalizers(await found(api, space, "web"))
            assert sorted(both) == ["poblano.dev/hello-other-slow", "poblano.dev/hello-shop-quick"]
            await api.delete(CONFIGMAPS, "web", space)
            await eventually(lambda: _has(api, space, 1), "one is done")
            assert cleaned == ["quick"]
        finally:
            released.set()
        await eventually(lambda: gone(api, space, "web"), "it is let go")

    assert cleaned == ["quick", "slow"]


async def _has(api, space, count):
    return len(finalizers(await found(api, space, "web"))) == count


@pytest.mark.parametrize("meanwhile", [["a", OURS, "b"], ["b", OURS], [OURS]])
def test_w12_taking_ours_off_leaves_what_others_have_done_meanwhile(meanwhile):
    known, there = ({"metadata": {"uid": "7", "finalizers": names}} for names in (["a", OURS], meanwhile))
    operations = removal(known, OURS, "7")
    try:
        after = apply_patch(there, operations)
    except PatchFailed:
        after = apply_patch(there, removal(there, OURS, "7"))  # it is made anew of what is there

    assert finalizers(after) == [name for name in meanwhile if name != OURS]


async def _written_with_others(api, space):
    await api.create(CONFIGMAPS, {"metadata": {"name": "web", "namespace": space, "finalizers": [OTHERS]}})


async def test_w12_a_clean_up_is_not_run_again_while_somebody_elses_finalizer_holds_the_object(client, api, space):
    shop, runs = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def clean_up(one, ctx):
        runs.append(1)

    await _written_with_others(api, space)
    async with watching(client, shop) as watcher:
        await eventually(lambda: _has(api, space, 2), "it has the finalizer, too")
        await api.delete(CONFIGMAPS, "web", space)
        await eventually(lambda: _is(api, space, [OTHERS]), "ours is off")
        for number in range(3):
            await write(api, space, "web", n=str(number))
        (informer,) = watcher.informers
        await until(lambda: b'"2"' in informer.cache.get(Key(space, "web")).raw, "all is known")
        await idle(watcher)
        assert runs == [1]
    await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": None}}, space)


async def _is(api, space, wanted):
    return finalizers(await found(api, space, "web")) == wanted


async def test_w12_an_object_is_not_cleaned_up_after_while_it_is_reconciled(client, api, space):
    shop, begun, released, order = shop_in(space), asyncio.Event(), asyncio.Event(), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def make(one, ctx):
        begun.set()
        await released.wait()
        order.append("made")

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def clean_up(one, ctx):
        order.append("cleaned up")

    await write(api, space, "web")
    async with watching(client, shop) as watcher:
        try:
            await until(begun.is_set, "it is being reconciled")
            await api.delete(CONFIGMAPS, "web", space)
            known = [controller.informers[0].cache for controller in watcher.controllers]
            await until(lambda: all(is_going(cache.get(Key(space, "web"))) for cache in known), "that is known")
            finalizing = watcher.controllers[1].work.queue
            await until(lambda: not len(finalizing) and not finalizing.processing, "the clean-up has had its turn")
            assert order == []
        finally:
            released.set()
        await eventually(lambda: gone(api, space, "web"), "it is let go")

    assert order == ["made", "cleaned up"]


def is_going(item):
    return item is None or b"deletionTimestamp" in item.raw


async def test_w12_what_was_there_before_the_module_is_cleaned_up_after_too(client, api, space):
    shop, cleaned = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def clean_up(one, ctx):
        cleaned.append(one.metadata.name)

    await write(api, space, "web")
    async with watching(client, shop) as watcher:
        await idle(watcher)
        await eventually(lambda: _has(api, space, 1), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        await eventually(lambda: gone(api, space, "web"), "it is let go")

    assert cleaned == ["web"]


async def test_w12_an_object_that_the_filters_no_longer_take_is_let_go(client, api, space):
    shop, cleaned = shop_in(space), []

    @shop.when(a.ConfigMap).with_label("tier", "data").finalize
    async def clean_up(one, ctx):
        cleaned.append(one.metadata.name)

    await api.create(CONFIGMAPS, {"metadata": {"name": "web", "namespace": space, "labels": {"tier": "data"}}})
    async with watching(client, shop) as watcher:
        await eventually(lambda: _has(api, space, 1), "it has the finalizer")
        await api.patch(CONFIGMAPS, "web", {"metadata": {"labels": {"tier": None}}}, space)
        await idle(watcher)
        await api.delete(CONFIGMAPS, "web", space)
        await eventually(lambda: gone(api, space, "web"), "it is let go")

    assert cleaned == ["web"]
