"""More connections than there is room for: an API server still gets in."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from pathlib import Path

import pytest

from poblano.admission.limits import MIB, Limits
from tests.admission.process import served
from tests.admission.serving import ANSWER, Client, connected, post, serving, trusting, until


@pytest.fixture
def many_files() -> None:
    """Room for a thousand connections on this side."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip(f"cannot run here: at most {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), hard))


async def test_a_thousand_idle_connections_lock_nobody_out(tmp_path: Path, many_files: None) -> None:
    slow = {"idle_seconds": 3600, "handshake_seconds": 600}  # as this machine may be: it is about places
    async with served(tmp_path, limits=slow) as server, contextlib.AsyncExitStack() as stack:
        api_server = await stack.enter_async_context(connected(server))
        assert (await api_server.ask(post())).status == 200
        context = trusting()
        for _ in range(55):
            await asyncio.gather(*(stack.enter_async_context(connected(server, context)) for _ in range(20)))
        assert (await api_server.ask(post())).status == 200
        async with connected(server) as another:
            assert (await another.ask(post())).status == 200
        assert server.rss() < 200 * MIB


async def test_strangers_have_to_go_before_those_who_were_answered() -> None:
    async with serving(limits=Limits(connections=3)) as server, contextlib.AsyncExitStack() as stack:

        async def come() -> Client:
            return await stack.enter_async_context(connected(server))

        known = await come()
        assert (await known.ask(post())).status == 200
        strangers = [await come() for _ in range(5)]
        for stranger in strangers[:3]:
            assert await stranger.closed() == b""
        for client in (known, *strangers[3:]):
            assert (await client.ask(post())).body == ANSWER
        assert server.app.connections.evicted == 3


async def test_who_is_being_served_is_not_sent_away() -> None:
    async with serving(limits=Limits(connections=2)) as server, contextlib.AsyncExitStack() as stack:
        busy = [await stack.enter_async_context(connected(server)) for _ in range(2)]
        for client in busy:
            await client.send(post()[:50])
        await until(lambda: not any(one.idle for one in server.app.connections._all))
        late = await stack.enter_async_context(connected(server))
        assert await late.closed() == b""
        for client in busy:
            assert (await client.ask(post()[50:])).status == 200


async def test_stalled_handshakes_lock_nobody_out() -> None:
    limits = Limits(handshakes=5, handshake_seconds=60)
    async with serving(limits=limits) as server:
        stalled = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(20)]
        async with connected(server) as client:
            assert (await client.ask(post())).status == 200
        for reader, writer in stalled[:15]:
            assert await Client(reader, writer).closed() == b""
        for _, writer in stalled:
            writer.close()


async def test_running_out_of_file_descriptors_locks_nobody_out(tmp_path: Path, many_files: None) -> None:
    async with served(tmp_path, files=40) as server, contextlib.AsyncExitStack() as stack:
        for _ in range(60):  # in the handshake
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            stack.callback(writer.close)
        for _ in range(60):  # established
            client = await stack.enter_async_context(connected(server))
        assert (await client.ask(post())).status == 200
