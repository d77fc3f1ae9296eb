"""What one hostile client does to the others: `python -m benchmarks.abuse`.

For each kind of abuse, four well-behaved clients ask a server for a while, first by themselves, then beside one hostile
client in a process of its own that does its worst as fast as it is answered. Every well-behaved request must be
answered correctly. Printed are their p99 without and with it, and by how much the server's memory grew.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine, tables
from benchmarks.figures import compact
from benchmarks.processes import ALL_CORES, CLIENT_CORE, SERVER_CORE, pin
from tests.admission.hostile import GOOD, NUMBERED, hostile
from tests.admission.process import Served, served
from tests.admission.serving import Client, connected, issued, post, trusting

SECONDS = 2.0
CLIENTS = 4
PAUSE_SECONDS = 0.002
PATH = "/mutate/fail/10"

Abuse = Callable[["Target"], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where the server is, and whom to trust."""

    port: int
    authority: bytes

    def reach(self) -> contextlib.AbstractAsyncContextManager[Client]:
        """A connection to it."""
        return connected(self, trusting(self.authority))


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of abuse did: milliseconds and megabytes."""

    name: str
    alone_ms: float
    beside_ms: float
    grown_mb: float


def posting(number: int) -> Abuse:
    """Post the bodies of a number, over and over."""

    async def abuse(target: Target) -> None:
        requests = [post(body, PATH) for body in hostile(number).values()]
        async with target.reach() as client:
            while True:
                for request in requests:
                    await client.ask(request)

    return abuse


async def too_large(target: Target) -> None:
    """Bodies over the limit, each on a connection of its own."""
    request = post(b"x" * (8 * 1024 * 1024), PATH)
    while True:
        async with target.reach() as client:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await client.ask(request)


async def headers(target: Target) -> None:
    """A header that does not end."""
    while True:
        async with target.reach() as client:
            with contextlib.suppress(OSError, ssl.SSLError):
                await client.send(b"POST / HTTP/1.1\r\nX: ")
                for _ in range(100):
                    await client.send(b"y" * 65_536)


async def trickles(target: Target) -> None:
    """A hundred requests that come byte by byte."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(target.reach()) for _ in range(100)]
        for byte in post(GOOD, PATH):
            for client in clients:
                await client.send(bytes([byte]))
            await asyncio.sleep(0.01)


async def hang_ups(target: Target) -> None:
    """Connections that are cut in the middle of a request."""
    while True:
        async with target.reach() as client:
            await client.send(post(GOOD, PATH)[:-10])


async def garbage(target: Target) -> None:
    """What is no TLS."""
    while True:
        _, writer = await asyncio.open_connection("127.0.0.1", target.port)
        with contextlib.suppress(OSError):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await writer.drain()
        writer.close()


async def pipelines(target: Target) -> None:
    """A thousand requests at once, and no look at the answers."""
    async with target.reach() as client:
        while True:
            client.writer.write(post(GOOD, PATH) * 1000)
            for _ in range(1000):
                await client.answer()


ABUSES: dict[str, Abuse] = {
    **{f"bodies {number}": posting(number) for number in NUMBERED},
    "bodies over 7 MiB": too_large,
    "endless headers": headers,
    "trickles": trickles,
    "hang-ups": hang_ups,
    "no TLS": garbage,
    "pipelines": pipelines,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.abuse", description="What a hostile client does to the others."
    )
    parser.add_argument("--only", nargs="*", choices=ABUSES, metavar="NAME", help=f"of: {', '.join(ABUSES)}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"for each measurement (default: {SECONDS:g})")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="poblano-abuse-") as scratch, _on(CLIENT_CORE):
        rows = asyncio.run(_measured(options.only or list(ABUSES), options.seconds, Path(scratch)))
    head = ["one hostile client sends", "p99 ms of the others, without", "with", "memory grown MB"]
    print(tables.table(head, ([row.name, *map(compact, (row.alone_ms, row.beside_ms, row.grown_mb))] for row in rows)))
    print(f"\n{machine.describe()}")
    return 0


@contextlib.contextmanager
def _on(core: int) -> Iterator[None]:
    """Stay on one core, so that the server has the other."""
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ALL_CORES)


async def _measured(names: Sequence[str], seconds: float, scratch: Path) -> list[Row]:
    rows: list[Row] = []
    async with served(scratch, rules=True) as server:
        pin([server.process.pid], {SERVER_CORE})
        await _p99(server, seconds)
        for name in names:
            before, alone = server.rss(), await _p99(server, seconds)
            async with _beside(name, Target(server.port, issued().authority)):
                beside = await _p99(server, seconds)
            await _p99(server, 0.2)
            rows.append(Row(name, alone, beside, max(0, server.rss() - before) / 1e6))
    return rows


@contextlib.asynccontextmanager
async def _beside(name: str, target: Target) -> AsyncIterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=_abuse, args=(name, target), daemon=True)
    process.start()
    await asyncio.sleep(1)  # until it has started and made its bodies
    try:
        yield
    finally:
        process.kill()
        await asyncio.to_thread(process.join)


def _abuse(name: str, target: Target) -> None:
    asyncio.run(ABUSES[name](target))


async def _p99(server: Served, seconds: float) -> float:
    """The 99th percentile of what well-behaved clients wait, in milliseconds.

    Raises:
        AssertionError: one was not answered, or wrongly.
    """
    waits: list[float] = []

    async def ask() -> None:
        async with connected(server) as client:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                begun = time.perf_counter()
                answer = await client.ask(post(GOOD, PATH))
                waits.append(time.perf_counter() - begun)
                assert answer.status == 200
                assert b'"uid":"good","allowed":true' in answer.body, answer.body
                await asyncio.sleep(PAUSE_SECONDS)

    await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    return sorted(waits)[len(waits) * 99 // 100] * 1000


if __name__ == "__main__":
    sys.exit(main())
