"""What the operator does: it makes, heals, follows, finalizes, and sees to what happened while it was down."""

from __future__ import annotations

import asyncio

import pytest

from tests.examples.operator.world import (
    CONFIGMAPS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    PARTS,
    SERVICES,
    WEBAPPS,
    eventually,
)


@pytest.fixture
async def page(world, operator, space_name):
    """The namespace of a WebApp that was seen to; the operator does not run."""
    await world.namespace(space_name)
    await world.webapp(space_name, replicas=2)
    with operator.running():
        await world.settles(space_name)
    yield space_name
    with operator.running():
        await world.emptied([space_name])


async def test_it_makes_what_a_webapp_asks_for_and_says_how_far_it_is(world, page):
    seen = await world.state(page)
    (condition,) = seen["status"]["conditions"]
    assert condition["reason"] == ("Available" if world.ready else "Deploying")
    assert condition["message"] == f"{2 if world.ready else 0} of 2 Pods serve the page"
    assert seen["status"]["url"] == "http://page.SPACE.svc"
    assert seen["finalizers"] == ["poblano.dev/webapps-webapps-unlist"]
    assert "Welcome to page" in seen["ConfigMap"]["data"]["index.html"]
    assert seen["Service"]["ports"] == [{"port": 80, "targetPort": "http"}]
    assert seen["Deployment"]["said"]["replicas"] == 2
    for part in PARTS:
        (owner,) = seen[part.__name__]["owners"]
        assert (owner["kind"], owner["controller"], owner["uid"]) == ("WebApp", True, True)


async def test_it_heals_what_is_deleted_behind_its_back(world, operator, page):
    wanted = await world.state(page)
    with operator.running():
        for kind in (CONFIGMAPS, SERVICES, DEPLOYMENTS):
            before = await world.found(kind, page)
            await world.api.delete(kind, "page", page, propagation="Background")
            await world.finds_another(kind, page, before)
            await world.comes_to(page, wanted)


async def test_it_puts_right_what_is_changed_behind_its_back(world, operator, page):
    wanted = await world.state(page)
    with operator.running():
        await world.api.patch(CONFIGMAPS, "page", {"data": {"index.html": "bought by somebody else"}}, page)
        await world.api.patch(DEPLOYMENTS, "page", {"spec": {"replicas": 5}}, page)
        await world.api.patch(SERVICES, "page", {"spec": {"selector": {"app.kubernetes.io/name": "evil"}}}, page)
        await world.comes_to(page, wanted)


async def test_it_follows_a_change_of_the_webapp(world, operator, page):
    with operator.running():
        await world.webapp(page, theme="light", language="es", replicas=3)
        seen = await world.settles(page)
    assert "Te damos la bienvenida" in seen["ConfigMap"]["data"]["index.html"]
    assert seen["Deployment"]["said"]["replicas"] == 3
    assert seen["status"]["observedGeneration"] == 2


async def test_what_was_deleted_and_changed_while_it_was_down_is_seen_to(world, operator, page):
    wanted = await world.state(page)
    before = await world.found(DEPLOYMENTS, page)
    await world.api.delete(DEPLOYMENTS, "page", page, propagation="Background")
    await world.loses(DEPLOYMENTS, page)
    await world.api.patch(CONFIGMAPS, "page", {"data": {"index.html": None, "other": "x"}}, page)
    with operator.running():
        await world.finds_another(DEPLOYMENTS, page, before)
        found = await world.settles(page)
    assert found["ConfigMap"]["data"] == {**wanted["ConfigMap"]["data"], "other": "x"}, "what others own stays theirs"
    assert found["Deployment"] == wanted["Deployment"]


async def test_a_webapp_that_was_deleted_while_it_was_down_is_finalized_and_its_objects_go_with_it(
    world, operator, page
):
    await world.api.delete(WEBAPPS, "page", page)
    assert (await world.found(WEBAPPS, page))["metadata"]["deletionTimestamp"]
    assert (await world.state(page))["noted"]
    with operator.running():
        await world.loses(WEBAPPS, page)
        assert (await world.state(page))["noted"] is None
        await asyncio.gather(*(world.loses(kind, page) for kind in (CONFIGMAPS, SERVICES, DEPLOYMENTS)))


async def test_a_namespace_that_is_deleted_with_its_webapp_goes_once_somebody_finalizes(world, operator, page):
    await world.api.delete(NAMESPACES, page)
    with operator.running():
        await world.loses(NAMESPACES, page, page)


async def test_another_webapp_in_the_namespace_keeps_its_note_and_its_objects(world, operator, page):
    await world.webapp(page, name="other")
    with operator.running():
        await eventually(lambda: world.found(DEPLOYMENTS, page, "other"), lambda: "the other page is made")
        await world.api.delete(WEBAPPS, "page", page)
        await world.loses(WEBAPPS, page)
        await world.loses(DEPLOYMENTS, page)
        annotations = (await world.found(NAMESPACES, page, page))["metadata"]["annotations"]
        assert annotations["examples.poblano.dev/other"] == f"http://other.{page}.svc"
        assert await world.found(DEPLOYMENTS, page, "other")
        await world.api.delete(WEBAPPS, "other", page)
        await world.loses(WEBAPPS, page, "other")


async def test_when_it_becomes_ready_an_event_says_so(world, operator, page):
    async def told():
        events = (await world.api.list(EVENTS, page)).items
        return [
            (one["regarding"]["kind"], one["reason"])
            for one in events
            if one.get("note") == "3 of 3 Pods serve the page"
        ]

    with operator.running():
        await world.webapp(page, replicas=3)
        await world.settles(page)
        if world.ready:
            await eventually(told, lambda: "there is an event")
    assert await told() == ([("WebApp", "Available")] if world.ready else [])
