"""Clients that dawdle, hang up or fall silent: each is let go in time, and the others hear nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from dataclasses import replace

import pytest

from poblano.admission.app import Reply
from poblano.admission.limits import Limits
from poblano.admission.server import AdmissionServer
from tests.admission.serving import (
    ANSWER,
    PATH,
    Client,
    Fake,
    at_any_pace,
    connected,
    deaf,
    post,
    request,
    serving,
    until,
)

BOTH_LOOPS = True

UNFINISHED = Limits(head_seconds=0.2, body_seconds=0.2, linger_seconds=0.2)


def all_of(seconds: float) -> Limits:
    """Every limit is that long."""
    return Limits(
        handshake_seconds=seconds,
        head_seconds=seconds,
        body_seconds=seconds,
        idle_seconds=seconds,
        write_seconds=seconds,
        linger_seconds=seconds,
    )


@pytest.mark.parametrize(
    "begun",
    (
        pytest.param(b"P", id="one byte"),
        pytest.param(post()[:60], id="half a head"),
        pytest.param(post(b"{}")[:-1], id="half a body"),
        pytest.param(post(b"", PATH, "X: y")[:-2], id="a head without its end"),
        pytest.param(
            request(f"POST {PATH} HTTP/1.1", "Host: a", "Content-Type: application/json", "Transfer-Encoding: chunked")
            + b"1\r\n{\r\n",
            id="half a chunked body",
        ),
        pytest.param(post(b"{}").replace(b"Length: 2", b"Length: 1000"), id="a length that promises too much"),
    ),
)
async def test_a_request_that_does_not_come_to_an_end_is_ended(begun: bytes) -> None:
    async with serving(limits=UNFINISHED) as server, connected(server) as client:
        await client.send(begun)
        answer = await client.answer()
        assert (answer.status, answer.closes) == (408, True)
        assert await client.closed() == b""


@pytest.mark.parametrize(
    "begun", (pytest.param(post()[:40], id="head"), pytest.param(post(b"x" * 999)[:300], id="body"))
)
async def test_a_trickle_does_not_keep_a_request_alive(begun: bytes) -> None:
    async with serving(limits=UNFINISHED) as server, connected(server) as client:
        await client.send(begun)

        async def trickle() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    await client.send(b"x")
                    await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        assert (await client.answer()).status == 408
        trickling.cancel()


@at_any_pace
async def test_an_unused_connection_is_closed_in_silence(seconds: float) -> None:
    limits = Limits(idle_seconds=seconds)
    async with serving(limits=limits) as server, connected(server) as never, connected(server) as once:
        assert (await once.ask(post())).status == 200
        assert await never.closed() == b""
        assert await once.closed() == b""
        await until_empty(server)


@at_any_pace
async def test_a_used_connection_is_not_closed(seconds: float) -> None:
    async with serving(limits=all_of(seconds)) as server, connected(server) as client:
        for _ in range(9):
            assert (await client.ask(post())).status == 200
            await asyncio.sleep(seconds / 4)


@at_any_pace
async def test_a_long_review_is_not_taken_for_a_slow_client(seconds: float) -> None:
    async def long() -> Reply:
        await asyncio.sleep(3 * seconds)
        return Reply(200, ANSWER)

    limits = replace(all_of(seconds), review_seconds=30)
    async with serving(Fake(does=lambda *_: long()), limits) as server, connected(server) as client:
        assert (await client.ask(post() + post()[:50])).status == 200
        assert (await client.ask(post()[50:])).status == 200


async def test_a_handshake_that_does_not_come_to_an_end_is_ended() -> None:
    async with serving(limits=Limits(handshake_seconds=0.2)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await Client(reader, writer).closed() == b""
        writer.close()


async def test_who_does_not_read_its_answers_is_cut() -> None:
    large = Reply(200, b'"' + b"x" * 1_000_000 + b'"')
    fake = Fake(does=lambda _path, body, _timeout: large if body == b"[]" else Reply(200, ANSWER))
    requests = b"".join(post(b"[]") for _ in range(50))
    async with serving(fake, Limits(write_seconds=1)) as server, deaf(server, requests):
        async with connected(server) as other:
            for _ in range(10):
                assert (await other.ask(post())).status == 200
        await until_empty(server)


async def test_a_half_closed_connection_is_closed() -> None:
    async with serving() as server:
        for begun in (b"", post()[:40], post(b"{}")[:-1]):
            async with connected(server) as client:
                await client.send(begun)
                with plain_socket(client) as connection:
                    connection.shutdown(socket.SHUT_WR)
                    await until_empty(server)


@pytest.mark.parametrize("begun", (b"", post()[:40], post(b"x" * 100_000)[:50_000], post() * 3, post()))
async def test_a_reset_leaves_nothing_behind(begun: bytes) -> None:
    async def never() -> Reply:
        await asyncio.sleep(3600)
        raise AssertionError

    async with serving(Fake(does=lambda *_: never())) as server, connected(server) as other:
        async with connected(server) as client:
            await client.send(begun)
            await asyncio.sleep(0.05)  # it may have come as far as the server, or not
            with plain_socket(client) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert (await other.ask(post(b"", "/x"))).status == 404
        await until(lambda: len(server.app.connections) == 1)
        await until(lambda: not server.app.pending)
        assert server.app.connections.buffered == 0


async def test_a_reset_in_the_middle_of_an_answer_leaves_nothing_behind() -> None:
    large = Reply(200, b'"' + b"x" * 5_000_000 + b'"')
    async with serving(Fake(does=lambda *_: large)) as server:
        async with connected(server) as client:
            await client.send(post() * 3)
            await client.reader.readexactly(1000)
            with plain_socket(client) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await until_empty(server)
        async with connected(server) as other:
            assert (await other.ask(post())).status == 200


async def until_empty(server: AdmissionServer) -> None:
    await until(lambda: len(server.app.connections) == 0)


def plain_socket(client: Client) -> socket.socket:
    """The same connection, for what a transport would not do to it."""
    return socket.socket(fileno=os.dup(client.writer.get_extra_info("socket").fileno()))
