"""An answer is what its bytes say, however they come; and what is cut off, or makes no sense, is an error."""

from __future__ import annotations

import asyncio
import gzip
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from poblano.client.answers import AHEAD_BYTES
from poblano.client.connection import Connection
from poblano.client.no_answer import Broken

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire(asyncio.Transport):
    """The other side: notes what is sent, and whether it is to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.sent, self.aborted, self.reading, self.unsent = b"", False, True, 0

    def write(self, data):
        self.sent += data

    def is_closing(self):
        return self.aborted

    def get_write_buffer_size(self):
        return self.unsent

    def abort(self):
        self.aborted = True

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


def connected() -> tuple[Connection, Wire]:
    connection, wire = Connection(), Wire()
    connection.connection_made(wire)
    return connection, wire


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def said(body: bytes, framing: str, *, compressed: bool, interim: bool) -> bytes:
    """An answer as a server may write it."""
    head = b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" if interim else b""
    head += b"HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one: 2\r\n"
    if compressed:
        head, body = head + b"Content-Encoding: gzip\r\n", gzip.compress(body[:3]) + gzip.compress(body[3:])
    if framing == "length":
        return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    if framing == "chunks":
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, 5)
    return head + b"\r\n" + body


@given(
    body=st.binary(max_size=60),
    framing=st.sampled_from(["length", "chunks", "end"]),
    compressed=st.booleans(),
    interim=st.booleans(),
    cuts=st.lists(st.integers(0, 200), max_size=6),
    piecewise=st.booleans(),
)
async def test_the_body_is_what_was_sent_however_it_comes(body, framing, compressed, interim, cuts, piecewise):
    connection, _ = connected()
    answer = connection.ask(GET)
    data = said(body, framing, compressed=compressed, interim=interim)
    bounds = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    for begin, end in pairwise(bounds):
        connection.data_received(data[begin:end])
    if framing == "end":
        connection.connection_lost(None)

    await answer.begins()
    read = b"".join([piece async for piece in answer.iter_any()]) if piecewise else await answer.read()

    assert read == body
    assert (answer.status, answer.headers.getall("X-ONE")) == (200, ["1", "2"])
    assert "X-Early" not in answer.headers
    assert answer.kept == connection.usable == (framing != "end")


@given(
    body=st.binary(min_size=1, max_size=40),
    framing=st.sampled_from(["length", "chunks"]),
    compressed=st.booleans(),
    data=st.data(),
)
async def test_an_answer_that_is_cut_off_is_never_taken_for_a_whole_one(body, framing, compressed, data):
    connection, _ = connected()
    answer = connection.ask(GET)
    whole = said(body, framing, compressed=compressed, interim=False)
    connection.data_received(whole[: data.draw(st.integers(0, len(whole) - 1))])
    connection.connection_lost(None)

    with pytest.raises(Broken, match="it was closed"):
        await answer.read()
    assert not answer.kept


async def outcome(pieces: list[bytes]) -> tuple[object, ...]:
    """What a server has said with these, before it closes the connection."""
    connection, wire = connected()
    answer = connection.ask(GET)
    for piece in pieces:
        if not wire.aborted:
            connection.data_received(piece)
    connection.connection_lost(None)
    async with asyncio.timeout(90):
        try:
            body = await answer.read()
        except Broken as error:
            return (type(error),)
    return answer.status, tuple(answer.headers.items()), body


WORDS = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"HTTP/1.0 ",
        b"200 OK\r\n",
        b"204 No\r\n",
        b"103 Early\r\n",
        b"\r\n",
        b"\n",
        b":",
        b"2\r\n",
        b"0\r\n",
        b"Content-Length: 2\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"ab",
        gzip.compress(b"ab", mtime=0),
        b"Content-Encoding: gzip\r\n",
        b"Upgrade: x\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
    ]
)


@settings(max_examples=300)
@given(
    data=st.lists(WORDS | st.binary(max_size=8), max_size=12).map(b"".join),
    cuts=st.lists(st.integers(0, 120), max_size=6),
)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab\r\n\r\n", [44])
async def test_any_bytes_are_an_answer_or_an_error_and_the_same_however_they_come(data, cuts):
    bounds = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    assert await outcome([data[begin:end] for begin, end in pairwise(bounds)]) == await outcome([data])


@given(
    body=st.binary(max_size=40),
    framing=st.sampled_from(["length", "chunks", "end"]),
    compressed=st.booleans(),
    at=st.integers(0, 200),
    damage=st.binary(max_size=3),
)
async def test_an_answer_that_is_damaged_is_an_answer_or_an_error_and_the_same_byte_by_byte(
    body, framing, compressed, at, damage
):
    whole = said(body, framing, compressed=compressed, interim=False)
    data = whole[:at] + damage + whole[at + len(damage) :]
    assert await outcome([data[at : at + 1] for at in range(len(data))]) == await outcome([data])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "makes no sense"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"
            + gzip.compress(b"abc", mtime=0)[:9],
            "cut off",
        ),
    ],
)
async def test_what_makes_no_sense_is_an_error_and_the_end_of_the_connection(data, message):
    connection, _ = connected()
    answer = connection.ask(GET)
    connection.data_received(data)

    with pytest.raises(Broken, match=message):
        await answer.read()
    assert not connection.usable


async def test_two_answers_to_one_request_are_the_end_of_the_connection():
    connection, wire = connected()
    answer = connection.ask(GET)
    connection.data_received(
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
    )

    await answer.begins()
    assert (answer.status, await answer.read()) == (200, b"x")
    assert wire.aborted
    assert not connection.usable


async def test_the_beginning_of_a_second_answer_is_the_end_of_the_connection():
    connection, wire = connected()
    answer = connection.ask(GET)
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxH")
    assert await answer.read() == b"x"
    assert wire.aborted


async def test_a_request_that_is_not_sent_yet_keeps_a_connection_from_the_next():
    connection, wire = connected()
    answer = connection.ask(GET, b"body")
    wire.unsent = 4
    connection.data_received(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
    assert (await answer.read(), answer.kept, connection.usable) == (b"", True, False)


async def test_what_nobody_asked_for_is_the_end_of_the_connection():
    connection, wire = connected()
    connection.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert wire.aborted


async def test_who_reads_slowly_is_not_sent_more_than_fits():
    connection, wire = connected()
    answer = connection.ask(GET)
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (3 * AHEAD_BYTES))
    connection.data_received(b"x" * AHEAD_BYTES)
    assert not wire.reading

    pieces = answer.iter_any()
    assert len(await anext(pieces)) == AHEAD_BYTES
    assert wire.reading
    connection.data_received(b"x" * AHEAD_BYTES)
    assert not wire.reading
    connection.data_received(b"x" * AHEAD_BYTES)
    assert len(await answer.read()) == 2 * AHEAD_BYTES
    assert wire.reading
    await pieces.aclose()


@pytest.mark.parametrize("method", [b"HEAD", b"CONNECT"])
async def test_an_answer_that_has_no_body_ends_with_its_head(method):
    connection, _ = connected()
    answer = connection.ask(GET.replace(b"GET", method))
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")

    await answer.begins()
    assert await answer.read() == b""
    assert not connection.usable, "it is not known what comes next"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_some_answers_never_have_one(status):
    connection, _ = connected()
    answer = connection.ask(GET)
    connection.data_received(b"HTTP/1.1 %b\r\n\r\n" % status)

    assert await answer.read() == b""
    assert connection.usable


async def test_silence_is_given_up_and_what_came_before_is_read():
    connection, _ = connected()
    answer = connection.ask(GET, silence=0.05)
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
    pieces = answer.iter_any()

    assert await anext(pieces) == b"abc"
    with pytest.raises(TimeoutError):
        await anext(pieces)


async def test_a_request_on_a_connection_that_is_gone_is_an_error():
    connection, _ = connected()
    connection.connection_lost(ConnectionResetError(104, "Connection reset by peer"))
    with pytest.raises(Broken, match="it was closed"):
        await connection.ask(GET).begins()


async def test_a_body_follows_its_head_and_a_kept_connection_answers_again():
    connection, wire = connected()
    for number in (b"1", b"2"):
        answer = connection.ask(GET, b"body" + number)
        connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + number)
        assert await answer.read() == number
        assert connection.usable
    assert wire.sent == GET + b"body1" + GET + b"body2"
