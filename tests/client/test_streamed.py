from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client.streamed import Streamed
from poblano.core.errors import ConnectionFailed, TooManyRequests
from tests.client.loopback import Reply, client_of, serving, status, tcp_server


class Content:
    def __init__(self, chunks):
        self.chunks = chunks

    async def iter_any(self):
        for chunk in self.chunks:
            yield chunk


@given(st.lists(st.binary(max_size=6).map(lambda part: part.replace(b"x", b"\n"))))
async def test_lines_are_what_stands_between_line_breaks_however_the_bytes_come(chunks):
    lines = [line async for line in Streamed(Content(chunks)).lines()]
    assert lines == [line for line in b"".join(chunks).split(b"\n") if line]


async def test_a_refusal_is_raised_at_once_and_says_when_to_come_back():
    async with serving(Reply(429, status(429), {"Retry-After": "7"})) as server, client_of(server.url) as client:
        with pytest.raises(TooManyRequests) as caught:
            async with client.once("/api/v1/pods"):
                pass
        assert caught.value.retry_after == 7.0
        assert len(server.asked) == 1


async def test_an_answer_is_read_whole_or_by_line():
    async with serving(Reply(200, {"a": 1})) as server, client_of(server.url) as client:
        async with client.once("/api/v1/pods", query={"limit": "1"}) as answer:
            assert b'"a"' in await answer.read()
        async with client.once("/api/v1/pods") as answer:
            assert len([line async for line in answer.lines()]) == 1


async def test_no_answer_is_an_error_of_ours():
    async with serving() as server:
        url = server.url
    async with client_of(url) as client:
        with pytest.raises(ConnectionFailed):
            async with client.once("/api/v1/pods"):
                pass


async def connections_of(*paths, streamed):
    """How many connections it takes to ask, one after the other."""
    counted = 0

    async def answer(reader, writer):
        nonlocal counted
        counted += 1
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with tcp_server(answer) as port, client_of(f"http://127.0.0.1:{port}") as client:
        for path in paths:
            if streamed:
                async with client.once(path) as found:
                    await found.read()
            else:
                await client.request("GET", path)
    return counted


async def test_a_list_or_watch_takes_a_connection_of_its_own_since_one_that_waited_may_be_dead():
    assert await connections_of("/a", "/b", "/c", streamed=True) == 3
    assert await connections_of("/a", "/b", "/c", streamed=False) == 1


async def test_an_answer_of_which_nothing_comes_any_more_is_given_up():
    async def half(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")
        await reader.read()
        writer.close()

    async with tcp_server(half) as port, client_of(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(ConnectionFailed, match=r"gave no answer in 0.2 s"):
            async with client.once("/api/v1/pods", silence=0.2) as found:
                await found.read()
