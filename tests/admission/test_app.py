"""The same decisions through ASGI, in memory: no server, no socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from poblano.admission.app import AdmissionApp, Application, Reply
from poblano.admission.health import Checks, HealthApp
from poblano.admission.limits import Limits
from tests.admission.serving import ANSWER, PATH, Constant, Fake, echo

JSON = [(b"host", b"a"), (b"content-type", b"application/json")]


class Exchange:
    """One request through an ASGI callable."""

    def __init__(self, *pieces: bytes, gone: bool = False) -> None:
        self.incoming = [
            {"type": "http.request", "body": piece, "more_body": i + 1 < len(pieces)} for i, piece in enumerate(pieces)
        ]
        self.gone = gone
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> Any:
        if self.incoming:
            return self.incoming.pop(0)
        if not self.gone:
            await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def through(
        self,
        app: Application,
        method: str = "POST",
        path: str = PATH,
        query: bytes = b"",
        headers: list[tuple[bytes, bytes]] = JSON,
    ) -> tuple[int, bytes]:
        scope: Any = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": headers,
        }
        await app(scope, self.receive, self.send)  # type: ignore[operator]
        start, body = self.sent
        assert dict(start["headers"])[b"content-length"] == b"%d" % len(body["body"]) or method == "HEAD"
        return start["status"], body["body"]


async def test_a_review_in_pieces_is_answered() -> None:
    assert await Exchange(b"a" * 10, b"b" * 20).through(AdmissionApp(Fake(does=echo))) == (200, b'{"length":30}')


async def test_the_deadline_is_that_of_the_query() -> None:
    fake = Fake()
    await Exchange(b"{}").through(AdmissionApp(fake), query=b"timeout=4s")
    assert fake.timeouts == pytest.approx([3.9], abs=0.8)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/x", JSON, 404),
        ("GET", PATH, JSON, 405),
        ("HEAD", PATH, JSON, 405),
        ("POST", PATH, [], 415),
        ("POST", PATH, [*JSON, (b"content-encoding", b"gzip")], 415),
    ],
)
async def test_what_is_refused_by_its_head(
    method: str, path: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    assert (await Exchange(b"{}").through(AdmissionApp(Constant()), method, path, headers=headers))[0] == status


async def test_a_body_over_the_limit_is_refused_as_a_review() -> None:
    app = AdmissionApp(Constant(), Limits(body_bytes=10))
    status, body = await Exchange(b"x" * 6, b"x" * 6).through(app)
    assert (status, b"AdmissionReview" in body) == (413, True)


async def test_an_awaitable_answer_is_awaited() -> None:
    async def later() -> Reply:
        await asyncio.sleep(0)
        return Reply(200, ANSWER)

    app = AdmissionApp(Fake(does=lambda *_: later()))
    assert await Exchange(b"{}").through(app) == (200, ANSWER)
    await asyncio.sleep(0)
    assert not app.pending


async def test_a_future_is_an_answer_too() -> None:
    future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    future.set_result(Reply(200, ANSWER))
    assert await Exchange(b"{}").through(AdmissionApp(Fake(does=lambda *_: future))) == (200, ANSWER)


async def test_a_client_that_leaves_cancels_its_review() -> None:
    cancelled = asyncio.Event()

    async def endless() -> Reply:
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()
        raise AssertionError

    exchange = Exchange(b"{}", gone=True)
    with pytest.raises(ValueError, match="unpack"):
        await exchange.through(AdmissionApp(Fake(does=lambda *_: endless())))
    assert cancelled.is_set()
    assert not exchange.sent


async def test_a_client_that_leaves_before_its_body_is_forgotten() -> None:
    fake = Fake()
    exchange = Exchange(gone=True)
    with pytest.raises(ValueError, match="unpack"):
        await exchange.through(AdmissionApp(fake))
    assert not fake.bodies


async def test_a_refusal_that_fails_is_refused_all_the_same() -> None:
    class Broken(Constant):
        def review(self, path: str, body: bytes, timeout: float) -> Reply:
            raise ValueError

        refuse = None  # type: ignore[assignment]

    status, body = await Exchange(b"{}").through(AdmissionApp(Broken()))
    assert status == 500
    assert b'"kind":"Status"' in body


async def test_only_http_is_served() -> None:
    exchange = Exchange()
    scope: Any = {"type": "websocket"}
    with pytest.raises(RuntimeError, match="only HTTP"):
        await AdmissionApp(Constant())(scope, exchange.receive, exchange.send)


async def test_health_is_an_application_too() -> None:
    app = HealthApp(Checks("readyz"))
    assert await Exchange(b"").through(app, "GET", "/healthz") == (200, b"ok")


async def test_targets_are_remembered_up_to_a_number() -> None:
    app = AdmissionApp(Constant())
    for i in range(3000):
        assert not isinstance(app.admit(b"POST", f"{PATH}?timeout=3s&x={i}".encode(), dict(JSON)), Reply)
    assert len(app._calls) <= 1024
