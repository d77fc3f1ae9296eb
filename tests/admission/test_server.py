"""The server, over TLS."""

from __future__ import annotations

import asyncio

from tests.admission.serving import ANSWER, PATH, Constant, Fake, connected, echo, post, serving

BOTH_LOOPS = True


async def test_a_review_is_answered() -> None:
    async with serving() as server, connected(server) as client:
        answer = await client.ask(post(b"{}", f"{PATH}?timeout=10s"))
    assert (answer.status, answer.body) == (200, ANSWER)
    assert answer.headers["content-type"] == "application/json"
    assert not answer.closes


async def test_the_body_arrives_whole_however_large() -> None:
    async with serving(Fake(does=echo)) as server, connected(server) as client:
        for size in (0, 1, 65_536, 1_000_000):
            assert (await client.ask(post(b"x" * size))).body == b'{"length":%d}' % size


async def test_many_clients_are_served_at_once() -> None:
    async with serving(Fake(does=echo)) as server:

        async def ask() -> int:
            async with connected(server) as client:
                return (await client.ask(post())).status

        assert await asyncio.gather(*(ask() for _ in range(20))) == [200] * 20


async def test_another_reviewer_takes_over_between_two_requests() -> None:
    async with serving() as server, connected(server) as client:
        assert (await client.ask(post())).body == ANSWER
        server.use(Constant(b'"new"'))
        assert (await client.ask(post())).body == b'"new"'
