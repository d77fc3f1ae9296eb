"""W3: Pepr works through its first list one object after the other, and watches when that is done."""

from __future__ import annotations

import asyncio

from poblano import a
from tests.pepr.watchers import shop_in, until, watching
from tests.watch.clusters import write


async def test_w3_objects_are_worked_on_at_once_and_what_is_new_meanwhile_too(client, api, space):
    shop, released, at_work, late = shop_in(space), asyncio.Event(), set(), []

    @shop.when(a.ConfigMap).with_name_regex("^item").reconcile(concurrency=20)
    async def slow(one, ctx):
        if one.metadata.name == "item-late":
            late.append(len(at_work))
            return
        at_work.add(one.metadata.name)
        await released.wait()

    for number in range(10):
        await write(api, space, f"item-{number}")
    async with watching(client, shop):
        try:
            await until(lambda: len(at_work) == 10, "all are worked on at once")
            await write(api, space, "item-late")
            await until(lambda: late == [10], "what is new is seen while the others are worked on")
        finally:
            released.set()
