"""Reconcile actions, on the embedded cluster and on a real one: engines' C1, C2, C4, W1, and own writes."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from poblano import Capability, Context, Phase, Requeue, Terminal, a, field_changed, kind_of, labels_changed
from poblano.client import Resources, connect
from poblano.core.cache import Key
from poblano.core.errors import ApiError
from poblano.watch.eventing import EVENTS
from tests.watch.acting import WIDGETS, Widget, finally_, found, make_widget, serve_widgets, watching
from tests.watch.clusters import CONFIGMAPS, space_of, until, write


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


def idle(watcher):
    return all(not one.work.queue.processing and not len(one.work.queue) for one in watcher.controllers)


async def test_c1_an_action_is_given_what_an_object_is_and_nothing_is_called_for_one_that_is_gone(api, space):
    shop, seen = Capability("shop", namespaces=[space]), []
    shop.when(a.ConfigMap).with_name("web").reconcile(lambda one, ctx: seen.append(one.data.get("n")))
    await write(api, space, "web", n="1")
    async with watching(api, shop) as watcher:
        await until(lambda: seen == ["1"], "it is given what is there")
        await write(api, space, "web", n="2")
        await until(lambda: seen == ["1", "2"], "and what it becomes")
        await api.delete(CONFIGMAPS, "web", space)
        (informer,) = watcher.informers
        await until(lambda: not len(informer.cache), "the deletion was seen")
        await until(lambda: idle(watcher), "nothing is left to do")
    assert seen == ["1", "2"]


async def test_c2_each_answer_and_error_means_what_it_says(api, space):
    shop, runs = Capability("shop", namespaces=[space]), {"fails": [], "again": [], "gives-up": []}

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def fails(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs["fails"].append(ctx.failures)
        if ctx.failures < 3:
            raise RuntimeError("not yet")

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def again(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> Requeue | None:
        runs["again"].append(ctx.failures)
        return Requeue(after=timedelta(milliseconds=20)) if len(runs["again"]) < 3 else None

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def gives_up(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs["gives-up"].append(one.data["n"])
        if one.data["n"] == "1":
            raise Terminal("it will never work")

    await write(api, space, "web", n="1")
    async with watching(api, shop):
        await until(lambda: [*map(len, runs.values())] == [4, 3, 1], "all come to an end")
        assert runs == {"fails": [0, 1, 2, 3], "again": [0, 0, 0], "gives-up": ["1"]}
        await write(api, space, "web", n="2")
        await until(lambda: runs["gives-up"] == ["1", "2"], "a change is a new try")


async def test_c2_asking_again_at_once_does_not_take_up_the_process(api, space):
    shop, delays = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def again(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> Requeue:
        (controller,) = watcher.controllers
        delays.append(controller.work.queue.failures(Key(space, "web")))
        return Requeue()

    await write(api, space, "web")
    async with watching(api, shop) as watcher:
        await until(lambda: len(delays) >= 5, "it is called again and again")
    assert delays[:5] == [0, 1, 2, 3, 4], "each time counts for how long it waits"


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


async def test_c3_a_rule_works_on_as_many_objects_at_once_as_it_says(api, space):
    shop, at_work, most, done = Capability("shop", namespaces=[space]), set(), [], []

    @shop.when(a.ConfigMap).with_name_regex("^item").reconcile(concurrency=2)
    async def slow(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        at_work.add(one.metadata.name)
        most.append(len(at_work))
        await asyncio.sleep(0.02)
        at_work.remove(one.metadata.name)
        done.append(one.metadata.name)

    for number in range(8):
        await write(api, space, f"item-{number}")
    async with watching(api, shop):
        await until(lambda: len(set(done)) == 8, "all are done")
    assert max(most) == 2


@pytest.mark.parametrize("queue", ["kind", "global"])
async def test_a_queue_strategy_has_one_run_at_a_time(api, space, queue):
    shop, at_work, most, done = Capability("shop", namespaces=[space]), [0], [], set()

    async def slow(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        at_work[0] += 1
        most.append(at_work[0])
        await asyncio.sleep(0.01)
        at_work[0] -= 1
        done.add(one.metadata.name)

    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(slow, queue=queue, name="one")
    if queue == "global":

        @shop.when(a.ConfigMap).is_created().with_name_regex("^item").watch(queue="global")
        async def told(one: a.ConfigMap, phase: Phase) -> None:
            at_work[0] += 1
            most.append(at_work[0])
            await asyncio.sleep(0.01)
            at_work[0] -= 1
            done.add(f"{one.metadata.name} told")

    for number in range(6):
        await write(api, space, f"item-{number}")
    async with watching(api, shop):
        await until(lambda: len(done) == (6 if queue == "kind" else 12), "all are done")
    assert set(most) == {1}


async def test_c4_an_update_that_no_predicate_calls_news_runs_nothing(api, space):
    shop, seen, all_seen = Capability("shop", namespaces=[space]), [], []

    @shop.when(a.ConfigMap).with_name("web").when_changed(field_changed("data.n") | labels_changed("tier")).reconcile
    async def picky(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        seen.append(one.metadata.resource_version)

    @shop.when(a.ConfigMap).is_created_or_updated().with_name("web").watch
    async def everything(one: a.ConfigMap, phase: Phase) -> None:
        all_seen.append(one.metadata.resource_version)

    first = await write(api, space, "web", n="1")
    async with watching(api, shop) as watcher:
        await until(lambda: len(seen) == 1 and len(all_seen) == 1, "both are given what is there")
        for patch in ({"data": {"other": "1"}}, {"metadata": {"annotations": {"note": "1"}}}):
            latest = await api.patch(CONFIGMAPS, "web", patch, space)
            await until(lambda: all_seen[-1] == latest["metadata"]["resourceVersion"], "it was seen")  # noqa: B023
        await until(lambda: idle(watcher), "nothing is left to do")
        assert seen == [first["metadata"]["resourceVersion"]]
        latest = await api.patch(CONFIGMAPS, "web", {"metadata": {"labels": {"tier": "x"}}}, space)
        await until(lambda: seen[-1] == latest["metadata"]["resourceVersion"], "the label is news")


async def test_w1_what_is_applied_is_all_that_is_wanted_under_one_manager_and_the_same_again_is_no_write(api, space):
    shop, versions = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def copy(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        for _ in range(2):
            made = await ctx.apply(a.ConfigMap(metadata={"name": "copy"}, data=dict(one.data)))
            versions.append(made.metadata.resource_version)

    await write(api, space, "web", n="1", old="1")
    async with watching(api, shop):
        await until(lambda: len(versions) == 2, "it is applied")
        assert versions[0] == versions[1]
        await api.patch(CONFIGMAPS, "copy", {"data": {"n": "changed", "theirs": "1"}}, space)
        await api.patch(CONFIGMAPS, "web", {"data": {"n": "2", "old": None}}, space)

        async def copied():
            return (await found(api, space, "copy"))["data"] == {"n": "2", "theirs": "1"}

        await finally_(copied, "ours is as it is said, what we gave up is gone, and what is others' stays")
    managers = {
        (one["manager"], one["operation"]) for one in (await found(api, space, "copy"))["metadata"]["managedFields"]
    }
    assert ("poblano-hello", "Apply") in managers


async def test_a_status_is_written_when_it_changed_and_has_nobody_run_again(api, space):
    await serve_widgets(api)
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        runs.append(one.metadata.resource_version)
        one["status"] = {"runs": len(runs)}  # another each time: if it counted, there were no end of it
        ctx.set_condition("Available", True, reason="Fine", message="all is well")
        await ctx.save_status()
        saved = one.metadata.resource_version
        await ctx.save_status()
        assert one.metadata.resource_version == saved, "nothing has changed, so nothing is written"
        assert saved != runs[-1]

    await make_widget(api, space)
    async with watching(api, shop) as watcher:

        async def written():
            live = await found(api, space, "web", WIDGETS)
            return live.get("status", {}).get("runs") == len(runs)

        await finally_(written, "the status is written")
        (informer,) = watcher.informers
        live = await found(api, space, "web", WIDGETS)
        version = live["metadata"]["resourceVersion"]
        await until(lambda: [item.resource_version for item in informer.cache] == [version], "it is known")
        await until(lambda: idle(watcher), "nothing is left to do")
        assert len(runs) == 1
        (condition,) = live["status"]["conditions"]
        assert (condition["type"], condition["status"], condition["reason"]) == ("Available", "True", "Fine")
        await api.patch(WIDGETS, "web", {"spec": {"size": 2}}, space)
        await until(lambda: len(runs) == 2, "what others change counts")


async def test_an_action_that_applies_something_else_each_time_is_run_less_and_less(api, space, capfd):
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").owns(a.ConfigMap).reconcile
    async def restless(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append(1)
        await ctx.apply(a.ConfigMap(metadata={"name": "copy"}, data={"n": str(len(runs))}))

    await write(api, space, "web")
    said = ""

    def noticed():
        nonlocal said
        said += capfd.readouterr().out
        return "writes something else each time" in said

    async with watching(api, shop) as watcher:
        await until(noticed, "it is noticed")
        (controller,) = watcher.controllers
        await until(lambda: controller.work.queue.next_due() is not None, "it waits for a time")
        before = len(runs)
        await write(api, space, "web", n="1")
        await until(lambda: len(runs) > before, "what others change counts at once")


async def test_the_status_of_an_object_is_not_written_to_another_that_has_its_name(api, space):
    await serve_widgets(api)
    shop, errors = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def late(one: Widget, ctx: Context[Widget]) -> None:
        if errors:
            return
        await api.delete(WIDGETS, "web", space)
        await finally_(lambda: gone(api, space), "it goes")
        await make_widget(api, space)
        one["status"] = {"runs": 7}
        try:
            await ctx.save_status()
        except ApiError as error:
            errors.append(error)

    await make_widget(api, space)
    async with watching(api, shop):
        await until(lambda: errors, "it is refused")
    assert errors[0].status in {409, 422}
    assert "runs" not in (await found(api, space, "web", WIDGETS)).get("status", {})


async def gone(api, space):
    return await found(api, space, "web", WIDGETS) is None


async def test_the_context_knows_its_object(api, space):
    await serve_widgets(api)
    shop, seen = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def look(one: Widget, ctx: Context[Widget]) -> None:
        seen.append((ctx.generation, ctx.failures))
        ctx.log.info("seen")

    await make_widget(api, space)
    async with watching(api, shop):
        await until(lambda: seen, "it is seen")
    assert seen[0] == (1, 0)


async def test_w2_a_status_is_written_over_what_others_have_changed_meanwhile_and_the_change_is_seen(api, space):
    await serve_widgets(api)
    shop, sizes, saved = Capability("shop", namespaces=[space]), [], []

    @shop.when(Widget).with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        sizes.append(one["spec"]["size"])
        if len(sizes) == 1:
            await api.patch(WIDGETS, "web", {"spec": {"size": 2}, "metadata": {"labels": {"by": "others"}}}, space)
        one["status"] = {"seen": one["spec"]["size"]}
        await ctx.save_status()
        saved.append(one["spec"]["size"])

    await make_widget(api, space, size=1)
    async with watching(api, shop):
        await until(lambda: sizes and sizes[-1] == 2, "what others changed is seen")

        async def seen():
            return (await found(api, space, "web", WIDGETS)).get("status") == {"seen": 2}

        await finally_(seen, "and noted")
    live = await found(api, space, "web", WIDGETS)
    assert (live["spec"], live["metadata"]["labels"]) == ({"size": 2}, {"by": "others"})
    assert saved[0] == 1, "it was written over what there was by then, and no run failed for that"


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


@pytest.mark.parametrize("after", [5, 1.5, None, "5s"])
def test_c2_a_requeue_takes_no_number_without_a_unit(after):
    with pytest.raises(TypeError, match=r"write Requeue\(after=timedelta\(seconds=30\)\)"):
        Requeue(after=after)


async def test_c2_an_answer_that_means_nothing_is_told_and_the_rule_gives_up(api, space, capfd):
    """A time without Requeue, most of all: it looks as if it worked, and is never called again."""
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def sleeps(one: a.ConfigMap, ctx: Context[a.ConfigMap]):  # type: ignore[no-untyped-def]
        runs.append(one.data["n"])
        return {"1": timedelta(minutes=5), "2": 300, "3": "done"}.get(one.data["n"])

    @shop.when(a.ConfigMap).with_name("web").is_created_or_updated().watch
    async def tells(one: a.ConfigMap, phase: Phase):  # type: ignore[no-untyped-def]
        return Requeue()

    await write(api, space, "web", n="1")
    async with watching(api, shop) as watcher:
        for n in "1234":
            await write(api, space, "web", n=n)
            await until(lambda n=n: n in runs, "it is run")
        await until(lambda: idle(watcher), "nothing is left to do")
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    reasons = [line["reason"] for line in lines if line["message"] == "a reconcile action gave up"]
    assert [reason.split(",")[0] for reason in reasons] == [
        "the action returned a timedelta",
        "the action returned an int",
        "the action returned a str",
    ]
    assert "returns Requeue(after=...) with it" in reasons[0]
    assert "Requeue(after=timedelta(seconds=...))" in reasons[1]
    (once,) = [line for line in lines if "a watch action returned a Requeue" in line["message"]]
    assert (once["level"], once["rule"]) == ("error", "shop/tells")


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
