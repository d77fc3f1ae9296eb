"""C7: one pool, so many requests at once, and no other limit."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from contextlib import AsyncExitStack

import pytest

from poblano.client import dialing, pool
from poblano.client.transport import ApiClient
from poblano.client.wire import place_of
from poblano.core.errors import ConnectionFailed
from tests.client.loopback import Reply, client_of, serving, silent, tcp_server


class Counting:
    """A server that answers when it is told to, and counts how many wait and how many connections there were."""

    def __init__(self) -> None:
        self.waiting = self.most = self.connections = 0
        self.go = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.waiting += 1
                self.most = max(self.most, self.waiting)
                if b"watch=" in head:
                    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\n\r\n")
                    await reader.read()
                    break
                await self.go.wait()
                self.waiting -= 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until(probe) -> None:
    async with asyncio.timeout(60):
        while not probe():
            await asyncio.sleep(0.01)


async def test_c7_so_many_requests_are_under_way_and_the_rest_wait(monkeypatch):
    server = Counting()
    async with tcp_server(server) as port, client_of(f"http://127.0.0.1:{port}") as client:
        tasks = [asyncio.create_task(client.request("GET", "/version")) for _ in range(3 * pool.AT_ONCE)]
        await until(lambda: server.waiting == pool.AT_ONCE)
        for _ in range(20):
            await asyncio.sleep(0)
        assert server.most == pool.AT_ONCE
        server.go.set()
        await asyncio.gather(*tasks)

    assert server.most == pool.AT_ONCE
    assert server.connections == pool.AT_ONCE


async def test_c7_watches_take_no_place(monkeypatch):
    server = Counting()
    server.go.set()
    async with (
        tcp_server(server) as port,
        client_of(f"http://127.0.0.1:{port}") as client,
        AsyncExitStack() as open_ones,
    ):
        for _ in range(pool.AT_ONCE + 1):
            await open_ones.enter_async_context(client.once("/api", query={"watch": "1"}))
        assert (await client.request("GET", "/version")).status == 200


async def test_c7_who_finds_no_place_in_time_is_told_so(monkeypatch):
    async with tcp_server(silent) as port:
        client = ApiClient(client_of(f"http://127.0.0.1:{port}").access, environ={})
        async with client:
            first = [asyncio.create_task(client.request("GET", "/")) for _ in range(pool.AT_ONCE)]
            await asyncio.sleep(0)
            with pytest.raises(ConnectionFailed, match="no place for a request"):
                await client.request("GET", "/version", timeout=0.05)
            for task in first:
                task.cancel()
            await asyncio.gather(*first, return_exceptions=True)
            assert client._places._value == pool.AT_ONCE


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
async def test_what_is_sent_again_is_for_the_caller_to_say_and_not_for_the_pool(method):
    """Many clients repeat what HTTP calls idempotent when a connection that was kept breaks."""
    async with serving(Reply(), Reply(reset=True), Reply()) as server, client_of(server.url) as client:
        await client.request("GET", "/version")
        with pytest.raises(ConnectionFailed, match="broke before the answer"):
            await client.request(method, "/api", idempotent=False)

    assert len(server.asked) == 2


async def test_a_connection_to_nobody_breaks_by_itself():
    """Also one on which nothing is sent, as when a log is followed over a path that is dropped."""
    async with serving() as server, client_of(server.url) as client:
        await client.request("GET", "/version")
        (connection,) = client._pool.idle
        made = connection.transport.get_extra_info("socket")

        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        there = {name: value for name, value in dialing.KEEPALIVE.items() if hasattr(socket, name)}
        assert {name: made.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in there} == there


async def test_a_connection_that_nobody_needs_any_more_is_closed(monkeypatch):
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.05)
    async with serving() as server, client_of(server.url) as client:
        await asyncio.gather(*(client.request("GET", "/version") for _ in range(3)))
        await until(lambda: not client._pool._open)
        assert client._pool._sweeping is None
        assert (await client.request("GET", "/version")).status == 200


async def test_one_that_cannot_be_closed_keeps_no_other_open(monkeypatch):
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.05)
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(str(context["exception"])))

    def unforeseen():
        raise RuntimeError("unforeseen")

    async with serving() as server, client_of(server.url) as client:
        await asyncio.gather(*(client.request("GET", "/version") for _ in range(3)))
        stuck = client._pool.idle[0]
        monkeypatch.setattr(stuck, "abort", unforeseen)
        await until(lambda: client._pool._open == {stuck})
        await client.request("GET", "/version")
        await until(lambda: client._pool._open == {stuck})
        assert told == ["unforeseen"]
        monkeypatch.undo()


async def test_a_connection_that_the_server_has_closed_is_not_used_again():
    async def once(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with tcp_server(once) as port, client_of(f"http://127.0.0.1:{port}") as client:
        for _ in range(3):
            await client.request("POST", "/api", body={})
            await until(lambda: not client._pool._open)


async def test_closing_ends_what_is_under_way():
    async with tcp_server(silent) as port:
        client = client_of(f"http://127.0.0.1:{port}")
        async with client:
            asking = asyncio.create_task(client.request("POST", "/", body={}))
            await until(lambda: client._pool._open)
        with pytest.raises(ConnectionFailed, match="it was closed"):
            await asking


async def test_a_connection_with_other_trust_is_another_connection():
    """A renewed CA or certificate holds for the next request, also where a connection waits."""
    async with serving() as server:
        place, known = place_of(server.url), pool.Pool()
        head = {"target": dialing.Target(place), "method": "GET", "path": "/", "headers": {}}
        async with known.ask(dialing.Request(**head), connect=60) as answer:
            await answer.read()
        assert known.take(dialing.Target(place, server_name="other")) is None
        assert known.take(dialing.Target(place)) is not None
        await known.close()
