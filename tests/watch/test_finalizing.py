"""Finalize actions, on the embedded cluster and on a real one: engines' W3 and C5, demand 12."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import orjson
import pytest

from poblano import Capability, Context, Phase, Requeue, a
from poblano.client import Resources, connect
from poblano.core.cache import Item, Key
from poblano.core.finalizers import finalizer
from tests.watch.acting import WIDGETS, Widget, finally_, found, idle, make_widget, serve_widgets, watching
from tests.watch.clusters import CONFIGMAPS, space_of, until, write

OURS = finalizer("hello", "shop", "clean-up")
HOUR = timedelta(hours=1)


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


async def finalizers(api, space, name):
    obj = await found(api, space, name)
    return None if obj is None else obj["metadata"].get("finalizers", [])


async def gone(api, space, name):
    return await found(api, space, name) is None


def cleaning(space, cleaned, fails=0):
    """A capability whose rule cleans up after ConfigMaps, and fails so often first."""
    shop = Capability("shop", namespaces=[space])

    @shop.when(a.ConfigMap).with_label("wants", "cleaning").finalize
    async def clean_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        cleaned.append((one.metadata.name, ctx.failures))
        if ctx.failures < fails:
            raise RuntimeError("not yet")

    return shop


def wanting(space, name, **metadata):
    return {"metadata": {"name": name, "namespace": space, "labels": {"wants": "cleaning"}, **metadata}}


async def test_w3_the_finalizer_is_there_before_reconcile_is_called_and_cleaning_up_comes_before_the_end(api, space):
    shop, log = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def make(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        live = await found(api, space, "web")
        log.append(("reconcile", OURS in live["metadata"].get("finalizers", [])))

    @make.finalize
    async def clean_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        log.append(("finalize", await found(api, space, "web") is not None))

    await write(api, space, "web")
    async with watching(api, shop):
        await until(lambda: log, "it is reconciled")
        assert log[0] == ("reconcile", True)
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
        assert [one for one in log if one[0] == "finalize"] == [("finalize", True)]
        assert log[-1] == ("finalize", True), "nothing is reconciled that was cleaned up after"


async def test_w3_a_failure_keeps_the_object_until_cleaning_up_has_worked(api, space):
    cleaned = []
    await api.create(CONFIGMAPS, wanting(space, "web"))
    async with watching(api, cleaning(space, cleaned, fails=3)):
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
    assert cleaned == [("web", 0), ("web", 1), ("web", 2), ("web", 3)]


async def test_w11_what_is_being_deleted_already_at_the_start_is_cleaned_up_after(api, space):
    cleaned = []
    await api.create(CONFIGMAPS, wanting(space, "web", finalizers=[OURS]))
    await api.delete(CONFIGMAPS, "web", space)
    assert await finalizers(api, space, "web") == [OURS]
    async with watching(api, cleaning(space, cleaned)):
        await finally_(lambda: gone(api, space, "web"), "it goes")
    assert cleaned == [("web", 0)]


async def test_w12_finalizers_of_others_stay_and_cleaning_up_is_done_once(api, space):
    cleaned, theirs = [], ["example.com/before", "example.com/after"]
    await api.create(CONFIGMAPS, wanting(space, "web", finalizers=theirs))
    async with watching(api, cleaning(space, cleaned)):

        async def are(wanted):
            return await finalizers(api, space, "web") == wanted

        await finally_(lambda: are([*theirs, OURS]), "ours is added behind the others")
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: are(theirs), "ours alone is taken off")
        for number in range(3):  # what happens meanwhile is no reason to clean up again
            patch = {"metadata": {"annotations": {"number": str(number)}}}
            await api.patch(CONFIGMAPS, "web", patch, space)
        await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": None}}, space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
        await write(api, space, "web")
    assert cleaned == [("web", 0)]


async def test_what_has_the_finalizer_is_cleaned_up_after_though_the_filters_no_longer_take_it(api, space):
    cleaned = []
    await api.create(CONFIGMAPS, wanting(space, "web"))
    await api.create(CONFIGMAPS, {"metadata": {"name": "other", "namespace": space}})
    async with watching(api, cleaning(space, cleaned)):
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await api.patch(CONFIGMAPS, "web", {"metadata": {"labels": None}}, space)
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
        assert await finalizers(api, space, "other") == []
    assert cleaned == [("web", 0)]


async def test_an_object_that_comes_to_be_taken_by_the_filters_gets_the_finalizer(api, space):
    await write(api, space, "web")
    async with watching(api, cleaning(space, [])):
        await api.patch(CONFIGMAPS, "web", {"metadata": {"labels": {"wants": "cleaning"}}}, space)
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
    assert await finalizers(api, space, "web") == [OURS]
    await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": None}}, space)


async def test_requeue_keeps_the_object_and_calls_again(api, space):
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").finalize
    def clean_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> Requeue | None:
        runs.append(ctx.failures)
        return Requeue() if len(runs) < 3 else None

    await write(api, space, "web")
    async with watching(api, shop):
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
    assert runs == [0, 0, 0]


async def test_an_answer_that_is_none_keeps_the_object(api, space):
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").finalize
    def clean_up(one, ctx):
        runs.append(ctx.failures)
        return False if len(runs) < 3 else None

    await write(api, space, "web")
    async with watching(api, shop):
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
    assert runs == [0, 1, 2]


async def test_w3_somebody_who_takes_the_finalizer_off_by_hand_lets_the_object_go(api, space):
    shop, begun, go_on = Capability("shop", namespaces=[space]), asyncio.Event(), asyncio.Event()

    @shop.when(a.ConfigMap).with_name("web").finalize
    async def clean_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        begun.set()
        await go_on.wait()

    await write(api, space, "web")
    async with watching(api, shop) as watcher:
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        async with asyncio.timeout(60):
            await begun.wait()
        await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": None}}, space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
        go_on.set()
        (controller,) = watcher.controllers
        (informer,), queue = watcher.informers, controller.work.queue
        await until(lambda: Key(space, "web") not in [item.key for item in informer.cache], "that is known")
        await until(lambda: not queue.processing and not len(queue), "the run ends")
        assert queue.next_due() is None
        assert not controller._level._failures


async def test_finalize_waits_for_a_reconcile_run_of_the_same_object(api, space):
    shop, log, begun, go_on = Capability("shop", namespaces=[space]), [], asyncio.Event(), asyncio.Event()

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def make(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        begun.set()
        await go_on.wait()
        log.append("reconciled")

    @make.finalize
    async def clean_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        log.append("cleaned up")

    @shop.when(a.ConfigMap).is_updated().with_name("web").with_deletion_timestamp().watch
    async def seen(one: a.ConfigMap, phase: Phase) -> None:
        go_on.set()

    await write(api, space, "web")
    async with watching(api, shop):
        async with asyncio.timeout(60):
            await begun.wait()
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
    assert log == ["reconciled", "cleaned up"]


async def test_modules_and_rules_have_finalizers_of_their_own(api, space):
    one, other, cleaned = Capability("shop", namespaces=[space]), Capability("shop", namespaces=[space]), []
    one.when(a.ConfigMap).with_name("web").finalize(lambda obj, ctx: cleaned.append("one") and None, name="first")
    one.when(a.ConfigMap).with_name("web").finalize(lambda obj, ctx: cleaned.append("two") and None, name="second")
    other.when(a.ConfigMap).with_name("web").finalize(lambda obj, ctx: cleaned.append("three") and None, name="first")
    await write(api, space, "web")
    async with watching(api, one), watching(api, other, uuid="other"):

        async def all_there():
            return len(await finalizers(api, space, "web")) == 3

        await finally_(all_there, "each has put its own on it")
        assert set(await finalizers(api, space, "web")) == {
            "poblano.dev/hello-shop-first",
            "poblano.dev/hello-shop-second",
            "poblano.dev/other-shop-first",
        }
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")
    assert sorted(cleaned) == ["one", "three", "two"]


async def test_w3_a_finalizer_is_put_on_again_also_where_its_name_is_the_beginning_of_another(api, space):
    shop = Capability("shop", namespaces=[space])
    for name in ("clean", "clean-up"):
        shop.when(a.ConfigMap).with_name("web").finalize(lambda obj, ctx: None, name=name)
    await write(api, space, "web")
    async with watching(api, shop) as watcher:

        async def both():
            return set(await finalizers(api, space, "web")) == {finalizer("hello", "shop", "clean"), OURS}

        await finally_(both, "each has put its own on it")
        await until(lambda: idle(watcher), "nothing is left to do")
        await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": [OURS]}}, space)
        await finally_(both, "the shorter one is there again")
        await api.delete(CONFIGMAPS, "web", space)
        await finally_(lambda: gone(api, space, "web"), "it goes")


async def test_w3_a_finalizer_that_somebody_takes_off_is_put_on_again_also_when_the_watch_was_faster_than_the_answer(
    api, space
):
    async with watching(api, cleaning(space, [])) as watcher:
        (controller,) = watcher.controllers
        writer = controller._shared.api
        patch = writer.patch

        async def late(*arguments, **options):
            answer = await patch(*arguments, **options)
            await until(lambda: OURS.encode() in known(controller, "web")[0].raw, "the watch has told of it")
            return answer

        writer.patch = late
        await api.create(CONFIGMAPS, wanting(space, "web"))
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await until(lambda: not controller.work.queue.processing and not len(controller.work.queue), "it is idle")
        await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": None}}, space)
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer again", 30.0)


async def test_of_objects_that_go_while_they_are_given_a_finalizer_nothing_is_kept(api, space):
    async with watching(api, cleaning(space, [])) as watcher:
        (controller,) = watcher.controllers
        writer = controller._shared.api
        patch = writer.patch

        async def late(kind, name, *rest, **options):
            await api.delete(CONFIGMAPS, name, space)
            await until(lambda: not known(controller, name), "it is known to be gone")
            return await patch(kind, name, *rest, **options)

        writer.patch = late
        for number in range(3):
            await api.create(CONFIGMAPS, wanting(space, f"web-{number}"))
        await until(lambda: not any(known(controller, f"web-{number}") for number in range(3)), "all went")
        await until(lambda: not controller.work.queue.processing and not len(controller.work.queue), "it is idle")
        assert (controller._added, controller._cleaned, controller._held, controller._asked) == ({}, {}, {}, {})


async def test_of_objects_that_others_let_go_while_they_are_cleaned_up_nothing_is_kept(api, space):
    shop, cleaned = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_label("wants", "cleaning").finalize
    async def clean_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        (controller,) = watcher.controllers
        await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": None}}, space)
        await until(lambda: not known(controller, "web"), "it is known to be gone")
        cleaned.append(controller)

    await api.create(CONFIGMAPS, wanting(space, "web"))
    async with watching(api, shop) as watcher:
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await api.delete(CONFIGMAPS, "web", space)
        await until(lambda: cleaned, "it is cleaned up")
        (controller,) = cleaned
        await until(lambda: not controller.work.queue.processing and not len(controller.work.queue), "it is idle")
        assert (controller._added, controller._cleaned, controller._held, controller._asked) == ({}, {}, {}, {})


def known(controller, name):
    return [item for one in controller.informers for item in one.cache if item.key.name == name]


async def test_a_status_that_finalize_writes_has_it_called_no_more_often(api, space):
    await serve_widgets(api)
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).finalize
    async def clean_up(one: Widget, ctx: Context[Widget]) -> Requeue | None:
        runs.append(one.metadata.resource_version)
        ctx.set_condition("Gone", False, reason="Waiting", message=str(len(runs)))
        await ctx.save_status()
        return None if (await found(api, space, "web", WIDGETS))["metadata"].get("annotations") else Requeue(after=HOUR)

    await make_widget(api, space)
    async with watching(api, shop) as watcher:

        async def marked():
            return (await found(api, space, "web", WIDGETS))["metadata"].get("finalizers")

        await finally_(marked, "it has the finalizer")
        await api.delete(WIDGETS, "web", space)
        (controller,) = watcher.controllers
        await until(lambda: runs and controller.work.queue.next_due() is not None, "it waits")
        live = await found(api, space, "web", WIDGETS)
        assert live["status"]["conditions"][0]["message"] == "1"
        (informer,) = watcher.informers
        version = live["metadata"]["resourceVersion"]
        await until(lambda: [item.resource_version for item in informer.cache] == [version], "it is known")
        await until(lambda: not controller.work.queue.processing and not len(controller.work.queue), "it waits")
        assert len(runs) == 1
        await api.patch(WIDGETS, "web", {"metadata": {"annotations": {"go": "on"}}}, space)

        async def gone_too():
            return await found(api, space, "web", WIDGETS) is None

        await finally_(gone_too, "it goes")
    assert len(runs) == 2


class HeldBack:
    """A rule that waits for the finalizer: when it is told, it asks whether it still has to wait."""

    def __init__(self, rule, item) -> None:
        self.rule, self.item = rule, item
        self.kept: list[bool] = []
        self.work = self

    def add(self, key: Key) -> None:
        self.kept.append(self.rule.keeps(self.item, self))


async def test_the_finalizer_is_put_on_though_the_cache_of_its_rule_is_behind_that_of_another(api, space):
    """Two informers of one kind: what one has seen the other may not know yet."""
    shop, log = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_label("wants", "cleaning").reconcile
    async def make(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        log.append((await found(api, space, "web"))["metadata"].get("finalizers"))

    @make.finalize
    async def clean_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None: ...

    await write(api, space, "web")
    async with watching(api, shop) as watcher:
        _, clean = watcher.controllers
        await until(lambda: not clean.work.queue.processing and len(clean.informers[0].cache), "it is known")
        stale = clean.informers[0].cache.get(Key(space, "web"))
        fresh = orjson.loads(stale.raw)
        fresh["metadata"]["labels"] = {"wants": "cleaning"}
        ahead = Item(stale.key, stale.uid, "ahead", orjson.dumps(fresh))
        held_back = HeldBack(clean, ahead)
        assert clean.keeps(ahead, held_back)
        await finally_(lambda: finalizers(api, space, "web"), "it has the finalizer")
        await until(lambda: held_back.kept, "who was held back is told")
        assert held_back.kept == [False], "and need not wait any more"
    await api.patch(CONFIGMAPS, "web", {"metadata": {"finalizers": None}}, space)
