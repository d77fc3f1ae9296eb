from __future__ import annotations

import pytest

from poblano import K8s, MalformedObject, a
from poblano.client import Preconditions
from poblano.core.errors import Conflict, NotFound
from tests.client.loopback import Reply, client_of, serving, status


@pytest.fixture
async def maps(client, space):
    chain = K8s(a.ConfigMap, client=client).in_namespace(space)
    for name, tier in [("one", "data"), ("two", "web"), ("three", "data")]:
        await chain.create({"metadata": {"name": name, "labels": {"tier": tier}}})
    return chain


async def names(chain):
    return sorted(found.metadata.name for found in await chain.list() if found.metadata.name != "kube-root-ca.crt")


async def test_one_object_is_deleted_and_again_is_no_error(maps):
    await maps.delete("one")
    await maps.delete("one")
    await maps.with_name("one").delete()

    assert await names(maps) == ["three", "two"]


async def test_another_that_has_the_name_by_now_is_left_alone(maps):
    read = await maps.get("one")
    await maps.delete(read)
    await maps.create({"metadata": {"name": "one"}})

    await maps.delete(read)

    assert await names(maps) == ["one", "three", "two"]


async def test_a_precondition_that_does_not_hold_is_a_conflict(maps):
    with pytest.raises(Conflict):
        await maps.delete("one", preconditions=Preconditions(uid="another"))


async def test_a_dry_run_deletes_nothing(maps):
    await maps.delete("one", dry_run=True)
    await maps.with_label("tier").delete_all(dry_run=True)

    assert await names(maps) == ["one", "three", "two"]


async def test_a_kind_that_is_not_there_is_an_error(client, space):
    chain = K8s(a.GenericKind, group="none.example.com", version="v1", kind="None", client=client).in_namespace(space)
    with pytest.raises(NotFound, match="CustomResourceDefinition"):
        await chain.delete("x")


async def test_labels_do_not_make_a_delete_of_many(maps):
    with pytest.raises(MalformedObject, match="choose among many"):
        await maps.with_label("tier", "data").delete()
    with pytest.raises(MalformedObject, match="say which"):
        await maps.delete()


async def test_all_that_are_chosen_go_at_a_word_of_its_own(maps):
    await maps.with_label("tier", "data").delete_all()
    assert await names(maps) == ["two"]

    await maps.delete_all()
    assert await names(maps) == []


async def test_without_a_namespace_those_in_all_of_them(client, maps):
    mark = {"mark": maps._choice.namespace}
    other = await K8s(a.Namespace, client=client).create({"metadata": {"generateName": "elsewhere-"}})
    for space in (maps._choice.namespace, other.metadata.name):
        await K8s(a.ConfigMap, client=client).in_namespace(space).create({"metadata": {"name": "m", "labels": mark}})
    marked = K8s(a.ConfigMap, client=client).with_label("mark", mark["mark"])
    assert len(await marked.list()) == 2

    await marked.delete_all()

    assert await marked.list() == []
    assert await names(maps) == ["one", "three", "two"]


async def test_all_of_the_cluster_are_deleted_only_when_that_is_said():
    async with serving(Reply(200, {"items": []})) as server, client_of(server.url) as client:
        for kind in (a.Pod, a.Node):
            with pytest.raises(MalformedObject, match="everywhere=True"):
                await K8s(kind, client=client).delete_all()
        assert server.asked == []
        await K8s(a.Node, client=client).delete_all(everywhere=True)
        assert [asked.method for asked in server.asked] == ["DELETE"]


async def test_kinds_that_have_no_delete_of_a_collection_go_one_by_one(client, space):
    every = K8s(a.Namespace, client=client)
    spaces = every.with_label("group", space)
    for number in range(2):
        await every.create({"metadata": {"name": f"{space}-{number}", "labels": {"group": space}}})

    await spaces.delete_all()

    assert all(found.metadata.deletion_timestamp for found in await spaces.list())


async def test_what_goes_while_it_is_deleted_one_by_one_is_no_error():
    items = [{"metadata": {"name": name, "uid": name}} for name in ("a", "b", "c")]
    replies = [
        Reply(405, status(405, "MethodNotAllowed")),
        Reply(200, {"items": items}),
        Reply(200),
        Reply(404, status(404, "NotFound", name="b")),
        Reply(409, status(409, "Conflict")),
    ]
    async with serving(*replies) as server, client_of(server.url) as client:
        await K8s(a.Namespace, client=client).with_label("x").delete_all()

    assert [asked.method for asked in server.asked] == ["DELETE", "GET", "DELETE", "DELETE", "DELETE"]
