"""Leaving, and changing certificates, without failing a request."""

from __future__ import annotations

import asyncio
import signal
import ssl
from pathlib import Path

import pytest

from poblano.admission.app import Reply
from poblano.admission.certificates import Pair, issue
from poblano.admission.tls import UnusableCertificate
from tests.admission.process import served
from tests.admission.serving import (
    ANSWER,
    Client,
    Fake,
    HasPort,
    at_any_pace,
    connected,
    issued,
    post,
    request,
    serving,
    trusting,
    until,
)

BOTH_LOOPS = True


class ApiServer:
    """Asks all the time over one connection, and takes another when it is told to close, as an API server does."""

    def __init__(self, server: HasPort, context: ssl.SSLContext | None = None) -> None:
        self.server = server
        self.context = context or trusting()
        self.answered = 0
        self.failed: list[object] = []
        self.connections = 0
        self.stop = False

    async def run(self) -> None:
        while not self.stop:
            try:
                client = await self._dial()
            except OSError:
                return  # nobody listens any more: a Service has taken the address out long before
            try:
                await self._ask(client)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.failed.append(error)
            finally:
                client.writer.transport.abort()

    async def _dial(self) -> Client:
        self.connections += 1
        return Client(
            *await asyncio.open_connection("127.0.0.1", self.server.port, ssl=self.context, server_hostname="localhost")
        )

    async def _ask(self, client: Client) -> None:
        while not self.stop:
            answer = await client.ask(post())
            self.answered += 1
            if answer.status != 200:
                self.failed.append(answer)
            if answer.closes:
                return
            await asyncio.sleep(0.001)


async def test_a_drain_under_load_fails_no_request() -> None:
    async with serving(grace=0.5) as server:
        clients = [ApiServer(server) for _ in range(8)]
        running = [asyncio.create_task(client.run()) for client in clients]
        await until(lambda: all(client.answered > 10 for client in clients))
        assert await server.drain()
        await asyncio.gather(*running)
    assert not [failure for client in clients for failure in client.failed]


async def test_while_it_drains_every_answer_asks_to_close() -> None:
    async with serving(grace=3600) as server, connected(server) as before:
        assert not (await before.ask(post())).closes
        draining = asyncio.create_task(server.drain())
        await asyncio.sleep(0)
        assert server.draining
        async with connected(server) as new:
            for client in (before, new):
                answer = await client.ask(post())
                assert (answer.status, answer.closes) == (200, True)
                assert await client.closed() == b""
        server.hurry()
        await draining


async def test_a_review_under_way_is_waited_for() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow() -> Reply:
        begun.set()
        await release.wait()
        return Reply(200, ANSWER)

    async with serving(Fake(does=lambda *_: slow())) as server, connected(server) as client:
        await client.send(post())
        await begun.wait()
        draining = asyncio.create_task(server.drain())
        await asyncio.sleep(0.1)
        assert not draining.done()
        release.set()
        answer = await client.answer()
        assert (answer.body, answer.closes) == (ANSWER, True)
        assert await draining


async def test_hurry_cuts_what_is_under_way() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def endless() -> Reply:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()
        raise AssertionError

    async with serving(Fake(does=lambda *_: endless())) as server, connected(server) as client:
        await client.send(post())
        draining = asyncio.create_task(server.drain())
        await begun.wait()
        await asyncio.sleep(0)
        server.hurry()
        assert not await draining
        assert cancelled.is_set()
        assert not server.app.pending


async def test_close_may_come_twice_and_before_the_start() -> None:
    async with serving() as server:
        await server.close()
        await server.close()


@at_any_pace
async def test_a_signal_drains_and_the_health_port_says_so(tmp_path: Path, seconds: float) -> None:
    async with served(tmp_path, grace=5 * seconds) as server:
        client = ApiServer(server)
        running = asyncio.create_task(client.run())
        await until(lambda: client.answered > 0)
        assert await ready(server.health_port) == 200
        server.process.send_signal(signal.SIGTERM)
        await drains(server.health_port)
        await running
        assert await server.process.wait() == 0
    assert not client.failed


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(tmp_path: Path, second: signal.Signals) -> None:
    async with served(tmp_path, grace=3600) as server:
        server.process.send_signal(signal.SIGTERM)
        await drains(server.health_port)
        server.process.send_signal(second)
        assert await asyncio.wait_for(server.process.wait(), 90) == 0


async def drains(port: int) -> None:
    async with asyncio.timeout(90):
        while await ready(port) != 503:
            await asyncio.sleep(0.01)


async def ready(port: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    status = (await Client(reader, writer).ask(request("GET /readyz HTTP/1.1", "Host: a"))).status
    writer.close()
    return status


async def test_a_swap_under_load_drops_no_connection() -> None:
    async with serving() as server:
        both = ssl.create_default_context(cadata=issued().authority.decode())
        later = [issue(["localhost"]) for _ in range(5)]
        for made in later:
            both.load_verify_locations(cadata=made.authority.decode())
        clients = [ApiServer(server, both) for _ in range(8)]
        running = [asyncio.create_task(client.run()) for client in clients]
        for made in later:
            await asyncio.sleep(0.1)
            server.certificate.swap(made.pair)
            async with connected(server, trusting(made.authority)) as new:
                assert (await new.ask(post())).status == 200
        for client in clients:
            client.stop = True
        await asyncio.gather(*running)
    assert not [failure for client in clients for failure in client.failed]
    assert [client.connections for client in clients] == [1] * 8
    assert server.certificate.swaps == 5


@pytest.mark.parametrize("broken", ["garbage", "another key", "no key", "empty"])
async def test_a_broken_pair_changes_nothing(broken: str) -> None:
    good, other = issued().pair, issue(["localhost"]).pair
    pairs = {
        "garbage": Pair(b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", good.key),
        "another key": Pair(good.certificate, other.key),
        "no key": Pair(other.certificate, b""),
        "empty": Pair(b"", b""),
    }
    async with serving() as server:
        with pytest.raises(UnusableCertificate, match="cannot be served"):
            server.certificate.swap(pairs[broken])
        assert server.certificate.pair == good
        async with connected(server) as client:
            assert (await client.ask(post())).status == 200
