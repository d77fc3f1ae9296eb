"""The listener: TLS, keep-alive, and an end that no watch delays."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from poblano.cluster.serving import listener as serving
from poblano.cluster.serving.certificates import Pair
from poblano.cluster.serving.credentials import make
from poblano.cluster.serving.listener import Listener, tls_context
from poblano.cluster.serving.protocol import HEAD_LIMIT
from poblano.cluster.serving.sockets import Address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CREDENTIALS = make()
ANYWHERE = Address("127.0.0.1", 0)


class App:
    """Answers, streams for ever, or never answers, as the path asks."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        try:
            if path == "/never":
                await asyncio.Event().wait()
            headers = [(b"content-length", b"2")] if path == "/" else []
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while path == "/watch":
                await send({"type": "http.response.body", "body": b"event\n", "more_body": True})
                await asyncio.sleep(0.01)
            if path == "/slow":
                await asyncio.sleep(0.05)
            await send({"type": "http.response.body", "body": b"ok"})
        finally:
            self.ended.append(path)


@pytest.fixture(name="session")
async def fixture_session() -> AsyncIterator[aiohttp.ClientSession]:
    context = ssl.create_default_context(cadata=CREDENTIALS.authority.decode())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        yield session


async def test_it_answers_over_tls_and_says_nothing_of_itself(session: aiohttp.ClientSession) -> None:
    async with Listener(App(), CREDENTIALS.serving, ANYWHERE) as listener:
        assert listener.url == f"https://127.0.0.1:{listener.port}"
        async with session.get(listener.url) as answer:
            assert (answer.status, await answer.text()) == (200, "ok")
            assert set(answer.headers) == {"Content-Length"}


async def test_a_connection_serves_one_request_after_the_other(session: aiohttp.ClientSession) -> None:
    async with Listener(App(), CREDENTIALS.serving, ANYWHERE) as listener:
        for _ in range(3):
            async with session.get(listener.url) as answer:
                await answer.read()
        assert len(listener._connections) == 1


async def test_a_client_that_does_not_trust_the_authority_does_not_get_in() -> None:
    async with Listener(App(), CREDENTIALS.serving, ANYWHERE) as listener, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(listener.url)


async def test_streams_end_cleanly_when_it_ends(session: aiohttp.ClientSession) -> None:
    app = App()
    async with Listener(app, CREDENTIALS.serving, ANYWHERE) as listener:
        streams = [await session.get(listener.url + "/watch") for _ in range(20)]
        first = [await stream.content.readline() for stream in streams]
    rest = [await stream.read() for stream in streams]
    assert set(first) == {b"event\n"}
    assert all(read.replace(b"event\n", b"") == b"" for read in rest)
    assert app.ended == ["/watch"] * 20
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(listener.url)


async def test_what_is_under_way_is_answered_and_what_hangs_is_told_to_come_back(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "GRACE_SECONDS", 2.0)  # far more than what is slow takes, on any machine
    app = App()
    async with Listener(app, CREDENTIALS.serving, ANYWHERE) as listener:
        slow = asyncio.create_task(session.get(listener.url + "/slow"))
        never = asyncio.create_task(session.get(listener.url + "/never"))
        while len(listener._app._serving) < 2:
            await asyncio.sleep(0.01)
    assert await (await slow).read() == b"ok"
    answer = await never
    assert answer.status == 503
    assert (await answer.json())["reason"] == "ServiceUnavailable"
    assert answer.headers["Retry-After"] == "1"
    assert sorted(app.ended) == ["/never", "/slow"]


async def test_a_client_that_reads_nothing_does_not_keep_it(session: aiohttp.ClientSession) -> None:
    async def flood(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})

    async with asyncio.timeout(90):
        async with Listener(flood, CREDENTIALS.serving, ANYWHERE) as listener:
            answer = await session.get(listener.url)
            await asyncio.sleep(0.1)
        answer.close()


async def test_connections_without_a_request_do_not_keep_it() -> None:
    async with Listener(App(), CREDENTIALS.serving, ANYWHERE) as listener:
        _, silent = await asyncio.open_connection("127.0.0.1", listener.port)
        context = ssl.create_default_context(cadata=CREDENTIALS.authority.decode())
        reader, idle = await asyncio.open_connection("127.0.0.1", listener.port, ssl=context)
    assert await reader.read() == b""
    for writer in (silent, idle):
        writer.close()


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_head_without_an_end_is_refused(at_once: bool) -> None:
    context = ssl.create_default_context(cadata=CREDENTIALS.authority.decode())
    async with Listener(App(), CREDENTIALS.serving, ANYWHERE) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=context)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * (2 * HEAD_LIMIT if at_once else 10))
        for _ in range(0 if at_once else 40):
            writer.write(b"y" * 65536)
            await asyncio.sleep(0)
        assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
        writer.close()


async def test_many_requests_on_a_connection_may_be_more_than_one_head(session: aiohttp.ClientSession) -> None:
    async with Listener(App(), CREDENTIALS.serving, ANYWHERE) as listener:
        for _ in range(3):
            async with session.get(listener.url, headers={"x": "y" * (HEAD_LIMIT // 2)}) as answer:
                assert answer.status == 200


async def test_a_status_that_http_does_not_know_is_passed_on(session: aiohttp.ClientSession) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 777, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with Listener(app, CREDENTIALS.serving, ANYWHERE) as listener, session.get(listener.url) as answer:
        assert answer.status == 777


async def test_an_end_before_the_beginning_is_none() -> None:
    await Listener(App(), CREDENTIALS.serving, ANYWHERE).stop()


def test_a_certificate_of_another_key_is_not_served() -> None:
    with pytest.raises(ssl.SSLError):
        tls_context(Pair(CREDENTIALS.serving.certificate, make().serving.key))
