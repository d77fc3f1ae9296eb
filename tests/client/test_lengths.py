"""Answers of more than anybody should take: they are given up, and say what to do, before they fill the memory."""

from __future__ import annotations

import gzip

import pytest

from poblano.core.errors import ConnectionFailed
from tests.client.hostile import CHUNKED, Run, asking, flooding, saying
from tests.client.test_pool import until


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def in_gzip(body: bytes, *pieces: bytes) -> tuple[bytes, ...]:
    length = len(body) + sum(map(len, pieces))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % length
    return (head + body, *pieces)


TOO_LONG = r"compressed bytes of the answer are more than 1 MiB; ask for less at once .* what answers there"


@pytest.fixture
def small(monkeypatch):
    """The bounds, so low that what passes them is quickly made."""
    monkeypatch.setattr("poblano.client.answers.PACKED_BYTES", 2**20)
    monkeypatch.setattr("poblano.client.answers.WHOLE_BYTES", 2**22)
    monkeypatch.setattr("poblano.client.streamed.LINE_BYTES", 2**20)


@pytest.mark.usefixtures("small")
def test_a_bomb_is_not_unpacked(run: Run):
    async def use(client):
        with pytest.raises(ConnectionFailed, match=TOO_LONG) as caught:
            await client.request("GET", "/api", timeout=80)
        assert caught.value.reason == "TooLong"
        with pytest.raises(ConnectionFailed, match=TOO_LONG):
            async with client.once("/api") as answer:
                assert sum([len(piece) async for piece in answer._content.iter_any()]) <= 2**20
        await until(lambda: not client._pool._open)

    run(asking(saying(*in_gzip(packed(bytes(2**21)))), use))


@pytest.mark.usefixtures("small")
def test_a_bomb_in_many_parts_is_none_the_less_one(run: Run):
    part = packed(bytes(2**16))  # members of one body, each of them small

    async def use(client):
        with pytest.raises(ConnectionFailed, match=TOO_LONG):
            await client.request("GET", "/api", timeout=80)

    run(asking(saying(*in_gzip(b"", *[part] * 20)), use))


def test_what_is_compressed_a_thousandfold_and_still_small_is_read(run: Run):
    body = b'"' + b"0" * 2**22 + b'"'

    async def use(client):
        assert (await client.request("GET", "/api")).body == body

    run(asking(saying(*in_gzip(packed(body))), use))


@pytest.mark.usefixtures("small")
def test_an_answer_without_an_end_is_given_up_before_it_fills_the_memory(run: Run):
    async def use(client):
        with pytest.raises(ConnectionFailed, match=r"longer than 4 MiB; ask for less at once"):
            await client.request("GET", "/api", timeout=80)
        with pytest.raises(ConnectionFailed, match=r"longer than 4 MiB; ask for less at once"):
            async with client.once("/api") as answer:
                await answer.read()
        await until(lambda: not client._pool._open)

    run(asking(flooding(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"), use))


@pytest.mark.usefixtures("small")
def test_a_line_without_an_end_is_given_up(run: Run):
    async def use(client):
        with pytest.raises(ConnectionFailed, match=r"a line of it is longer than 1 MiB; ask for less"):
            async with client.once("/api") as answer:
                assert not [line async for line in answer.lines()]
        await until(lambda: not client._pool._open)

    run(asking(flooding(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"), use))


@pytest.mark.usefixtures("small")
def test_lines_may_be_as_many_as_there_are(run: Run):
    lines = b"x" * 65535 + b"\n"

    async def use(client):
        async with client.once("/api") as answer:
            assert len([line async for line in answer.lines()]) == 100, "more than an answer or a line may be long"

    run(asking(saying(CHUNKED, (b"10000\r\n" + lines + b"\r\n") * 100, b"0\r\n\r\n"), use))
