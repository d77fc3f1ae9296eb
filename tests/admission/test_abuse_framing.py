"""Hostile requests over the wire: each is answered in HTTP or cut, and the others hear nothing of it."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from poblano.admission.limits import Limits
from tests.admission.serving import ANSWER, PATH, Fake, connected, post, request, serving

BOTH_LOOPS = True

QUICK = Limits(linger_seconds=0.1)
JSON = "Content-Type: application/json"


@pytest.mark.parametrize(
    ("data", "status"),
    (
        pytest.param(request(f"GET {PATH} HTTP/1.1", "Host: a"), 405, id="GET"),
        pytest.param(request(f"PUT {PATH} HTTP/1.1", "Host: a", JSON, "Content-Length: 2", body=b"{}"), 405, id="PUT"),
        pytest.param(request(f"DELETE {PATH} HTTP/1.1", "Host: a"), 405, id="DELETE"),
        pytest.param(request(f"OPTIONS {PATH} HTTP/1.1", "Host: a"), 405, id="OPTIONS"),
        pytest.param(request("OPTIONS * HTTP/1.1", "Host: a"), 404, id="OPTIONS star"),
        pytest.param(request("GET / HTTP/1.1", "Host: a"), 404, id="root"),
        pytest.param(request("GET /healthz HTTP/1.1", "Host: a"), 404, id="health has its own port"),
        pytest.param(request("GET /metrics HTTP/1.1", "Host: a"), 404, id="metrics have their own port"),
        pytest.param(post(b"{}", "/../mutate/fail/10"), 404, id="dots before"),
        pytest.param(post(b"{}", "/mutate/x/../fail/10"), 404, id="dots within"),
        pytest.param(post(b"{}", "/mutate/%66ail/10"), 404, id="encoded letter"),
        pytest.param(post(b"{}", "/%2e%2e/%2e%2e/etc/passwd"), 404, id="encoded dots"),
        pytest.param(post(b"{}", "//mutate/fail/10"), 404, id="two slashes"),
        pytest.param(post(b"{}", f"{PATH}/"), 404, id="slash at the end"),
        pytest.param(post(b"{}", f"{PATH}%00"), 404, id="encoded NUL"),
        pytest.param(post(b"{}", PATH.upper()), 404, id="capitals"),
        pytest.param(post(b"{}", f"https://other.example.com{PATH}?timeout=1s"), 200, id="absolute address"),
        pytest.param(post(b"{}", f"{PATH}?{'a=b&' * 2000}timeout=9s"), 200, id="long query"),
        pytest.param(post(b"{}", f"{PATH}?timeout=99999999999999999h"), 200, id="huge timeout"),
        pytest.param(post(b"{}", f"{PATH}?timeout=-1s&timeout=NaN"), 200, id="odd timeouts"),
        pytest.param(post(b"{}").replace(b"application/json", b"text/plain"), 415, id="text"),
        pytest.param(post(b"{}").replace(b"application/json", b"application/jsonx"), 415, id="nearly json"),
        pytest.param(post(b"{}").replace(b"application/json", b""), 415, id="empty type"),
        pytest.param(post(b"{}").replace(b"Content-Type", b"Content-Kind"), 415, id="no type"),
        pytest.param(post(b"{}").replace(b"ion/json", b"ion/json; charset=utf-8"), 200, id="json with a charset"),
        pytest.param(post(gzip.compress(b"{}"), PATH, "Content-Encoding: gzip"), 415, id="gzip"),
        pytest.param(post(b"{}", PATH, "Content-Encoding: identity"), 415, id="identity encoding"),
        pytest.param(post(b"", PATH), 200, id="empty body"),
    ),
)
async def test_a_refused_request_leaves_the_connection_usable(data: bytes, status: int) -> None:
    async with serving() as server, connected(server) as client:
        answer = await client.ask(data)
        assert (answer.status, answer.closes) == (status, False)
        assert answer.headers["content-type"] == "application/json"
        assert (status == 405) == ("allow" in answer.headers)
        assert (await client.ask(post())).body == ANSWER


@pytest.mark.parametrize(
    ("data", "statuses"),
    (
        pytest.param(b"\x00" * 1000, {400}, id="zeros"),
        pytest.param(b"\xff\xfe\xfd" * 1000, {400}, id="bytes"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}, id="http2"),
        pytest.param(b"GET /\r\n\r\n", {505}, id="http 0.9"),
        pytest.param(post(b"{}", PATH, "Transfer-Encoding: chunked"), {400}, id="CL.TE"),
        pytest.param(post(b"0\r\n\r\nGET / HTTP/1.1\r\n", PATH, "Transfer-Encoding: chunked"), {400}, id="smuggled"),
        pytest.param(post(b"{}", PATH, "Transfer-Encoding: xchunked"), {400}, id="TE unknown with CL"),
        pytest.param(post(b"{}", PATH, "Transfer-Encoding : chunked"), {400}, id="TE with a blank"),
        pytest.param(post(b"{}", PATH, "X: y\n\nGET / HTTP/1.1"), {400}, id="bare line feeds"),
        pytest.param(post(b"{}", PATH, "X: y\rGET / HTTP/1.1"), {400}, id="bare carriage return"),
        pytest.param(post(b"{}", PATH, "Content-Length: 0"), {400}, id="two lengths"),
        pytest.param(post(b"{}").replace(b"HTTP/1.1", b"HTTP/2.0"), {505}, id="http 2.0 by name"),
        pytest.param(post(b"{}", PATH, "Upgrade: websocket", "Connection: Upgrade"), {400}, id="websocket"),
        pytest.param(request("CONNECT evil:443 HTTP/1.1", "Host: evil:443"), {400}, id="CONNECT"),
        pytest.param(post(b"{}", PATH, "X: " + "y" * 70_000), {431}, id="large header"),
        pytest.param(post(b"{}", PATH, *(f"X{i}: y" for i in range(20_000))), {431}, id="many headers"),
        pytest.param(post(b"{}", f"{PATH}?{'x' * 70_000}"), {431}, id="huge address"),
        pytest.param(b"A" * 200_000, {400, 431}, id="endless method"),
        pytest.param(b"\r\n" * 100_000, {400, 431}, id="endless blank lines"),
    ),
)
async def test_what_is_not_understood_is_answered_once_and_cut(data: bytes, statuses: set[int]) -> None:
    async with serving(limits=QUICK) as server, connected(server) as other, connected(server) as client:
        await client.send(data)
        answer = await client.answer()
        assert answer.status in statuses
        assert answer.closes
        assert (await other.ask(post())).body == ANSWER
        assert await client.closed() == b""


async def test_ten_thousand_pipelined_requests_are_answered_in_order() -> None:
    fake = Fake()
    async with serving(fake) as server, connected(server) as client:
        sending = asyncio.create_task(client.send(b"".join(post(b"%d" % i) for i in range(10_000))))
        for _ in range(10_000):
            assert (await client.answer()).status == 200
        await sending
    assert fake.bodies == [b"%d" % i for i in range(10_000)]


async def test_a_request_byte_by_byte_is_a_request() -> None:
    async with serving() as server, connected(server) as client:
        for byte in post(b'{"a":1}'):
            client.writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await client.answer()).body == ANSWER
