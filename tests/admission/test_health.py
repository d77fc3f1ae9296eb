"""The second port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry, Counter

from poblano.admission.health import Checks, HealthServer
from poblano.admission.server import Endpoint
from tests.admission.serving import Answer, Client, request

BOTH_LOOPS = True


@asynccontextmanager
async def client_of(health: HealthServer) -> AsyncIterator[Client]:
    async with health:
        reader, writer = await asyncio.open_connection("127.0.0.1", health.port)
        yield Client(reader, writer)
        writer.close()


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    return request(f"{method} {path} HTTP/1.1", "Host: a", *headers)


def health(readiness: Checks | None = None, metrics: CollectorRegistry | None = None) -> HealthServer:
    return HealthServer(readiness or Checks("readyz"), metrics, host="127.0.0.1", port=0)


async def test_healthz_says_ok() -> None:
    async with client_of(health()) as client:
        answer = await client.ask(get("/healthz"))
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"ok", "text/plain; charset=utf-8")


async def test_readyz_is_what_the_checks_say_now() -> None:
    readiness = Checks("readyz")
    problem: list[str | None] = ["not registered yet"]
    readiness.add("registration", lambda: problem[0])
    readiness.add("certificate", lambda: None)
    async with client_of(health(readiness)) as client:
        failing = await client.ask(get("/readyz"))
        problem[0] = None
        ready = await client.ask(get("/readyz"))
        verbose = await client.ask(get("/readyz?verbose"))
        also = await client.ask(get("/readyz?verbose=1"))
    assert failing.status == 503
    assert failing.body == b"[-]registration failed: not registered yet\n[+]certificate ok\nreadyz check failed\n"
    assert (ready.status, ready.body) == (200, b"ok")
    assert verbose.body == also.body == b"[+]registration ok\n[+]certificate ok\nreadyz check passed\n"


async def test_a_check_that_raises_has_failed() -> None:
    readiness = Checks("readyz")
    readiness.add("broken", lambda: str(1 // 0))
    async with client_of(health(readiness)) as client:
        answer = await client.ask(get("/readyz"))
    assert answer.status == 503
    assert b"[-]broken failed: ZeroDivisionError" in answer.body


def test_an_empty_reason_is_a_failure_too() -> None:
    readiness = Checks("readyz")
    readiness.add("mute", lambda: "")
    assert readiness.failures() == {"mute": ""}
    assert "[-]mute failed" in readiness.report()
    assert "readyz check failed" in readiness.report()
    readiness.remove("mute")
    readiness.remove("mute")
    assert readiness.report() == "readyz check passed"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ],
)
async def test_metrics_come_in_the_format_that_was_asked_for(accept: str, content_type: str) -> None:
    registry = CollectorRegistry()
    Counter("poblano_reviews", "Reviews", registry=registry).inc()
    async with client_of(health(metrics=registry)) as client:
        answer = await client.ask(get("/metrics", f"Accept: {accept}"))
    assert answer.status == 200
    assert b"poblano_reviews_total 1.0" in answer.body
    assert answer.headers["content-type"].split(";")[0] == content_type.split(";", maxsplit=1)[0]


async def test_other_pages_and_methods_are_refused() -> None:
    async def ask(data: bytes) -> Answer:
        async with client_of(health()) as client:
            return await client.ask(data)

    assert (await ask(get("/"))).status == 404
    assert (await ask(get("/metrics"))).status == 404  # there is no registry
    assert (await ask(get("/healthz/"))).status == 404
    refused = await ask(get("/readyz", method="DELETE"))
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    assert (await ask(b"\x16\x03\x01")).status == 400


async def test_head_is_answered_without_a_body() -> None:
    async with client_of(health()) as client:
        await client.send(get("/healthz", method="HEAD"))
        answer = await client.answer(head_only=True)
        assert (answer.status, answer.headers["content-length"]) == (200, "2")
        assert (await client.ask(get("/healthz"))).body == b"ok"


async def test_one_check_can_be_asked_alone_or_left_out() -> None:
    readiness, liveness = Checks("readyz"), Checks("healthz")
    readiness.add("webhook", lambda: None)
    readiness.add("leader", lambda: "forbidden")
    liveness.add("loop", lambda: "held")
    server = HealthServer(readiness, liveness=liveness, host="127.0.0.1", port=0)
    async with client_of(server) as client:
        pages = {
            path: await client.ask(get(path))
            for path in (
                "/readyz/webhook",
                "/readyz/leader",
                "/readyz/loop",
                "/readyz?exclude=leader",
                "/readyz?verbose&exclude=leader&exclude=none",
                "/readyz/webhook?verbose",
                "/healthz",
                "/healthz/loop",
            )
        }
    assert {path: (answer.status, answer.body) for path, answer in pages.items() if path != "/readyz/loop"} == {
        "/readyz/webhook": (200, b"ok"),
        "/readyz/leader": (503, b"[-]leader failed: forbidden\nreadyz check failed\n"),
        "/readyz?exclude=leader": (200, b"ok"),
        "/readyz?verbose&exclude=leader&exclude=none": (200, b"[+]webhook ok\nreadyz check passed\n"),
        "/readyz/webhook?verbose": (200, b"[+]webhook ok\nreadyz check passed\n"),
        "/healthz": (500, b"[-]loop failed: held\nhealthz check failed\n"),
        "/healthz/loop": (500, b"[-]loop failed: held\nhealthz check failed\n"),
    }
    assert pages["/readyz/loop"].status == 404


async def test_a_port_that_is_taken_is_an_error_of_the_start() -> None:
    async with health() as first:
        with pytest.raises(OSError, match="in use"):
            await HealthServer(Checks("readyz"), host="127.0.0.1", port=first.port).start()


async def test_whatever_keeps_the_port_from_being_served_is_said(monkeypatch):
    async def refused(_self: Endpoint) -> None:
        raise ValueError("what nobody has thought of")

    monkeypatch.setattr(Endpoint, "start", refused)
    server = HealthServer(Checks("readyz"), host="127.0.0.1", port=0)
    with pytest.raises(ValueError, match="what nobody has thought of"):
        await server.start()
    await server.close()
