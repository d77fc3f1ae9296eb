"""Mutating webhooks: their order, and who is called a second time."""

from __future__ import annotations

import pytest

from poblano.cluster.webhooks import Webhooks
from tests.cluster.webhooks.world import chain, config_map, entry, refusal, request


def adds(key, value="1"):
    patch = [{"op": "add", "path": f"/data/{key}", "value": value}]
    return {"response": {"patchType": "JSONPatch", "patch": patch}}


async def mutated(world, attributes, **options):
    async with chain(world, **options) as webhooks:
        await webhooks.mutate(attributes)
    return attributes.object


async def test_they_run_by_the_names_of_their_configurations_then_in_list_order(world, listener):
    world.register("mutating", "z", entry(listener, "z1"))
    world.register("mutating", "a", entry(listener, "late"), entry(listener, "early"))
    await mutated(world, request(config_map()))
    assert listener.paths() == ["late", "early", "z1"]


async def test_one_that_asks_for_it_is_called_again_after_a_later_one_changed_the_object(world, listener):
    listener.replies |= {"a": [{}, adds("again")], "b": [adds("b")]}
    world.register("mutating", "m", entry(listener, "a", reinvocationPolicy="IfNeeded"), entry(listener, "b"))
    made = await mutated(world, request(config_map()))
    assert listener.paths() == ["a", "b", "a"]
    assert made["data"] == {"a": "1", "b": "1", "again": "1"}


@pytest.mark.parametrize("later", [{}, adds("a", "1")])
async def test_no_one_is_called_again_when_nothing_changed(world, listener, later):
    listener.replies["b"] = [later]
    world.register("mutating", "m", entry(listener, "a", reinvocationPolicy="IfNeeded"), entry(listener, "b"))
    await mutated(world, request(config_map()))
    assert listener.paths() == ["a", "b"]


async def test_ones_own_change_is_no_reason_to_be_called_again(world, listener):
    listener.replies["a"] = [adds("x")]
    world.register("mutating", "m", entry(listener, "a", reinvocationPolicy="IfNeeded"), entry(listener, "b"))
    await mutated(world, request(config_map()))
    assert listener.paths() == ["a", "b"]


async def test_each_is_called_twice_at_most(world, listener):
    for name in ("a", "b"):
        listener.replies[name] = [adds(f"{name}{turn}") for turn in range(9)]
    policy = {"reinvocationPolicy": "IfNeeded"}
    world.register("mutating", "m", entry(listener, "a", **policy), entry(listener, "b", **policy))
    await mutated(world, request(config_map()))
    assert listener.paths() == ["a", "b", "a"]


async def test_who_was_passed_over_the_first_time_is_not_called_the_second(world, listener):
    patch = [{"op": "add", "path": "/metadata/labels", "value": {"pick": "me"}}]
    listener.replies["b"] = [{"response": {"patchType": "JSONPatch", "patch": patch}}]
    policy = {"reinvocationPolicy": "IfNeeded"}
    first = entry(listener, "a", objectSelector={"matchLabels": {"pick": "me"}}, **policy)
    world.register("mutating", "m", first, entry(listener, "b"))
    await mutated(world, request(config_map()))
    assert listener.paths() == ["b"]


async def test_entries_of_the_same_name_are_told_apart(world, listener):
    listener.replies |= {"x": [{}, {}, {}], "b": [adds("b")]}
    twice = entry(listener, "x", reinvocationPolicy="IfNeeded")
    world.register("mutating", "m", twice, {**twice, "reinvocationPolicy": "Never"}, entry(listener, "b"))
    await mutated(world, request(config_map()))
    assert listener.paths() == ["x", "x", "b", "x"]


async def test_a_denial_ends_it(world, listener):
    listener.replies["a"] = [{"response": {"allowed": False}}]
    world.register("mutating", "m", entry(listener, "a"), entry(listener, "b"))
    async with chain(world) as webhooks:
        assert (await refusal(webhooks, request(config_map()))).code == 400
    assert listener.paths() == ["a"]


async def test_one_that_fails_is_passed_by_if_it_may_be_and_the_others_work_stays(world, listener):
    listener.replies |= {"a": [adds("x")], "b": [{"http": {"status": 500}}], "c": [adds("y")]}
    noted = []
    open_ = entry(listener, "b", failurePolicy="Ignore")
    world.register("mutating", "m", entry(listener, "a"), open_, entry(listener, "c"))
    made = await mutated(world, request(config_map()), audit=lambda attributes, key, value: noted.append((key, value)))
    assert made["data"] == {"a": "1", "x": "1", "y": "1"}
    assert noted == [("failed-open.mutation.webhook.admission.k8s.io/round_0_index_1", "b.example.com")]


async def test_what_a_patch_made_is_read_and_defaulted_before_the_next_sees_it(world, listener):
    listener.replies["a"] = [adds("x")]
    world.register("mutating", "m", entry(listener, "a"), entry(listener, "b"))

    def restore(document, resource, kind):
        return {**document, "restored": f"{resource.plural} {kind.kind}"}

    await mutated(world, request(config_map()), restore=restore)
    assert "restored" not in listener.reviews()[0]["object"]
    assert listener.reviews()[1]["object"]["restored"] == "configmaps ConfigMap"


async def test_a_request_whose_time_is_over_goes_no_further_though_failures_are_ignored(world, listener):
    import asyncio

    listener.replies["a"] = [{"sleep": 0.3}]
    world.register("mutating", "m", entry(listener, "a", failurePolicy="Ignore"), entry(listener, "b"))
    webhooks = Webhooks(world)
    try:
        soon = asyncio.get_running_loop().time() + 0.1
        with pytest.raises(Exception, match="request did not complete within requested timeout") as caught:
            await webhooks.mutate(request(config_map()), deadline=soon)
    finally:
        await webhooks.close()
    assert caught.value.code == 504
    assert "b" not in listener.paths()
