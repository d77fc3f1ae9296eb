"""The client in the same process goes the way of every request."""

from __future__ import annotations

import pytest

from poblano.cluster.embedded import Cluster
from poblano.cluster.local import path_of
from poblano.cluster.status import StatusError

MAP = {"metadata": {"name": "x", "namespace": "default"}, "data": {"a": "1"}}


async def test_it_makes_reads_changes_lists_and_deletes() -> None:
    async with Cluster() as cluster:
        client = cluster.client()
        maps = next(one for one in client.registry if one.plural == "configmaps")
        made = await client.create(maps, MAP)
        assert await client.get(maps, "default", "x") == made
        changed = await client.patch(maps, "default", "x", {"data": {"b": "2"}})
        assert changed["data"] == {"a": "1", "b": "2"}
        with pytest.raises(StatusError) as conflict:
            await client.update(maps, made)
        assert conflict.value.code == 409
        assert (await client.update(maps, changed | {"data": {}}))["metadata"]["uid"] == made["metadata"]["uid"]
        assert [one["kind"] for one in await client.list(maps, "default", fields="metadata.name=x")] == ["ConfigMap"]
        await client.delete(maps, "default", "x")
        with pytest.raises(StatusError) as gone:
            await client.get(maps, "default", "x")
        assert gone.value.code == 404


async def test_it_watches_from_a_revision() -> None:
    async with Cluster() as cluster:
        client = cluster.client()
        maps = next(one for one in client.registry if one.plural == "configmaps")
        made = await client.create(maps, MAP)
        await client.delete(maps, "default", "x")
        events = client.watch(maps, since=made["metadata"]["resourceVersion"])
        assert (await anext(events))["type"] == "DELETED"
        await events.aclose()  # type: ignore[attr-defined]


async def test_what_is_refused_over_the_wire_is_refused_here() -> None:
    async with Cluster() as cluster:
        client = cluster.client()
        maps = next(one for one in client.registry if one.plural == "configmaps")
        with pytest.raises(StatusError) as refused:
            await client.create(maps, {"metadata": {"name": "A_b", "namespace": "default"}})
        assert refused.value.code == 422


def test_paths_of_things_in_and_out_of_namespaces() -> None:
    from poblano.cluster.resources import Registry

    nodes = Registry().find("", "v1", "nodes")
    assert nodes is not None
    assert path_of(nodes, "ignored", "n1", "status") == "/api/v1/nodes/n1/status"
