from __future__ import annotations

import asyncio

import pytest

from poblano import K8s, MalformedObject, a
from poblano.core.errors import Conflict, Invalid, NotFound
from poblano.fluent.finalizing import ATTEMPTS
from tests.client.loopback import Reply, client_of, serving, status

MINE, THEIRS = "shop.example.com/mine", "shop.example.com/theirs"


@pytest.fixture
async def maps(client, space):
    chain = K8s(a.ConfigMap, client=client).in_namespace(space)
    await chain.create({"metadata": {"name": "x"}})
    return chain


async def finalizers(maps):
    return list((await maps.get("x")).metadata.finalizers)


async def test_one_is_added_beside_the_others_and_removed_from_among_them(maps):
    await maps.finalize("add", MINE, "x")
    await maps.with_name("x").finalize("add", THEIRS)
    await maps.finalize("add", MINE, "x")
    assert await finalizers(maps) == [MINE, THEIRS]

    await maps.finalize("remove", MINE, "x")
    await maps.finalize("remove", MINE, "x")
    assert await finalizers(maps) == [THEIRS]


async def test_it_keeps_an_object_and_lets_it_go(maps):
    await maps.finalize("add", MINE, "x")
    await maps.delete("x")
    assert (await maps.get("x")).metadata.deletion_timestamp
    with pytest.raises(MalformedObject, match="being deleted"):
        await maps.finalize("add", THEIRS, "x")

    await maps.finalize("remove", MINE, "x")
    with pytest.raises(NotFound):
        await maps.get("x")
    await maps.finalize("remove", MINE, "x")
    with pytest.raises(NotFound):
        await maps.finalize("add", MINE, "x")


async def test_what_can_be_no_finalizer_is_invalid(maps):
    with pytest.raises(Invalid):
        await maps.finalize("add", "no finalizer!", "x")


async def test_many_at_once_lose_none(maps):
    async def add(number):
        while True:
            try:
                return await maps.finalize("add", f"shop.example.com/f{number}", "x")
            except Conflict:
                pass

    await asyncio.gather(*(add(number) for number in range(4)))
    assert len(await finalizers(maps)) == 4

    await asyncio.gather(*(maps.finalize("remove", f"shop.example.com/f{number}", "x") for number in range(4)))
    assert await finalizers(maps) == []


async def test_the_finalizer_of_a_namespaces_spec_goes_through_its_subresource(client):
    spaces = K8s(a.Namespace, client=client)
    made = await spaces.create({"metadata": {"generateName": "held-"}})

    await spaces.finalize("remove", "kubernetes", made)

    assert list((await spaces.get(made)).spec.finalizers) == []


async def test_it_gives_up_when_others_are_always_faster():
    read = Reply(
        200, {"kind": "ConfigMap", "metadata": {"name": "x", "namespace": "s", "uid": "1", "resourceVersion": "1"}}
    )
    async with serving(*[read, Reply(422, status(422, "Invalid"))] * 9) as server, client_of(server.url) as client:
        with pytest.raises(Conflict, match="5 times"):
            await K8s(a.ConfigMap, client=client).in_namespace("s").finalize("add", MINE, "x")

    assert len(server.asked) == 2 * ATTEMPTS
