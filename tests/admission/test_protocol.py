"""One connection: answers in order, one write each, and an end to everything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.admission.app import AdmissionApp, Reply
from poblano.admission.limits import Limits
from tests.admission.serving import (
    ANSWER,
    PATH,
    Answer,
    Constant,
    Fake,
    connected,
    echo,
    post,
    request,
    serving,
    until,
    wired,
)

BOTH_LOOPS = True


def in_loop(check: Callable[[], None]) -> None:
    async def run() -> None:
        check()

    asyncio.run(run())


def mirrored(path: str, body: bytes, timeout: float) -> Reply:
    return Reply(200, b'"' + body.hex().encode() + b'"')


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_any_bytes_are_answered_in_http_or_not_at_all(pieces: list[bytes]) -> None:
    def check() -> None:
        with wired() as (protocol, wire):
            for piece in pieces:
                protocol.data_received(piece)
            assert all(100 <= answer.status < 600 for answer in wire.answers())

    in_loop(check)


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.sampled_from([PATH, f"{PATH}?timeout=3s", "/x"])), max_size=8),
    st.lists(st.integers(0, 100_000), max_size=12),
)
def test_answers_do_not_depend_on_how_requests_are_cut(requests: list[tuple[bytes, str]], places: list[int]) -> None:
    def answered(pieces: list[bytes]) -> list[Answer]:
        with wired(Fake(does=mirrored)) as (protocol, wire):
            for piece in pieces:
                protocol.data_received(piece)
            return [Answer(a.status, {}, a.body) for a in wire.answers()]

    def check() -> None:
        single = [post(body, path) for body, path in requests]
        data = b"".join(single)
        ends = sorted({place % (len(data) + 1) for place in places})
        pieces = [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]
        expected = [
            (404, None) if path == "/x" else (200, b'"' + body.hex().encode() + b'"') for body, path in requests
        ]
        for way in (answered(single), answered([data]), answered(pieces)):
            assert [(a.status, None if a.status == 404 else a.body) for a in way] == expected

    in_loop(check)


@given(st.lists(st.binary(max_size=100), min_size=2, max_size=10))
def test_a_head_seen_before_leads_to_the_same_answer(bodies: list[bytes]) -> None:
    def check() -> None:
        fake = Fake(does=mirrored)
        with wired(fake) as (protocol, wire):
            for body in bodies:
                protocol.data_received(post(body))
            assert [a.body for a in wire.answers()] == [b'"' + body.hex().encode() + b'"' for body in bodies]
            assert fake.bodies == bodies

    in_loop(check)


async def test_a_head_seen_before_with_another_length_is_no_other_request() -> None:
    with wired(Fake(does=echo)) as (protocol, wire):
        protocol.data_received(post(b"four"))
        short = post(b"four").replace(b"Length: 4", b"Length: 2")
        protocol.data_received(short)  # two bytes are left over, and start no request
        assert [a.status for a in wire.answers()] == [200, 200, 400]


@pytest.mark.parametrize("last", [post().replace(b"HTTP/1.1", b"HTTP/1.0"), post(b"{}", PATH, "Connection: close")])
async def test_a_head_that_closes_the_connection_closes_every_connection(last: bytes) -> None:
    async with serving() as server:
        for _ in range(3):
            async with connected(server) as client:
                assert (await client.ask(last)).closes
                assert await client.closed() == b""


async def test_a_known_answer_is_one_write() -> None:
    with wired() as (protocol, wire):
        writes: list[bytes] = []
        wire.write = writes.append  # type: ignore[method-assign, assignment]
        protocol.data_received(post())
        protocol.data_received(post())
        wire.end_turn()
        assert len(writes) == 2
        assert all(data.endswith(ANSWER) for data in writes)


async def test_another_reviewer_answers_heads_seen_before() -> None:
    app = AdmissionApp(Constant())
    with wired(app=app) as (protocol, wire):
        protocol.data_received(post())
        protocol.data_received(post())
        app.use(Constant(b'"new"'))
        protocol.data_received(post())
        assert [a.body for a in wire.answers()] == [ANSWER, ANSWER, b'"new"']


async def test_pipelined_reviews_are_answered_in_order_though_the_first_takes_longest() -> None:
    async def later(body: bytes) -> Reply:
        await asyncio.sleep(0.05 if body == b"0" else 0)
        return Reply(200, body)

    def mixed(path: str, body: bytes, timeout: float) -> Reply | asyncio.Future[Reply]:
        return Reply(200, body) if int(body) % 2 else asyncio.ensure_future(later(body))

    async with serving(Fake(does=mixed)) as server, connected(server) as client:
        await client.send(b"".join(post(b"%d" % i) for i in range(8)))
        assert [(await client.answer()).body for _ in range(8)] == [b"%d" % i for i in range(8)]


async def test_a_client_that_leaves_takes_its_review_along() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def forever() -> Reply:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    async with serving(Fake(does=lambda *_: forever())) as server:
        async with connected(server) as client:
            await client.send(post())
            await begun.wait()
        await asyncio.wait_for(cancelled.wait(), 90)
        async with connected(server) as client:
            assert (await client.ask(post(b"", "/x"))).status == 404


async def test_too_many_waiting_reviews_are_sent_away_at_once() -> None:
    release = asyncio.Event()

    async def held() -> Reply:
        await release.wait()
        return Reply(200, ANSWER)

    async with serving(Fake(does=lambda *_: held()), Limits(in_flight=2)) as server:
        async with connected(server) as a, connected(server) as b, connected(server) as c:
            await a.send(post())
            await b.send(post())
            while len(server.app.pending) < 2:
                await asyncio.sleep(0.01)
            shed = await c.ask(post())
            assert (shed.status, shed.headers["retry-after"], shed.closes) == (503, "1", False)
            release.set()
            assert [(await client.answer()).status for client in (a, b)] == [200, 200]
            assert (await c.ask(post())).status == 200
        assert server.app.shed == 1


@pytest.mark.parametrize("error", (ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError, BaseException))
async def test_an_error_of_the_reviewer_is_a_refusal_and_no_more(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def at_once(path: str, body: bytes, timeout: float) -> Reply:
        raise error("secret")

    async def later() -> Reply:
        await asyncio.sleep(0)
        raise error("secret")

    for does in (at_once, lambda *_: later()):
        async with serving(Fake(does=does)) as server, connected(server) as client:
            answer = await client.ask(post())
            assert answer.status == 500
            assert b"refused" in answer.body
            assert b"secret" not in answer.body
            assert (await client.ask(post(b"", "/x"))).status == 404
    assert "a review broke off" in caplog.text
    records = [vars(record) for record in caplog.records if record.message == "a review broke off"]
    assert [(record["error"], record["trace"][-1].rpartition(" ")[2]) for record in records] == [
        (error.__name__, "at_once"),
        (error.__name__, "later"),
    ]
    assert "secret" not in str(records)


async def test_the_reviewer_is_told_how_long_the_api_server_waits() -> None:
    fake = Fake()
    targets = [PATH, f"{PATH}?timeout=3s", f"{PATH}?timeout=-1", f"{PATH}?timeout=NaN", f"{PATH}?timeout=99h"]
    with wired(fake) as (protocol, _wire):
        for target in targets:
            protocol.data_received(post(b"{}", target))
    assert fake.timeouts == pytest.approx([9.9, 2.9, 0.9, 9.9, 29.9], abs=0.8)
    assert all(left < whole for left, whole in zip(fake.timeouts, [9.9, 2.9, 0.9, 9.9, 29.9], strict=True))


async def test_a_review_that_arrived_too_late_is_not_begun() -> None:
    fake = Fake()
    with wired(fake, Limits(review_seconds=0.1)) as (protocol, wire):
        protocol.data_received(post())
        assert [a.status for a in wire.answers()] == [504]
    assert not fake.bodies


async def test_who_asks_before_sending_is_told_to_go_on() -> None:
    async with serving(Fake(does=echo)) as server, connected(server) as client:
        asking = post(b"{}", PATH, "Expect: 100-continue")
        assert (await client.ask(asking[:-2])).status == 100
        assert (await client.ask(b"{}")).body == b'{"length":2}'
        assert (await client.ask(asking)).body == b'{"length":2}'  # who does not wait is not answered twice


async def test_who_does_not_read_answers_is_not_read_from() -> None:
    with wired() as (protocol, wire):
        protocol.pause_writing()
        assert wire.paused
        protocol.resume_writing()
        assert not wire.paused


async def test_what_comes_while_a_review_waits_is_left_unread_until_it_is_answered() -> None:
    release = asyncio.Event()

    async def held() -> Reply:
        await release.wait()
        return Reply(200, ANSWER)

    with wired(Fake(does=lambda *_: held())) as (protocol, wire):
        for _ in range(3):
            protocol.data_received(post())
        assert wire.paused
        assert protocol.held == 3 * len(post())
        assert not protocol.idle
        release.set()
        await until(lambda: len(wire.answers()) == 3)
        assert not wire.paused
        assert protocol.held == 0
        assert protocol.idle


async def test_a_review_cancelled_on_our_side_is_to_be_asked_again() -> None:
    with wired(Fake(does=lambda *_: asyncio.sleep(3600, Reply(200, ANSWER)))) as (protocol, wire):
        protocol.data_received(post())
        assert protocol.task is not None
        protocol.task.cancel()
        await until(lambda: bool(wire.written))
        (answer,) = wire.answers()
        assert (answer.status, answer.headers["retry-after"], answer.closes) == (503, "1", True)


async def test_a_body_that_is_in_the_way_is_given_up_and_may_be_sent_again() -> None:
    with wired(limits=Limits(buffered_bytes=1000)) as (protocol, wire):
        protocol.data_received(post(b"x" * 5000)[:3000])
        (answer,) = wire.answers()
        assert (answer.status, answer.headers["retry-after"], answer.closes) == (503, "1", True)
        assert protocol.registry.buffered == 0


async def test_a_large_body_at_no_path_is_refused_as_soon_as_it_is_too_large() -> None:
    with wired(limits=Limits(body_bytes=1000)) as (protocol, wire):
        protocol.data_received(post(b"x" * 5000, "/x")[:3000])
        assert [(a.status, a.closes) for a in wire.answers()] == [(404, True)]


async def test_a_head_request_gets_no_body() -> None:
    async with serving() as server, connected(server) as client:
        await client.send(request(f"HEAD {PATH} HTTP/1.1", "Host: a"))
        answer = await client.answer(head_only=True)
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
        assert (await client.ask(post())).status == 200


async def test_who_sends_many_requests_at_once_lets_others_have_their_turn() -> None:
    with wired() as (greedy, pile), wired() as (modest, wire):
        greedy.data_received(post() * 600)
        modest.data_received(post())

        assert (len(pile.answers()), len(wire.answers())) == (16, 1)
        await until(lambda: len(pile.answers()) == 600)
        assert not pile.paused


def test_answers_keep_their_order_over_several_turns() -> None:
    def check() -> None:
        with wired(Fake(does=mirrored)) as (protocol, wire):
            protocol.data_received(b"".join(post(str(number).encode()) for number in range(50)))
            assert len(wire.answers()) == 16
            protocol._rested()
            protocol.data_received(post(b"50"))
            while protocol.resting:
                protocol._rested()
            assert [bytes.fromhex(answer.body.strip(b'"').decode()) for answer in wire.answers()] == [
                str(number).encode() for number in range(51)
            ]

    in_loop(check)
