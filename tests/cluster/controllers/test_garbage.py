from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cluster.controllers.world import World, rolled_out, workload, world

HOLD = "example.com/hold"


def owned_by(*owners: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The metadata of a dependent."""
    references = [
        {
            "apiVersion": one["apiVersion"],
            "kind": one["kind"],
            "name": one["metadata"]["name"],
            "uid": one["metadata"]["uid"],
            "blockOwnerDeletion": True,
        }
        for one in owners
    ]
    return {"ownerReferences": references, **more}


async def test_dependents_go_after_their_owner_and_theirs_after_them(here: World) -> None:
    first = await here.create("configmaps", "first")
    second = await here.create("configmaps", "second", metadata=owned_by(first))
    await here.create("secrets", "third", metadata=owned_by(second))
    await here.delete("configmaps", "first")
    assert await here.get("configmaps", "first") is None
    await here.until_gone("configmaps", "second")
    await here.until_gone("secrets", "third")


async def test_in_the_foreground_the_owner_goes_last(here: World) -> None:
    first = await here.create("configmaps", "first")
    second = await here.create("configmaps", "second", metadata=owned_by(first))
    await here.create("secrets", "third", metadata=owned_by(second, finalizers=[HOLD]))
    await here.delete("configmaps", "first", "Foreground")
    await here.rest()
    for name in ("first", "second"):
        there = await here.get("configmaps", name)
        assert there is not None
        assert there["metadata"]["finalizers"] == ["foregroundDeletion"]
    await here.patch("secrets", "third", {"metadata": {"finalizers": None}})
    await here.until_gone("configmaps", "first")
    assert await here.get("configmaps", "second") is None


async def test_waiting_for_a_dependent_that_is_held_writes_nothing(here: World) -> None:
    first = await here.create("configmaps", "first")
    await here.create("secrets", "second", metadata=owned_by(first, finalizers=[HOLD]))
    await here.delete("configmaps", "first", "Foreground")
    await here.rest()
    before = here.cluster.storage.revision
    await asyncio.sleep(0.5)
    assert here.cluster.storage.revision == before


async def test_in_the_foreground_what_does_not_block_is_not_waited_for(here: World) -> None:
    first = await here.create("configmaps", "first")
    metadata = owned_by(first, finalizers=[HOLD])
    metadata["ownerReferences"][0]["blockOwnerDeletion"] = False
    await here.create("secrets", "second", metadata=metadata)
    await here.delete("configmaps", "first", "Foreground")
    await here.until_gone("configmaps", "first")
    second = await here.get("secrets", "second")
    assert second is not None
    await here.patch("secrets", "second", {"metadata": {"finalizers": None}})
    await here.until_gone("secrets", "second")


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
async def test_what_another_owns_too_stays_and_forgets_the_one_that_went(here: World, propagation: str) -> None:
    first, other = await here.create("configmaps", "first"), await here.create("configmaps", "other")
    await here.create("secrets", "second", metadata=owned_by(first, other))
    await here.delete("configmaps", "first", propagation)

    async def forgotten() -> bool:
        second = await here.get("secrets", "second")
        assert second is not None
        return [one["name"] for one in second["metadata"]["ownerReferences"]] == ["other"]

    await here.until(forgotten)
    await here.until_gone("configmaps", "first")
    await here.rest()
    assert await here.get("secrets", "second") is not None


async def test_orphans_stay_without_their_owner(here: World) -> None:
    first = await here.create("configmaps", "first")
    await here.create("secrets", "second", metadata=owned_by(first))
    await here.delete("configmaps", "first", "Orphan")
    await here.until_gone("configmaps", "first")
    second = await here.get("secrets", "second")
    assert second is not None
    assert "ownerReferences" not in second["metadata"]


async def test_an_owner_of_the_same_name_is_another(here: World) -> None:
    first = await here.create("configmaps", "first")
    first["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"
    await here.create("secrets", "second", metadata=owned_by(first))
    await here.until_gone("secrets", "second")
    assert await here.get("configmaps", "first") is not None


async def test_an_owner_of_an_unknown_kind_is_taken_to_be_there(here: World) -> None:
    unknown = {"apiVersion": "shop.example.com/v1", "kind": "Cart", "metadata": {"name": "a", "uid": "1-2"}}
    await here.create("secrets", "second", metadata=owned_by(unknown))
    await here.rest()
    assert await here.get("secrets", "second") is not None


async def test_what_is_in_no_namespace_is_not_deleted_for_an_owner_that_is_in_one(here: World) -> None:
    first = await here.create("configmaps", "first")
    await here.create("clusterroles", "second", metadata=owned_by(first))
    await here.delete("configmaps", "first")
    await here.rest()
    first = await here.create("configmaps", "first")
    await here.create("clusterroles", "third", metadata=owned_by(first))
    await here.rest()
    assert await here.get("clusterroles", "third") is not None


async def test_owners_in_a_circle_go_together(here: World) -> None:
    first = await here.create("configmaps", "first")
    second = await here.create("configmaps", "second", metadata=owned_by(first))
    await here.patch("configmaps", "first", {"metadata": owned_by(second)})
    await here.delete("configmaps", "first", "Foreground")
    await here.until_gone("configmaps", "first")
    await here.until_gone("configmaps", "second")


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
async def test_a_deployment_takes_its_pods_with_it(here: World, propagation: str) -> None:
    await here.create("deployments", "web", spec=workload(replicas=3))
    await rolled_out(here)
    await here.delete("deployments", "web", propagation)

    async def gone() -> bool:
        return not (await here.names("pods") or await here.names("replicasets") or await here.names("deployments"))

    await here.until(gone)


async def test_without_controllers_what_is_to_go_stays_a_moment_and_goes() -> None:
    async with world(controllers=False) as here:
        first = await here.create("configmaps", "first")
        await here.create("secrets", "second", metadata=owned_by(first))
        await here.delete("configmaps", "first")
        assert await here.get("secrets", "second") is not None
        await here.until_gone("secrets", "second")


EDGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda edge: edge[0] < edge[1]), max_size=8)


@settings(max_examples=10)
@given(
    edges=EDGES,
    doomed=st.sets(st.integers(0, 5), max_size=3),
    propagation=st.sampled_from(["Background", "Foreground"]),
)
def test_what_stays_is_what_was_not_deleted_and_had_no_owner_or_has_one_left(
    edges: list[tuple[int, int]], doomed: set[int], propagation: str
) -> None:
    owners = {child: {parent for parent, other in edges if other == child} for child in range(6)}
    left: set[int] = set()
    for number in range(6):
        if number not in doomed and (not owners[number] or owners[number] & left):
            left.add(number)

    async def play() -> None:
        async with world() as here:
            made: list[dict[str, Any]] = []
            for number in range(6):
                metadata = owned_by(*(made[parent] for parent in sorted(owners[number])))
                made.append(await here.create("configmaps", f"n{number}", namespace="default", metadata=metadata))
            for number in sorted(doomed, reverse=True):
                await here.delete("configmaps", f"n{number}", propagation)
            wanted = [f"n{number}" for number in sorted(left)]

            async def settled() -> bool:
                return [name for name in await here.names("configmaps") if name.startswith("n")] == wanted

            await here.until(settled)
            await here.rest()
            assert await settled()

    asyncio.run(play())
