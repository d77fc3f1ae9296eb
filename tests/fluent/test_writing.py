from __future__ import annotations

import pytest

from poblano import K8s, a
from poblano.core.errors import AlreadyExists, Conflict


async def test_what_is_created_comes_back_as_it_was_stored(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)

    made = await maps.create(a.ConfigMap(metadata={"name": "made"}, data={"a": "b"}))

    assert made.metadata.uid
    assert made.data == {"a": "b"}
    with pytest.raises(AlreadyExists):
        await maps.create({"metadata": {"name": "made"}})


async def test_a_dry_run_stores_nothing(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)

    made = await maps.create({"metadata": {"name": "made"}}, dry_run=True)
    applied = await maps.apply({"metadata": {"name": "made"}}, dry_run=True)

    assert made.metadata.uid
    assert applied.metadata.uid
    assert await maps.with_name("made").list() == []


async def test_an_apply_makes_changes_and_gives_up(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)

    await maps.apply({"metadata": {"name": "x"}, "data": {"a": "1", "b": "2"}})
    applied = await maps.apply({"metadata": {"name": "x"}, "data": {"b": "3"}})
    again = await maps.apply(applied)

    assert applied.data == {"b": "3"}
    assert again.metadata.resource_version == applied.metadata.resource_version


async def test_the_fields_of_others_are_taken_over_by_force_only(client, space, ambient):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)
    await maps.apply({"metadata": {"name": "x"}, "data": {"a": "1"}})

    with ambient():
        mine = K8s(a.ConfigMap).in_namespace(space)
        with pytest.raises(Conflict, match="force"):
            await mine.apply({"metadata": {"name": "x"}, "data": {"a": "2"}})
        taken = await mine.apply({"metadata": {"name": "x"}, "data": {"a": "2"}}, force=True)

    assert taken.data == {"a": "2"}
    assert [entry.manager for entry in taken.metadata.managed_fields] == ["poblano-tests"]
