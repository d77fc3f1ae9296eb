"""What hostile bodies and clients leave behind in a server of its own: nothing, and nobody else's answer is spoilt."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from poblano.admission.limits import MIB
from tests.admission.hostile import GOOD, NUMBERED, hostile
from tests.admission.meanwhile import answered_meanwhile, ask_well
from tests.admission.process import served
from tests.admission.reviewing import MUTATE, VALIDATE
from tests.admission.serving import connected, post
from tests.core.driving import review


@pytest.mark.timeout(600)
async def test_the_memory_comes_back_after_each(tmp_path: Path):
    async with served(tmp_path, rules=True) as server, answered_meanwhile(server):

        async def send_all(number: int, times: int) -> int:
            async with connected(server) as client:
                for body in hostile(number).values():
                    for _ in range(times if len(body) > 200_000 else times * 5):
                        for path in (MUTATE, VALIDATE):
                            assert (await client.ask(post(body, path))).status in {200, 400}
                await ask_well(client)
            return server.rss()

        async def more(number: int) -> int:
            return (await send_all(number, 3) - before) // MIB

        # The allocator settles at one of a few levels, of which a busy machine may show it another one late: what is
        # kept grows each time.
        before = max([await send_all(number, 1) for number in NUMBERED])
        grown = {number: await more(number) for number in NUMBERED}
        kept = {number: size for number, size in grown.items() if size > 40}
        for _ in range(2):
            kept = {number: size for number, last in kept.items() if (size := await more(number)) > last + 20}
    assert before < 250 * MIB
    assert kept == {}


async def test_clients_of_every_bad_kind_at_once_spoil_nobody_elses_answer(tmp_path: Path):
    async with served(tmp_path, rules=True) as server, contextlib.AsyncExitStack() as stack:
        slow = await stack.enter_async_context(connected(server))
        await slow.send(post(GOOD)[:-5])
        greedy = await stack.enter_async_context(connected(server))
        await greedy.send(post(b"x" * 7 * MIB)[: 3 * MIB])
        deaf = await stack.enter_async_context(connected(server))
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        deaf.writer.write(b"".join(post(review(uid="x" * 100_000), MUTATE) for _ in range(50)))
        _, unshaken = await asyncio.open_connection("127.0.0.1", server.port)
        stack.callback(unshaken.close)
        unshaken.write(b"GET / HTTP/1.1\r\n\r\n")
        async with answered_meanwhile(server), connected(server) as hostile_one:
            for number in (4, 5, 10, 12, 19):
                for body in hostile(number).values():
                    assert (await hostile_one.ask(post(body, MUTATE))).status in {200, 400}
