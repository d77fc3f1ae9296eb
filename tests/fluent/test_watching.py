from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from poblano import K8s, Phase, a
from poblano.client import ApiClient
from poblano.core.errors import NotFound


@pytest.fixture
async def maps(client, space):
    every = K8s(a.ConfigMap, client=client).in_namespace(space)

    async def make(name, **data):
        return await every.apply({"metadata": {"name": name, "labels": {"mark": "x"}}, "data": data}, force=True)

    return every.with_label("mark"), make


async def seen(changes, count):
    found = []
    async with asyncio.timeout(60):
        while len(found) < count:
            phase, obj = await anext(changes)
            found.append((phase, obj.metadata.name, dict(obj.data)))
    return found


async def test_what_there_is_comes_first_and_then_what_happens(maps):
    chain, make = maps
    await make("one", a="1")
    await make("two")
    async with aclosing(chain.watch()) as changes:
        assert sorted(await seen(changes, 2)) == [(Phase.ADDED, "one", {"a": "1"}), (Phase.ADDED, "two", {})]
        await make("one", a="2")
        assert await seen(changes, 1) == [(Phase.MODIFIED, "one", {"a": "2"})]
        await make("three")
        assert await seen(changes, 1) == [(Phase.ADDED, "three", {})]
        await K8s(a.ConfigMap, client=chain._client).in_namespace(chain._choice.namespace).delete("two")
        assert await seen(changes, 1) == [(Phase.DELETED, "two", {})]


async def test_what_leaves_the_choice_is_deleted(maps):
    chain, make = maps
    one = await make("one")
    async with aclosing(chain.watch()) as changes:
        assert await seen(changes, 1) == [(Phase.ADDED, "one", {})]
        await K8s(a.ConfigMap, client=chain._client).patch({"metadata": {"labels": {"mark": None}}}, one)
        assert await seen(changes, 1) == [(Phase.DELETED, "one", {})]


async def test_who_is_slow_gets_the_newest_and_no_backlog(maps):
    chain, make = maps
    await make("one", a="0")
    async with aclosing(chain.watch()) as changes:
        await seen(changes, 1)
        for number in range(1, 6):
            await make("one", a=str(number))
        last = ""
        while last != "5":
            ((phase, _, data),) = await seen(changes, 1)
            assert phase == Phase.MODIFIED
            assert data["a"] > last
            last = data["a"]


async def test_what_cannot_be_listed_is_said_at_once(client, space):
    nothing = K8s(a.GenericKind, group="none.example.com", version="v1", kind="None", client=client)
    with pytest.raises(NotFound, match="CustomResourceDefinition"):
        await anext(nothing.watch())


async def test_nothing_is_left_when_it_is_left(maps):
    chain, make = maps
    await make("one")
    before = asyncio.all_tasks()
    changes = chain.watch()
    await anext(changes)
    assert asyncio.all_tasks() > before
    await changes.aclose()

    assert asyncio.all_tasks() == before


@asynccontextmanager
async def a_path_to(url):
    """A port that leads to a server, and what breaks all connections through it."""
    there, ends = urlsplit(url), set()

    async def pump(reader, writer):
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()

    async def accept(reader, writer):
        try:
            upstream_reader, upstream = await asyncio.open_connection(there.hostname, there.port)
        except OSError:
            writer.transport.abort()
            return
        ends.update((writer, upstream))
        await asyncio.gather(pump(reader, upstream), pump(upstream_reader, writer))
        ends.difference_update((writer, upstream))

    def cut():
        for end in ends:
            end.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", cut
    finally:
        server.close()
        cut()
        await server.wait_closed()
        while ends:
            await asyncio.sleep(0.01)


async def test_a_connection_that_breaks_is_nothing_to_who_listens(maps):
    chain, make = maps
    await make("one", a="1")
    await make("two", a="1")
    access = chain._client.access
    async with a_path_to(access.cluster.server) as (url, cut):
        broken = replace(access, cluster=replace(access.cluster, server=url))
        async with ApiClient(broken) as client:
            away = K8s(a.ConfigMap, client=client).in_namespace(chain._choice.namespace).with_label("mark")
            async with aclosing(away.watch()) as changes:
                await seen(changes, 2)
                cut()
                await make("one", a="2")
                assert await seen(changes, 1) == [(Phase.MODIFIED, "one", {"a": "2"})]
                cut()
                await K8s(a.ConfigMap, client=chain._client).delete(await make("two", a="1"))
                assert await seen(changes, 1) == [(Phase.DELETED, "two", {"a": "1"})]
