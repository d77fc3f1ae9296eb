"""W4: Pepr's queue is a list of the events' snapshots: no coalescing, no retry, no pause, and nothing is ever forgotten."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta

from poblano import Requeue, a
from poblano.core.cache import Key
from tests.pepr.watchers import idle, shop_in, until, watching
from tests.watch.clusters import CONFIGMAPS, write


async def test_w4_many_changes_come_to_one_more_run_with_the_newest_state(client, api, space):
    shop, begun, released, seen = shop_in(space), asyncio.Event(), asyncio.Event(), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def slow(one, ctx):
        seen.append(one.data["n"])
        begun.set()
        await released.wait()

    await write(api, space, "web", n="0")
    async with watching(client, shop) as watcher:
        await until(begun.is_set, "it is at work")
        for number in range(1, 11):
            await write(api, space, "web", n=str(number))
        (informer,) = watcher.informers
        newest = b'"n":"10"'
        await until(lambda: newest in informer.cache.get(Key(space, "web")).raw.replace(b" ", b""), "all is known")
        released.set()
        await idle(watcher)

    assert seen == ["0", "10"]


async def test_w4_what_fails_is_run_again_later_each_time_until_it_works(client, api, space):
    shop, runs = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def fails_thrice(one, ctx):
        runs.append(ctx.failures)
        if ctx.failures < 3:
            raise RuntimeError("not yet")

    await write(api, space, "web")
    async with watching(client, shop) as watcher:
        await until(lambda: len(runs) == 4, "it is run again")
        await idle(watcher)

    assert runs == [0, 1, 2, 3]


async def test_w4_an_action_may_ask_to_be_run_again_later(client, api, space):
    shop, runs = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def again(one, ctx):
        runs.append(1)
        return Requeue(after=timedelta(seconds=0.05)) if len(runs) < 3 else None

    await write(api, space, "web")
    async with watching(client, shop):
        await until(lambda: len(runs) == 3, "it is run again")


async def test_w4_objects_that_are_gone_are_forgotten(client, api, space):
    shop, seen = shop_in(space), set()

    @shop.when(a.ConfigMap).with_name_regex("^item").reconcile
    async def note(one, ctx):
        seen.add(one.metadata.name)

    names = [f"item-{number}" for number in range(150)]
    async with watching(client, shop) as watcher:
        await asyncio.gather(*[write(api, space, name) for name in names])
        await until(lambda: seen == set(names), "all are seen")
        await asyncio.gather(*[api.delete(CONFIGMAPS, name, space) for name in names])
        (informer,) = watcher.informers
        await until(lambda: not any(item.key.name in seen for item in informer.cache), "all are known to be gone")
        await idle(watcher)
        assert len(kept(watcher) & set(names)) < 80  # a heap forgets what is out of date when that is more than 64


def kept(watcher):
    """The names of all objects of which something is kept, wherever that is within a watcher."""
    gc.collect()
    names, known, left = set(), set(), [watcher]
    while left:
        thing = left.pop()
        if id(thing) in known:
            continue
        known.add(id(thing))
        if isinstance(thing, Key):
            names.add(thing.name)
        elif isinstance(thing, dict | list | set | tuple | frozenset) or type(thing).__module__.startswith("poblano."):
            left += gc.get_referents(thing)
    return names


async def test_w4_a_rule_does_not_wait_for_another_of_the_same_kind(client, api, space):
    shop, released, seen = shop_in(space), asyncio.Event(), []

    @shop.when(a.ConfigMap).with_name("web").reconcile(queue="kind")
    async def slow(one, ctx):
        await released.wait()

    @shop.when(a.ConfigMap).with_name("web").reconcile(queue="kind")
    async def quick(one, ctx):
        seen.append(one.metadata.name)

    await write(api, space, "web")
    async with watching(client, shop) as watcher:
        try:
            await until(lambda: all(not len(one.work.queue) for one in watcher.controllers) and seen, "it is run")
        finally:
            released.set()


async def test_w4_how_deep_the_queue_is_and_how_long_work_takes_is_shown(client, api, space):
    from poblano.watch.counting import Counted

    shop, seen, counted = shop_in(space), [], Counted()
    shop.when(a.ConfigMap).with_name("web").reconcile(name="note")(lambda one, ctx: seen.append(1))
    await write(api, space, "web")
    async with watching(client, shop, observer=counted) as watcher:
        await until(lambda: seen, "it is run")
        await idle(watcher)
        found = {
            sample.name: sample.value
            for family in counted.collect()
            for sample in family.samples
            if sample.labels.get("controller") == "shop/note"
        }

    assert found["workqueue_adds_total"] >= 1
    assert found["workqueue_queue_duration_seconds_count"] >= 1
    assert found["workqueue_work_duration_seconds_count"] >= 1
    assert found["controller_runtime_reconcile_time_seconds_count"] >= 1
