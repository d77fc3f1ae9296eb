"""Too much of anything: it is refused while it comes, and the memory it took comes back."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from poblano.admission.limits import MIB, Limits
from tests.admission.process import Served, served
from tests.admission.serving import PATH, Answer, Client, Fake, connected, echo, post, request, serving

LIMIT = 7 * MIB
CHUNKED = request(f"POST {PATH} HTTP/1.1", "Host: a", "Content-Type: application/json", "Transfer-Encoding: chunked")


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", (LIMIT - 1, LIMIT))
async def test_a_body_up_to_the_limit_is_reviewed(size: int) -> None:
    async with serving(Fake(does=echo)) as server, connected(server) as client:
        for data in (post(b"x" * size), chunked(b"x" * size, 65_536)):
            assert (await client.ask(data)).body == b'{"length":%d}' % size


@pytest.mark.parametrize(
    "data", (post(b"x" * (LIMIT + 1)), chunked(b"x" * (LIMIT + 1), 65_536)), ids=["length", "chunked"]
)
async def test_a_body_over_the_limit_is_refused_as_a_review(data: bytes) -> None:
    fake = Fake()
    async with serving(fake) as server, connected(server) as client:
        answer = await flooded(client, data)
        assert (answer.status, answer.closes) == (413, True)
        assert b'"kind":"AdmissionReview"' in answer.body
    assert not fake.bodies


async def test_a_length_that_promises_too_little_makes_the_rest_another_request() -> None:
    fake = Fake(does=echo)
    async with serving(fake) as server, connected(server) as client:
        await client.send(post(b"{}garbage").replace(b"Length: 9", b"Length: 2"))
        assert (await client.answer()).body == b'{"length":2}'
        assert (await client.answer()).status == 400
    assert fake.bodies == [b"{}"]


@pytest.mark.parametrize("length", ("1000000000", "9223372036854775807"))
async def test_a_length_over_the_limit_is_refused_with_the_uid_of_what_came(length: str) -> None:
    seen: list[bytes] = []

    class Remembering(Fake):
        def refuse(self, path: str, body: bytes, status: int, message: str):
            seen.append(body)
            return super().refuse(path, body, status, message)

    async with serving(Remembering()) as server, connected(server) as client:
        head = post(b"").replace(b"Length: 0", f"Length: {length}".encode())
        assert (await flooded(client, head + b'{"uid":"1"}' + b" " * 100_000)).status == 413
    assert seen[0].startswith(b'{"uid":"1"}')


async def test_endless_chunks_end_and_take_no_memory(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        before = await warm(server)
        for size in (1, 2, 16 * 1024):
            async with connected(server) as client:
                piece = b"%x\r\n%b\r\n" % (size, b"x" * size) * max(1, 16_384 // size)
                assert (await endless(client, CHUNKED, piece)).status == 413
        assert (await warm(server)) - before < 40 * MIB


async def test_two_hundred_megabytes_of_header_take_no_memory(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        before = await warm(server)
        for begin, piece in (
            (b"POST / HTTP/1.1\r\nX: ", b"y" * 65_536),
            (b"POST / HTTP/1.1\r\n", b"X: yyyyyyy\r\n" * 5_000),
            (b"POST /", b"y" * 65_536),
            (CHUNKED + b"1;", b"y" * 65_536),
        ):
            async with connected(server) as client:
                assert (await endless(client, begin, piece)).status in {400, 413, 431}
        assert (await warm(server)) - before < 20 * MIB


async def test_large_bodies_at_once_are_held_within_the_budget(tmp_path: Path) -> None:
    async with served(tmp_path, limits={"buffered_bytes": 16 * MIB}) as server:
        before = await warm(server)
        async with contextlib.AsyncExitStack() as stack:
            greedy = [await stack.enter_async_context(connected(server)) for _ in range(20)]
            peak = 0
            for client in greedy:
                client.writer.write(post(b"x" * LIMIT)[: 6 * MIB])
                with contextlib.suppress(ConnectionError):
                    await client.writer.drain()
                async with connected(server) as other:
                    assert (await other.ask(post(b"x" * 200_000))).status == 200
                peak = max(peak, server.rss())
            assert peak - before < 64 * MIB
            first = await greedy[0].answer()
            assert (first.status, first.headers["retry-after"]) == (503, "1")


async def test_a_hundred_refusals_leave_the_memory_where_it_was(tmp_path: Path) -> None:
    async with served(tmp_path) as server:

        async def round_() -> int:
            for _ in range(25):
                async with connected(server) as client:
                    assert (await flooded(client, post(b"x" * (LIMIT + 1)))).status == 413
            return await warm(server)

        # The allocator settles at one of a few levels; a leak of a body a round would be 175 MiB.
        before = max([await round_() for _ in range(2)])
        assert (await round_()) - before < 20 * MIB


async def flooded(client: Client, data: bytes) -> Answer:
    """Send what may be cut off on the way, and read the answer."""
    sending = asyncio.create_task(_pour(client, data))
    answer = await client.answer()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    return answer


async def endless(client: Client, begin: bytes, piece: bytes, total: int = 200 * MIB) -> Answer:
    """Send up to `total` bytes, or until there is an answer."""
    await client.send(begin)
    answering = asyncio.create_task(client.answer())
    with contextlib.suppress(ConnectionError):
        for _ in range(total // len(piece)):
            if answering.done():
                break
            await client.send(piece)
            await asyncio.sleep(0)
    return await answering


async def _pour(client: Client, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        for i in range(0, len(data), 65_536):
            await client.send(data[i : i + 65_536])


async def warm(server: Served) -> int:
    """The memory of a server that has just answered a large review."""
    async with connected(server) as client:
        assert (await client.ask(post(b"x" * LIMIT))).status == 200
    return server.rss()


def test_the_default_limits_are_those_of_the_specification() -> None:
    limits = Limits()
    assert (limits.head_bytes, limits.body_bytes, limits.head_seconds) == (64 * 1024, 7 * MIB, 10)
    assert limits.idle_seconds > 90
