"""What actions write, on the embedded cluster and on a real one: engines' W1 and W2, and that nothing runs for its own writes."""

from __future__ import annotations

import pytest

from poblano import Capability, Context, a
from poblano.client import Resources, connect
from poblano.core.errors import ApiError
from tests.watch.acting import WIDGETS, Widget, finally_, found, idle, make_widget, serve_widgets, watching
from tests.watch.clusters import CONFIGMAPS, space_of, until, write


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


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
