"""W14: in Pepr nobody watches what an object owns, and there is no help with status, conditions and events."""

from __future__ import annotations

import asyncio

from poblano import a
from poblano.core.kinds import Kind
from tests.pepr.watchers import eventually, found, idle, shop_in, until, watching
from tests.watch.clusters import write

SECRETS = Kind("", "v1", "Secret", "secrets")
EVENTS = Kind("events.k8s.io", "v1", "Event", "events")
BUDGETS = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")


async def test_w14_what_is_deleted_behind_its_back_is_made_again(client, api, space):
    shop = shop_in(space)

    @shop.when(a.ConfigMap).with_name("web").owns(a.Secret).reconcile
    async def make(one, ctx):
        await ctx.apply(a.Secret(metadata={"name": "made"}))

    await write(api, space, "web")
    async with watching(client, shop):
        made = await eventually(lambda: found(api, space, "made", SECRETS), "it is made")
        await api.delete(SECRETS, "made", space)

        async def made_again():
            now = await found(api, space, "made", SECRETS)
            return now and now["metadata"]["uid"] != made["metadata"]["uid"]

        await eventually(made_again, "it is made again")


async def test_w14_an_object_is_reconciled_when_one_changes_that_it_refers_to(client, api, space):
    shop, seen = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").watches(a.Secret, lambda secret: "web").reconcile
    async def note(one, ctx):
        seen.append(one.metadata.name)

    await write(api, space, "web")
    async with watching(client, shop) as watcher:
        await until(lambda: seen, "it is reconciled")
        await idle(watcher)
        before = len(seen)
        await api.create(SECRETS, {"metadata": {"name": "key", "namespace": space}})
        await until(lambda: len(seen) > before, "it is reconciled again")


async def test_w14_a_run_that_was_cut_off_in_the_middle_is_gone_through_again(client, api, space):
    """Pepr's operator notes "Pending" in the status and returns while it finds that: for ever, after a crash."""
    shop, begun, ended, wait = shop_in(space), [], [], [True]

    @shop.when(a.PodDisruptionBudget).with_name("web").reconcile
    async def make(one, ctx):
        ctx.set_condition("Ready", False, reason="Pending")
        await ctx.save_status()
        begun.append(1)
        if wait[0]:
            await asyncio.Event().wait()
        ended.append(1)

    await api.create(BUDGETS, budget(space))
    async with watching(client, shop):
        await until(lambda: begun, "it is at work")
    assert ended == []
    wait[0] = False
    async with watching(client, shop):
        await until(lambda: ended, "it comes to its end")


def budget(space):
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    return {"metadata": {"name": "web", "namespace": space}, "spec": spec}


async def test_w14_a_condition_is_written_to_the_status_and_keeps_the_time_of_its_last_transition(client, api, space):
    shop, runs = shop_in(space), []

    @shop.when(a.PodDisruptionBudget).with_name("web").reconcile
    async def say(one, ctx):
        ctx.set_condition("Ready", True, reason=f"Reason{len(runs)}", message="it is")
        await ctx.save_status()
        runs.append(one.metadata.generation)

    await api.create(BUDGETS, budget(space))
    async with watching(client, shop) as watcher:
        await until(lambda: runs, "it is run")
        first = await eventually(lambda: condition(api, space), "the condition is there")
        await idle(watcher)
        await api.patch(BUDGETS, "web", {"spec": {"minAvailable": 2}}, space)
        second = await eventually(lambda: condition(api, space, generation=2), "it is about the new version")

    assert (first["status"], first["message"], first["observedGeneration"]) == ("True", "it is", 1)
    assert second["lastTransitionTime"] == first["lastTransitionTime"]


async def condition(api, space, generation=1):
    status = (await found(api, space, "web", BUDGETS)).get("status") or {}
    ready = [one for one in status.get("conditions") or [] if one["type"] == "Ready"]
    return ready[0] if ready and ready[0]["observedGeneration"] == generation else None


async def test_w14_the_same_event_again_is_counted_and_not_written_anew(client, api, space):
    shop, runs = shop_in(space), []

    @shop.when(a.ConfigMap).with_name("web").reconcile
    async def say(one, ctx):
        runs.append(one.data["n"])
        ctx.event("Made", "all is there")

    async def written():
        return [one for one in (await api.list(EVENTS, space)).items if one["reason"] == "Made"]

    await write(api, space, "web", n="0")
    async with watching(client, shop):
        for number in range(1, 5):
            await until(lambda number=number: len(runs) >= number, "it is run")
            await write(api, space, "web", n=str(number))
        await until(lambda: "4" in runs, "the last state is seen")
        await eventually(lambda: _is_counted(written), "the event is counted")

    assert [one["series"]["count"] >= 2 for one in await written() if "series" in one] == [True]
    assert len(await written()) == 1


async def _is_counted(written):
    return [one for one in await written() if one.get("series")] or len(await written()) > 1
