"""What of a status is a rule's, where others write it as well: engines' W1 and W2, on the embedded cluster and on a real one."""

from __future__ import annotations

import pytest

from poblano import Capability, Context, Resource, a, kind_of
from poblano.client import Resources, connect
from poblano.core.errors import MalformedObject
from poblano.core.objects import document
from tests.watch.acting import WIDGETS, Widget, finally_, found, make_widget, serve, serve_widgets, watching
from tests.watch.clusters import space_of, until


@pytest.fixture
async def client(kubeconfig):
    async with connect(kubeconfig) as opened:
        yield opened


@pytest.fixture
async def api(client):
    return Resources(client, field_manager="other")


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


class Gauge(Resource, group="watching.example.com", version="v1", plural="gauges"):
    """A kind whose conditions are a list by type, as they should be."""


GAUGES = kind_of(Gauge)


def condition(type, status="True", **more):
    return {"type": type, "status": status, "reason": "Said", "message": "", **more}


async def apply_status(api, space, status, kind=WIDGETS):
    """As another controller does it in Go."""
    await api.apply(
        kind, {"metadata": {"name": "web", "namespace": space}, "status": status}, subresource="status", force=True
    )


async def status_of(api, space, kind=WIDGETS):
    return (await found(api, space, "web", kind)).get("status") or {}


async def test_what_a_rule_only_saw_is_not_its_own_and_is_never_written_back(api, space):
    await serve_widgets(api)
    shop, seen = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        document(one).setdefault("status", {})["size"] = one["spec"]["size"]
        await ctx.save_status()
        seen.append(one["spec"]["size"])

    await make_widget(api, space, size=1)
    await apply_status(api, space, {"theirs": "old", "more": {"a": 1}})
    async with watching(api, shop):
        await until(lambda: seen, "it has run")
        live = await found(api, space, "web", WIDGETS)
        assert live["status"] == {"size": 1, "theirs": "old", "more": {"a": 1}}
        ours = [one for one in live["metadata"]["managedFields"] if one["manager"].startswith("poblano-")]
        assert [(one["manager"], one["fieldsV1"]) for one in ours] == [("poblano-hello", {"f:status": {"f:size": {}}})]
        await apply_status(api, space, {"more": {"b": 2}})  # they give two fields up, which nobody else has
        await api.patch(WIDGETS, "web", {"spec": {"size": 2}}, space)
        await until(lambda: seen[-1] == 2, "it has run again")
        assert await status_of(api, space) == {"size": 2, "more": {"b": 2}}


async def test_a_status_that_is_said_anew_loses_what_is_the_rules_own_and_no_more(api, space):
    await serve_widgets(api)
    shop, seen = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        one["status"] = {"size": 1, "first": True} if one["spec"]["size"] == 1 else {"size": 2}
        await ctx.save_status()
        seen.append(one["spec"]["size"])

    await make_widget(api, space, size=1)
    await apply_status(api, space, {"theirs": {"a": 1}, "conditions": [condition("Theirs")]})
    async with watching(api, shop):
        await until(lambda: seen, "it has run")
        theirs = {"theirs": {"a": 1}, "conditions": [condition("Theirs")]}
        assert await status_of(api, space) == {"size": 1, "first": True, **theirs}
        await api.patch(WIDGETS, "web", {"spec": {"size": 2}}, space)
        await until(lambda: seen[-1] == 2, "it has run again")
        assert await status_of(api, space) == {"size": 2, **theirs}
        version = (await found(api, space, "web", WIDGETS))["metadata"]["resourceVersion"]
        await api.patch(WIDGETS, "web", {"metadata": {"labels": {"a": "b"}}}, space)
        runs = len(seen)
        await until(lambda: len(seen) > runs, "it has run once more")
        live = await found(api, space, "web", WIDGETS)
        assert int(live["metadata"]["resourceVersion"]) > int(version)
        assert live["status"] == {"size": 2, **theirs}


async def test_two_rules_of_a_module_that_each_say_their_part_of_a_status_come_to_rest(api, space):
    await serve_widgets(api)
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def first(one: Widget, ctx: Context[Widget]) -> None:
        document(one).setdefault("status", {})["first"] = one["spec"]["size"]
        await ctx.save_status()
        runs.append("first")

    @shop.when(Widget).with_name("web").reconcile
    async def second(one: Widget, ctx: Context[Widget]) -> None:
        document(one).setdefault("status", {})["second"] = one["spec"]["size"]
        await ctx.save_status()
        runs.append("second")

    await make_widget(api, space, size=1)
    async with watching(api, shop) as watcher:

        async def both(size):
            return await status_of(api, space) == {"first": size, "second": size}

        await finally_(lambda: both(1), "both are there")
        await api.patch(WIDGETS, "web", {"spec": {"size": 2}}, space)
        await finally_(lambda: both(2), "both are there again")
        live = await found(api, space, "web", WIDGETS)

        def rests():
            known = {item.resource_version for one in watcher.informers for item in one.cache}
            idle = all(not one.work.queue.processing and not len(one.work.queue) for one in watcher.controllers)
            return idle and known == {live["metadata"]["resourceVersion"]}

        await until(rests, "nothing is left to do")
        assert (await found(api, space, "web", WIDGETS))["metadata"]["resourceVersion"] == live["metadata"][
            "resourceVersion"
        ]


