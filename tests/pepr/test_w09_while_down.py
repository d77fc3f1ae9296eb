"""W9: what is deleted while Pepr is down is lost, and after each start everything has just been added."""

from __future__ import annotations

from poblano import a
from poblano.core.cache import Key
from poblano.core.kinds import Kind
from tests.pepr.watchers import eventually, failing, finalizers, found, gone, idle, quick, shop_in, until, watching
from tests.watch.clusters import CONFIGMAPS, on, write

SECRETS = Kind("", "v1", "Secret", "secrets")


async def test_w9_what_an_object_owns_and_lost_while_nobody_watched_is_made_again(client, api, space):
    shop = shop_in(space)

    @shop.when(a.ConfigMap).with_name("web").owns(a.Secret).reconcile
    async def make(one, ctx):
        await ctx.apply(a.Secret(metadata={"name": "made"}))

    await write(api, space, "web")
    async with watching(client, shop):
        await eventually(lambda: found(api, space, "made", SECRETS), "it is made")
    await api.delete(SECRETS, "made", space)
    async with watching(client, shop):
        await eventually(lambda: found(api, space, "made", SECRETS), "it is made again")


async def test_w9_an_object_that_is_deleted_while_nobody_watches_is_cleaned_up_after(client, api, space):
    shop, cleaned = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def clean_up(one, ctx):
        cleaned.append(one.metadata.name)

    await write(api, space, "web")
    async with watching(client, shop) as watcher:
        await idle(watcher)
        await eventually(lambda: _marked(api, space), "it has the finalizer")
    await api.delete(CONFIGMAPS, "web", space)
    assert cleaned == []
    async with watching(client, shop):
        await eventually(lambda: gone(api, space, "web"), "it is let go")

    assert cleaned == ["web"]


async def _marked(api, space):
    return finalizers(await found(api, space, "web"))


async def test_w9_what_is_deleted_while_the_watch_has_lost_its_place_is_told(embedded, client, api, space, monkeypatch):
    shop, told = shop_in(space), []
    shop.when(a.ConfigMap).is_deleted().with_name("web").watch(lambda one, phase: told.append(str(phase)))
    await write(api, space, "web")
    with quick(monkeypatch):
        async with watching(client, shop) as watcher:
            await idle(watcher)
            async with failing(embedded, lambda faults: faults.refuse(410, verb="watch", plural="configmaps")):
                await on(embedded, lambda cluster: cluster.server.hub.end_all())
                await api.delete(CONFIGMAPS, "web", space)
                (informer,) = watcher.informers
                await until(lambda: informer.cache.get(Key(space, "web")) is None, "a list shows that it is gone")
            await until(lambda: told, "it is told")

    assert told == ["DELETED"]
