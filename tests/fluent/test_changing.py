from __future__ import annotations

import asyncio

import pytest

from poblano import K8s, MalformedObject, a
from poblano.core.errors import Conflict, Invalid, NotFound
from tests.client.loopback import Reply, client_of, serving, status


@pytest.fixture
async def maps(client, space):
    chain = K8s(a.ConfigMap, client=client).in_namespace(space)
    await chain.create({"metadata": {"name": "x"}, "data": {"a": "1", "b": "2"}})
    return chain


async def test_a_list_is_a_json_patch_and_a_mapping_a_merge_patch(maps):
    merged = await maps.with_name("x").patch({"data": {"a": None}})
    patched = await maps.patch([{"op": "add", "path": "/data/c", "value": "3"}], "x")

    assert merged.data == {"b": "2"}
    assert patched.data == {"b": "2", "c": "3"}
    assert (await maps.get("x")).data == patched.data


async def test_a_strategic_patch_merges_lists_by_their_keys(client, space):
    pods = K8s(a.Pod, client=client).in_namespace(space)
    await pods.create({"metadata": {"name": "web"}, "spec": {"containers": [{"name": "one", "image": "one:1"}]}})

    labelled = {"spec": {"containers": [{"name": "one", "image": "one:2"}]}}
    patched = await pods.patch(labelled, "web", strategic=True)

    assert [(c.name, c.image) for c in patched.spec.containers] == [("one", "one:2")]
    assert patched.spec.containers[0].termination_message_path == "/dev/termination-log"


async def test_an_empty_patch_is_refused(maps):
    for empty in ([], {}):
        with pytest.raises(MalformedObject, match="is empty"):
            await maps.patch(empty, "x")


async def test_a_test_of_a_patch_that_fails_changes_nothing(maps):
    with pytest.raises(Invalid):
        await maps.patch([{"op": "test", "path": "/data/a", "value": "0"}, {"op": "remove", "path": "/data/a"}], "x")
    assert (await maps.get("x")).data == {"a": "1", "b": "2"}


async def test_the_status_is_patched_alone(client, space):
    pods = K8s(a.Pod, client=client).in_namespace(space)
    pod = await pods.create({"metadata": {"name": "web"}, "spec": {"containers": [{"name": "one", "image": "one:1"}]}})
    pod.status.message = "hello"
    pod.metadata.labels["a"] = "b"

    patched = await pods.patch_status(pod)
    again = await pods.with_name("web").patch_status({"status": {"reason": "Because"}})

    assert patched.status.message == "hello"
    assert (again.status.message, again.status.reason) == ("hello", "Because")
    assert "a" not in again.metadata.labels
    with pytest.raises(MalformedObject, match="no status"):
        await pods.patch_status({"metadata": {"name": "web"}})


async def test_w2_what_was_read_and_changed_is_put_in_its_place_if_nobody_was_faster(maps):
    read = await maps.get("x")
    read.data["a"] = "2"

    assert (await maps.replace(read)).data == {"a": "2", "b": "2"}
    with pytest.raises(Conflict, match="read it again"):
        await maps.replace(read)
    with pytest.raises(MalformedObject, match="resourceVersion"):
        await maps.replace(a.ConfigMap(metadata={"name": "x"}))


async def test_w2_an_update_loses_nothing_that_others_write_meanwhile(maps):
    async def add(name: str) -> None:
        def change(one: a.ConfigMap) -> None:
            one.data[name] = "there"

        await maps.update(change, "x")

    await asyncio.gather(*(add(f"key-{number}") for number in range(3)))

    assert {"a", "b", "key-0", "key-1", "key-2"} == set((await maps.get("x")).data)


async def test_a_change_that_comes_to_nothing_writes_nothing(maps):
    before = await maps.get("x")
    seen = []

    after = await maps.update(lambda one: seen.append(one.data["a"]), before)

    assert after == before
    assert seen == ["1"]


async def test_a_change_may_be_awaited_and_may_return_another_view(maps):
    async def change(one: a.ConfigMap) -> a.ConfigMap:
        other = a.ConfigMap.of({"metadata": one["metadata"], "data": {"c": "3"}})
        await asyncio.sleep(0)
        return other

    assert (await maps.update(change, "x")).data == {"c": "3"}


async def test_an_update_of_what_is_not_there_is_not_found(maps):
    with pytest.raises(NotFound):
        await maps.update(lambda one: None, "y")


READ = Reply(200, {"kind": "ConfigMap", "metadata": {"name": "x", "namespace": "s", "resourceVersion": "1"}})
STALE = Reply(409, status(409, "Conflict"))


async def test_w2_an_update_gives_up_after_five_attempts():
    async with serving(*[READ, STALE] * 9) as server, client_of(server.url) as client:
        with pytest.raises(Conflict):
            await K8s(a.ConfigMap, client=client).in_namespace("s").update(lambda one: one.data.update(a="b"), "x")

    assert [asked.method for asked in server.asked] == ["GET", "PUT"] * 5


async def test_w2_an_update_whose_answer_was_lost_is_not_made_a_second_time():
    """Else a counter would be raised twice: the second attempt would read what the first has written."""
    async with serving(READ, Reply(reset=True), READ) as server, client_of(server.url) as client:
        with pytest.raises(Exception, match="broke before the answer"):
            await K8s(a.ConfigMap, client=client).in_namespace("s").update(lambda one: one.data.update(a="b"), "x")

    assert [asked.method for asked in server.asked] == ["GET", "PUT"]
