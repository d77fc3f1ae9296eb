"""Whoever counts is told of every attempt; whoever wants spans gets one for each, and the server is told in whose trace."""

from __future__ import annotations

import asyncio

import pytest

from poblano.client.messages import Timeouts
from poblano.core.errors import ApiError, ConnectionFailed
from tests.client.loopback import Reply, client_of, serving, status
from tests.spans import exported

BUSY = Reply(429, status(429, "TooManyRequests"), {"Retry-After": "0"})


@pytest.fixture
def told():
    return []


@pytest.fixture
def tell(told):
    return lambda *what: told.append(what)


async def test_every_attempt_is_told_with_method_host_status_and_seconds(told, tell):
    async with serving(BUSY, Reply()) as server, client_of(server.url, observe=tell) as client:
        await client.request("GET", "/version")

    host = server.url.removeprefix("http://")
    assert [one[:3] for one in told] == [("GET", host, "429"), ("GET", host, "200")]
    assert all(seconds > 0 for *_, seconds in told)


async def test_a_request_that_is_not_answered_is_told_as_an_error(told, tell):
    async with serving(Reply(reset=True)) as server, client_of(server.url, observe=tell) as client:
        with pytest.raises(ConnectionFailed):
            await client.request("POST", "/api/v1/pods", body={})

    assert [one[0:3:2] for one in told] == [("POST", "<error>")]


async def test_what_is_read_as_it_comes_is_told_once_its_answer_begins(told, tell):
    async with serving() as server, client_of(server.url, observe=tell) as client:
        async with client.once("/api/v1/pods") as answer:
            assert [one[2] for one in told] == ["200"]
            await answer.read()
        assert len(told) == 1


async def test_a_request_that_is_given_up_is_no_error_of_the_servers(told, tell):
    closing = asyncio.Event()

    async def silent(reader, writer):
        await closing.wait()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = "http://127.0.0.1:{1}".format(*listening.sockets[0].getsockname())
    async with client_of(url, observe=tell, timeouts=Timeouts(total=60)) as client:
        asking = asyncio.create_task(client.request("GET", "/version"))
        await asyncio.sleep(0.05)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    closing.set()
    listening.close()
    await listening.wait_closed()

    assert told == []


async def test_a_client_that_nobody_observes_wraps_nothing():
    async with serving() as server, client_of(server.url) as client:
        await client.request("GET", "/version")
        assert client._observed is None


async def test_each_attempt_has_a_span_and_tells_the_server_its_trace():
    with exported() as spans:
        async with serving(BUSY, Reply()) as server, client_of(server.url) as client:
            await client.request("GET", "/version", query={"secret": "1"})

    first, second = spans.named("GET")
    assert [dict(span.attributes) for span in (first, second)] == [
        {
            "http.request.method": "GET",
            "url.full": f"{server.url}/version",
            "http.response.status_code": 429,
            "error.type": "429",
        },
        {"http.request.method": "GET", "url.full": f"{server.url}/version", "http.response.status_code": 200},
    ]
    assert first.kind.name == "CLIENT"
    assert not first.status.is_ok
    for asked, span in zip(server.asked, (first, second), strict=True):
        trace, parent = span.context.trace_id, span.context.span_id
        assert asked.headers["traceparent"].startswith(f"00-{trace:032x}-{parent:016x}-")


async def test_a_request_without_answer_has_a_span_that_says_so():
    with exported() as spans:
        async with serving(Reply(reset=True)) as server, client_of(server.url) as client:
            with pytest.raises(ApiError):
                await client.request("POST", "/api/v1/pods", body={})

    assert not spans.one("POST").status.is_ok
    assert spans.one("POST").attributes["error.type"]
