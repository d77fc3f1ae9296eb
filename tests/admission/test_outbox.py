"""Answers leave together, in order, and soon."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import pytest

from poblano.admission.app import Reply
from poblano.admission.limits import Limits
from poblano.admission.outbox import LONGEST_WAIT, TOGETHER, Outbox
from poblano.admission.protocol import AdmissionProtocol
from tests.admission.serving import ANSWER, Fake, connected, post, serving, until, wired

BOTH_LOOPS = True


async def test_answers_leave_at_the_end_of_the_turn_in_their_order() -> None:
    outbox, sent = Outbox(), list[bytes]()
    for answer in (b"a", b"b", b"c"):
        outbox.put(sent.append, answer, 0.0)
    assert sent == []
    await asyncio.sleep(0)
    assert sent == [b"a", b"b", b"c"]


async def test_no_more_wait_for_each_other_than_leave_together() -> None:
    outbox, sent = Outbox(), list[bytes]()
    for _ in range(TOGETHER + 1):
        outbox.put(sent.append, b"", 0.0)
    assert len(sent) == TOGETHER
    await asyncio.sleep(0)
    assert len(sent) == TOGETHER + 1


async def test_what_has_waited_long_enough_leaves_before_another_request_is_begun() -> None:
    outbox, sent = Outbox(), list[bytes]()
    outbox.put(sent.append, b"first", 100.0)
    outbox.put(sent.append, b"second", 100.1)
    outbox.hurry(100.0 + LONGEST_WAIT / 2)
    assert sent == []
    outbox.hurry(100.0 + LONGEST_WAIT * 2)
    assert sent == [b"first", b"second"]
    outbox.put(sent.append, b"third", 200.0)
    outbox.hurry(200.0)
    assert len(sent) == 2


async def test_an_answer_that_cannot_be_written_takes_no_other_along(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: bytes) -> None:
        raise OSError("gone")

    outbox, sent = Outbox(), list[bytes]()
    outbox.put(broken, b"one", 0.0)
    outbox.put(sent.append, b"two", 0.0)
    outbox.send()
    assert sent == [b"two"]
    assert "an answer could not be written" in caplog.text


async def test_a_slow_rule_does_not_keep_back_the_answers_before_it() -> None:
    def slow(path: str, body: bytes, timeout: float) -> Reply:
        out.append(len(wire.written))
        time.sleep(2 * LONGEST_WAIT)
        return Reply(200, ANSWER)

    whole, last = post(), post()[-1:]
    ways: tuple[tuple[bytes, ...], ...] = ((whole,) * 3, (whole * 3,), (whole + whole[:-1], last + whole[:-1], last))
    for pieces in ways:
        out: list[int] = []
        with wired(Fake(does=slow)) as (protocol, wire):
            for piece in pieces:
                protocol.data_received(piece)
            assert out[0] == 0
            assert 0 < out[1] < out[2] == len(wire.written)


async def test_whoever_is_refused_or_cut_gets_the_answers_that_came_before() -> None:
    ends: tuple[Callable[[AdmissionProtocol], None], ...] = (
        lambda protocol: protocol.data_received(b"nonsense\r\n\r\n"),
        lambda protocol: protocol.data_received(post(b"{}", "/x")),
        AdmissionProtocol.overdue,
        AdmissionProtocol.finish,
        AdmissionProtocol.evict,
        AdmissionProtocol.abort,
        AdmissionProtocol.eof_received,
    )
    for end in ends:
        with wired() as (protocol, wire):
            protocol.data_received(post())
            end(protocol)
            assert bytes(wire.written).startswith(b"HTTP/1.1 200 OK")
            assert wire.answers()[0].body == ANSWER


async def test_a_client_that_reads_nothing_has_until_its_deadline_for_writing() -> None:
    limits = Limits(write_seconds=1, idle_seconds=10_000)
    with wired(limits=limits) as (protocol, wire):
        wire.write = lambda data: protocol.pause_writing()  # type: ignore[method-assign, assignment]
        protocol.data_received(post())
        wire.end_turn()
        assert protocol.choked
        assert protocol.deadline < protocol.arrived + limits.idle_seconds / 2


async def test_a_review_under_way_is_not_cut_off_because_the_answer_before_it_is_unread() -> None:
    release = asyncio.Event()

    async def later() -> Reply:
        await release.wait()
        return Reply(200, ANSWER)

    def mixed(path: str, body: bytes, timeout: float) -> Reply | Awaitable[Reply]:
        return Reply(200, ANSWER) if body == b"now" else later()

    with wired(Fake(does=mixed)) as (protocol, wire):
        protocol.data_received(post(b"now") + post(b"later"))
        protocol.outbox.send()
        protocol.pause_writing()
        assert protocol.deadline == math.inf
        release.set()
        await until(lambda: len(wire.answers()) == 2)
        assert protocol.deadline < math.inf


async def test_many_connections_are_each_given_their_own_answer() -> None:
    def mirrored(path: str, body: bytes, timeout: float) -> Reply:
        return Reply(200, body)

    async with serving(Fake(does=mirrored)) as server, asyncio.TaskGroup() as group:

        async def asking(name: int) -> None:
            async with connected(server) as client:
                for number in range(20):
                    own = b"%d-%d" % (name, number)
                    assert (await client.ask(post(own))).body == own

        for name in range(24):
            group.create_task(asking(name))