async def serve_gauges(api):
    """A kind whose conditions have keys."""
    await serve(api, GAUGES)
    known = kind_of(a.CustomResourceDefinition)
    item = {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}}
    item["x-kubernetes-preserve-unknown-fields"] = True
    conditions = {
        "type": "array",
        "items": item,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    }
    weight = {"type": "integer", "default": 1}
    part = {"type": "object", "properties": {"name": {"type": "string"}, "weight": weight}}
    live = await api.get(known, "gauges.watching.example.com")
    version = live["spec"]["versions"][0]
    version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"] = {
        "conditions": conditions,
        "parts": {"type": "array", "items": part},
    }
    await api.patch(known, "gauges.watching.example.com", {"spec": {"versions": [version]}})


@pytest.mark.parametrize("view", [Widget, Gauge], ids=["atomic", "by type"])
async def test_conditions_merge_by_type_also_when_somebody_writes_one_between_reading_and_writing(api, space, view):
    await (serve_widgets if view is Widget else serve_gauges)(api)
    kind, shop, runs = kind_of(view), Capability("shop", namespaces=[space]), []

    @shop.when(view).with_name("web").reconcile
    async def note(one: view, ctx: Context[view]) -> None:
        runs.append([dict(one) for one in document(one).get("status", {}).get("conditions", [])])
        if len(runs) == 1:
            others = [condition("Theirs", "False"), condition("Late")]
            version = (await found(api, space, "web", kind))["metadata"]["resourceVersion"]
            theirs = {"metadata": {"resourceVersion": version}, "status": {"conditions": others, "late": 1}}
            await api.patch(kind, "web", theirs, space, subresource="status")
        ctx.set_condition("Ready", True, reason="Fine")
        await ctx.save_status()
        ctx.set_condition("Ready", True, reason="Finer")
        await ctx.save_status()

    await api.create(kind, {"metadata": {"name": "web", "namespace": space}, "spec": {}})
    await apply_status(api, space, {"conditions": [condition("Theirs"), condition("Gone")]}, kind)
    async with watching(api, shop):

        async def merged():
            conditions = (await status_of(api, space, kind)).get("conditions", [])
            return {one["type"]: (one["status"], one["reason"]) for one in conditions} == {
                "Theirs": ("False", "Said"),
                "Late": ("True", "Said"),
                "Ready": ("True", "Finer"),
            }

        await finally_(merged, "each has its own, what is gone stays gone, and none is stale")
        await until(lambda: len(runs) >= 2, "what others have written is seen")
        assert (await status_of(api, space, kind))["late"] == 1
        assert await merged()


async def test_a_rule_that_is_given_the_metadata_alone_takes_no_conditions_away(api, space):
    await serve_widgets(api)
    shop, saved = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).metadata_only().with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        ctx.set_condition("Ready", True, reason="Fine")
        await ctx.save_status()
        saved.append(1)

    await make_widget(api, space)
    await apply_status(api, space, {"conditions": [condition("Theirs")]})
    async with watching(api, shop):
        await until(lambda: saved, "it has run")
    assert [one["type"] for one in (await status_of(api, space))["conditions"]] == ["Theirs", "Ready"]


async def test_a_list_that_both_have_changed_is_left_to_the_next_run(api, space):
    await serve_widgets(api)
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        names = list(document(one).setdefault("status", {}).get("names", []))
        runs.append(names)
        if len(runs) == 1:
            await api.patch(WIDGETS, "web", {"status": {"names": ["theirs"]}}, space, subresource="status")
        if "ours" not in names:
            document(one)["status"]["names"] = [*names, "ours"]
        await ctx.save_status()

    await make_widget(api, space)
    async with watching(api, shop):

        async def both():
            return (await status_of(api, space)).get("names") == ["theirs", "ours"]

        await finally_(both, "nothing is lost")
    assert runs[0] == []


async def test_what_the_server_adds_to_a_list_is_nobody_elses_change(api, space):
    await serve_gauges(api)
    shop, runs = Capability("shop", namespaces=[space]), []

    @shop.when(Gauge).with_name("web").reconcile
    async def note(one: Gauge, ctx: Context[Gauge]) -> None:
        runs.append(0)
        document(one)["status"] = {"parts": [{"name": "a"}]}
        await ctx.save_status()
        document(one)["status"]["parts"] = [{"name": "a"}, {"name": "b"}]
        await ctx.save_status()
        runs.append(1)

    await api.create(GAUGES, {"metadata": {"name": "web", "namespace": space}, "spec": {}})
    async with watching(api, shop):
        await until(lambda: 1 in runs, "both are written")
    assert runs == [0, 1]
    parts = (await status_of(api, space, GAUGES))["parts"]
    assert [(one["name"], one.get("weight", 1)) for one in parts] == [("a", 1), ("b", 1)]


async def test_what_the_module_has_applied_itself_goes_when_the_rule_says_it_no_more(api, client, space):
    await serve_widgets(api)
    shop, saved = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        one["status"] = {"phase": "Down"}
        await ctx.save_status()
        saved.append(1)

    await make_widget(api, space)
    old = {"phase": "Up", "message": "old", "conditions": [condition("Ready")]}
    await apply_status(Resources(client, field_manager="poblano-hello"), space, old)
    async with watching(api, shop):
        await until(lambda: saved, "it has run")
    assert await status_of(api, space) == {"phase": "Down"}


async def test_a_status_that_is_no_map_is_said_to_be_none(api, space):
    await serve_widgets(api)
    shop, raised = Capability("shop", namespaces=[space]), []

    @shop.when(Widget).with_name("web").reconcile
    async def note(one: Widget, ctx: Context[Widget]) -> None:
        document(one)["status"] = "Up"
        try:
            await ctx.save_status()
        except MalformedObject as error:
            raised.append(str(error))

    await make_widget(api, space)
    async with watching(api, shop):
        await until(lambda: raised, "it has run")
    assert raised[0] == "the status of a Widget is 'Up'; it is a map, such as {'phase': 'Up'}"
