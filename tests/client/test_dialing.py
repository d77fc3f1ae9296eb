"""Names, addresses and proxies."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
from pathlib import Path

import pytest
import uvloop

from poblano.client import dialing
from poblano.client.access import Access, Cluster, Material
from poblano.client.dialing import Target, dial
from poblano.client.no_answer import HandshakeFailed, NotInTime, Unreachable
from poblano.client.transport import ApiClient
from poblano.client.wire import place_of
from tests.client.loopback import Pki, serving, silent, tcp_server
from tests.ports import free_port


def addresses(monkeypatch, *ports):
    """The name leads to these ports of 127.0.0.1, in turn."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    async def look_up(place):
        return found

    monkeypatch.setattr(dialing, "_addresses", look_up)


async def test_of_several_addresses_the_first_that_answers_is_taken(monkeypatch):
    async with tcp_server(silent) as port:
        addresses(monkeypatch, free_port(), free_port(), port)
        connection = await dial(Target(place_of("http://many.test")), 60)
        assert connection.transport.get_extra_info("peername")[1] == port
        connection.abort()
        await connection.lost


async def test_an_address_that_says_nothing_does_not_hold_up_the_next(monkeypatch):
    reached = dialing._reached

    async def slow(address):
        if address[4][1] == 1:
            await asyncio.Event().wait()
        return await reached(address)

    monkeypatch.setattr(dialing, "_reached", slow)
    async with tcp_server(silent) as port:
        addresses(monkeypatch, 1, port)
        connection = await dial(Target(place_of("http://many.test")), 60)
        connection.abort()
        await connection.lost


async def test_where_no_address_answers_the_reason_of_the_first_is_told(monkeypatch):
    addresses(monkeypatch, free_port(), free_port())
    with pytest.raises(Unreachable, match="Connection refused"):
        await dial(Target(place_of("http://many.test")), 60)


async def test_whoever_gives_up_at_the_moment_of_the_connection_leaves_no_socket(monkeypatch):
    made: list[socket.socket] = []
    reached = dialing._reached

    async def and_then(address):
        made.append(await reached(address))
        asyncio.get_running_loop().call_soon(task.cancel)
        return made[-1]

    monkeypatch.setattr(dialing, "_reached", and_then)
    async with tcp_server(silent) as port:
        addresses(monkeypatch, port, port)
        task = asyncio.create_task(dialing._connected(place_of("http://many.test")))
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [one.fileno() for one in made] == [-1]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_whoever_gives_up_at_any_moment_leaves_a_loop_that_works(pki: Pki, loop):
    """A socket that is closed while the loop watches it is in the way of the next that gets its number."""
    trusting = ssl.create_default_context(cafile=str(pki.ca))

    async def work():
        async with serving(tls=pki.server_context()) as server:
            target, steps, ended = Target(place_of(server.url), trusting), 0, 0
            while ended < 3:
                steps += 1
                task = asyncio.create_task(dial(target, 60))
                for _ in range(steps):
                    await asyncio.sleep(0)
                ended += task.cancel() is False
                with contextlib.suppress(asyncio.CancelledError):
                    connection = await task
                    connection.abort()
                    await connection.lost

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(work(), 90))
    gc.collect()  # an open socket would be a ResourceWarning, and so an error


async def test_a_name_that_nobody_knows_is_told(monkeypatch):
    async def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(Unreachable, match="Name or service not known"):
        await dial(Target(place_of("http://nobody.invalid")), 60)


async def test_a_handshake_that_is_not_answered_is_given_up():
    async with tcp_server(silent) as port:
        target = Target(place_of(f"https://127.0.0.1:{port}"), ssl.create_default_context())
        with pytest.raises(NotInTime):
            await dial(target, 0.1)


async def test_a_name_that_is_not_in_the_certificate_is_not_trusted(pki: Pki):
    async with serving(tls=pki.server_context()) as server:
        trusting = ssl.create_default_context(cafile=str(pki.ca))
        with pytest.raises(HandshakeFailed) as caught:
            await dial(Target(place_of(server.url), trusting, "other.test"), 60)
    assert caught.value.untrusted
    assert "other.test" in caught.value.why


async def test_a_proxy_may_speak_tls_itself(pki: Pki, monkeypatch):
    """TLS inside of TLS."""
    asked: list[bytes] = []

    async def proxy(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        host, port = asked[-1].split()[1].decode().rsplit(":", 1)
        upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, upstream_writer), pump(upstream_reader, writer))

    async def pump(reader, writer):
        try:
            while chunk := await reader.read(65536):
                writer.write(chunk)
        except (OSError, ssl.SSLError):
            pass
        writer.close()

    trusting = ssl.create_default_context(cafile=str(pki.ca))
    monkeypatch.setattr(dialing.ssl, "create_default_context", lambda: trusting)
    async with serving(tls=pki.server_context()) as server:
        between = await asyncio.start_server(proxy, "127.0.0.1", 0, ssl=pki.server_context())
        async with between:
            url = f"https://jane:p%40ss@127.0.0.1:{between.sockets[0].getsockname()[1]}"
            cluster = Cluster(server.url, certificate_authority=Material(Path(pki.ca)), proxy_url=url)
            async with ApiClient(Access(cluster), environ={}) as client:
                for _ in range(2):
                    assert (await client.request("GET", "/api")).status == 200
    assert len(asked) == 1
    assert b"Proxy-Authorization: Basic amFuZTpwQHNz\r\n" in asked[0]


async def test_a_proxy_that_hangs_up_is_named_and_nothing_was_sent_through_it():
    async def leaving(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with tcp_server(leaving) as port:
        target = Target(place_of("https://api.test"), ssl.create_default_context(), proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(Unreachable, match="it was closed") as caught:
            await dial(target, 60)
    assert caught.value.proxy


async def test_a_proxy_is_asked_itself_where_the_server_speaks_no_tls():
    async with serving() as proxy:
        url = proxy.url.replace("http://", "http://jane:secret@")
        async with ApiClient(Access(Cluster("http://cluster.invalid:8080", proxy_url=url)), environ={}) as client:
            await client.request("GET", "/version", query={"a": "1"})

    (asked,) = proxy.asked
    assert asked.path == "http://cluster.invalid:8080/version?a=1"
    assert asked.headers["Host"] == "cluster.invalid:8080"
    assert asked.headers["Proxy-Authorization"] == "Basic amFuZTpzZWNyZXQ="
