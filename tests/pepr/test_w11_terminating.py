"""W11: an object that is being deleted when Pepr starts, as during each of its rollouts, is never finalized and never goes."""

from __future__ import annotations

from poblano import a
from tests.pepr.watchers import eventually, finalizers, found, gone, idle, shop_in, watching
from tests.watch.clusters import CONFIGMAPS, write


async def test_w11_what_is_being_deleted_at_the_start_is_cleaned_up_after(client, api, space):
    shop, cleaned = shop_in(space), []

    @shop.when(a.ConfigMap).with_name_regex("^item").finalize
    async def clean_up(one, ctx):
        cleaned.append(one.metadata.name)

    names = [f"item-{number}" for number in range(5)]
    for name in names:
        await write(api, space, name)
    async with watching(client, shop) as watcher:
        for name in names:
            await eventually(lambda name=name: _marked(api, space, name), "it has the finalizer")
        await idle(watcher)
    for name in names:
        await api.delete(CONFIGMAPS, name, space)
        assert (await found(api, space, name))["metadata"]["deletionTimestamp"]
    async with watching(client, shop):
        for name in names:
            await eventually(lambda name=name: gone(api, space, name), "it is let go")

    assert sorted(cleaned) == names


async def _marked(api, space, name):
    return finalizers(await found(api, space, name))
