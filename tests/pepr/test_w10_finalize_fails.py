"""W10: in Pepr a finalize callback that fails lets the object go all the same, with whatever it was to clean up."""

from __future__ import annotations

from poblano import Terminal, a
from tests.pepr.watchers import eventually, finalizers, found, gone, shop_in, until, watching
from tests.watch.clusters import CONFIGMAPS, write


async def test_w10_an_object_stays_until_its_clean_up_has_worked(client, api, space):
    shop, runs, held = shop_in(space), [], []

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def clean_up(one, ctx):
        runs.append(ctx.failures)
        held.append(bool(finalizers(await found(api, space, "web"))))
        if ctx.failures < 3:
            raise RuntimeError("not yet")

    await write(api, space, "web")
    async with watching(client, shop):
        await eventually(lambda: _marked(api, space), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        await eventually(lambda: gone(api, space, "web"), "it is let go")

    assert runs == [0, 1, 2, 3]
    assert held == [True] * 4


async def test_w10_a_clean_up_that_gives_up_holds_its_object(client, api, space):
    """A person has to decide: the finalizer says whose it is, and the log why."""
    shop, runs = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def clean_up(one, ctx):
        runs.append(1)
        raise Terminal("it will never work")

    await write(api, space, "web")
    async with watching(client, shop) as watcher:
        await eventually(lambda: _marked(api, space), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        await until(lambda: runs, "it is run")
        (controller,) = watcher.controllers
        await until(lambda: not controller.work.queue.processing, "it has ended")
        assert finalizers(await found(api, space, "web")) == ["poblano.dev/hello-shop-clean-up"]
    await api.patch(CONFIGMAPS, "web", [{"op": "remove", "path": "/metadata/finalizers"}], space)


async def _marked(api, space):
    return finalizers(await found(api, space, "web"))
