"""Reconcile actions, on the embedded cluster and on a real one: engines' C1 to C4."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from poblano import Capability, Context, Phase, Requeue, Terminal, a, field_changed, labels_changed
from poblano.client import Resources, connect
from poblano.core.cache import Key
from tests.watch.acting import Widget, idle, make_widget, serve_widgets, watching
from tests.watch.clusters import CONFIGMAPS, space_of, until, write


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


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
