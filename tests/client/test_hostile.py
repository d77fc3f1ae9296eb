"""Servers that break the rules of HTTP, or off in the middle: a clear error, nothing left behind, and no other request is harmed."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from poblano.client.answers import OVERHEAD_BYTES
from poblano.client.dialing import dial
from poblano.client.no_answer import Broken
from poblano.core.errors import ApiError, ConnectionFailed
from tests.client.hostile import CHUNKED, OK, Run, asking, flooding, saying
from tests.client.loopback import silent
from tests.client.test_pool import until


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 5000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 5000),
        (b"HTTP/1.1 200 ", b"x" * 5000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 200),
        (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Trailer: " + b"x" * 5000 + b"\r\n"),
        (CHUNKED + b"2;", b"x" * 5000),
    ],
    ids=["headers", "one header", "reason", "interim", "trailers", "extension"],
)
def test_what_has_no_end_is_broken_off(run: Run, head, piece):
    async def use(client):
        with pytest.raises(ConnectionFailed, match=r"not HTTP|does not end|no end and no content"):
            await client.request("GET", "/api", timeout=80)
        await until(lambda: not client._pool._open)

    run(asking(flooding(head, piece), use))


@pytest.mark.parametrize(
    "more", [b"H", b"HTTP/1.1 200 OK\r\nX: ", OK, b"xyz"], ids=["letter", "half a head", "answer", "garbage"]
)
def test_what_follows_an_answer_is_never_taken_for_the_next(run: Run, more):
    async def use(client):
        async with client.once("/api") as answer:
            assert await answer.read() == b"{}"
            connection = next(iter(client._pool._open))
            assert not connection.usable
        assert (await client.request("GET", "/api")).body == b"{}"
        assert client._pool.idle == []

    run(asking(saying(OK + more), use))


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2",
        b"Content-Length: 2\r\nContent-Length: 3",
        b"Content-Length: 2, 2",
        b"Content-Length: -2",
        b"Content-Length: 99999999999999999999999",
        b"Content-Length : 2",
        b"X: a\r\n b\r\nContent-Length: 2",
        b"X: a\0b\r\nContent-Length: 2",
    ],
)
def test_what_two_readers_would_frame_in_two_ways_is_no_answer(run: Run, framing):
    async def use(client):
        with pytest.raises(ConnectionFailed, match="not HTTP"):
            await client.request("GET", "/api")
        assert client._pool.idle == []

    run(asking(saying(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n{}"), use))


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",),
        (CHUNKED, b"5\r\n{"),
        (CHUNKED, b"2\r\n{}\r\n", b"0\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",),
        (b"HTTP/1.1 200 OK\r\n",),
        (),
    ],
)
def test_what_breaks_off_is_an_error_whole_and_in_pieces(run: Run, pieces):
    async def use(client):
        with pytest.raises(ConnectionFailed, match="broke before the answer came"):
            await client.request("GET", "/api")
        with pytest.raises(ConnectionFailed, match="broke before the answer came"):
            async with client.once("/api") as answer:
                assert [line async for line in answer.lines()] == [b"{}"]
        await until(lambda: not client._pool._open)

    run(asking(saying(*pieces, closing=True), use))


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}", 1),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 0),
        (CHUNKED + b'2;a=b;c="d"\r\n{}\r\n0;e\r\nX-Trailer: 1\r\n\r\n', 1),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK, 1),
    ],
    ids=["1.0", "1.0 that stays", "close", "extensions and trailers", "interim"],
)
def test_the_forms_of_http_that_are_allowed_are_understood(run: Run, data, kept):
    async def use(client):
        for _ in range(2):
            response = await client.request("POST", "/api", body={})
            assert response.json() == {}
            assert "X-Trailer" not in response.headers
            assert len(client._pool.idle) == kept

    run(asking(saying(data), use))


def test_who_answers_before_all_was_sent_is_not_asked_again_on_that_connection(run: Run):
    """It may never read the rest, and what is asked behind it would wait for ever."""
    connections = 0

    async def hasty(reader, writer):
        nonlocal connections
        connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n" if head.startswith(b"POST") else OK)
            await writer.drain()
            gone.set() if head.startswith(b"GET") else await gone.wait()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    gone = asyncio.Event()

    async def use(client):
        with pytest.raises(ApiError, match="413"):
            await client.request("POST", "/api", body=b"x" * 2**25)
        assert (await client.request("GET", "/api", timeout=80)).json() == {}
        assert connections == 2

    run(asking(hasty, use))


def test_whoever_closes_while_others_read_slowly_breaks_their_answers_off(run: Run):
    async def use(client):
        async with client.once("/api") as answer:
            pieces = answer._content.iter_any()
            await anext(pieces)
            await until(lambda: answer._content._paused)
            await client.close()
            with pytest.raises(Broken, match="it was closed"):
                assert not [piece async for piece in pieces if not piece]

    run(asking(flooding(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", b"x" * 65536), use))


def test_a_connection_that_is_made_while_the_client_closes_is_not_kept(run: Run, monkeypatch):
    async def use(client):
        dialed, go_on = asyncio.Event(), asyncio.Event()

        async def late(target, seconds):
            connection = await dial(target, seconds)
            dialed.set()
            await go_on.wait()
            return connection

        monkeypatch.setattr("poblano.client.pool.dial", late)
        pool = client._pool
        task = asyncio.create_task(client.request("POST", "/api", body={}))
        await dialed.wait()
        await client.close()
        go_on.set()
        with pytest.raises(ConnectionFailed, match="the client was closed"):
            await task
        assert (pool.idle, pool._sweeping) == ([], None)

    run(asking(silent, use))


def test_a_web_page_is_no_answer_of_an_api_server(run: Run):
    async def use(client):
        response = await client.request("GET", "/api")
        with pytest.raises(ApiError, match=r"is no JSON.*check that its URL is that of an API server"):
            response.json()

    run(asking(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"), use))


def test_a_body_may_be_longer_than_any_head(run: Run):
    body = b'"' + b"x" * (3 * OVERHEAD_BYTES) + b'"'

    async def use(client):
        assert (await client.request("GET", "/api")).body == body

    run(asking(saying(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)), use))
