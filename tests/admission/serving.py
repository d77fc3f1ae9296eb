"""What the tests of the server share: reviewers to serve, and a client that speaks bytes.

Not a test. A benchmark that wants the server with nothing behind it takes `Constant`.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from poblano.admission.app import AdmissionApp, Reply
from poblano.admission.certificates import Issued, issue
from poblano.admission.limits import Limits
from poblano.admission.protocol import AdmissionProtocol
from poblano.admission.server import AdmissionServer, protocol_factory
from poblano.admission.tls import LiveCertificate

PATH = "/mutate/fail/10"
ANSWER = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"1","allowed":true}}'


class Constant:
    """Always the same answer, at once."""

    def __init__(self, body: bytes = ANSWER) -> None:
        self.reply = Reply(200, body)

    def paths(self) -> Collection[str]:
        return [PATH]

    def review(self, path: str, body: bytes, timeout: float) -> Reply | Awaitable[Reply]:
        return self.reply

    def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
        return Reply(status, b'{"kind":"AdmissionReview","refused":"' + message.encode() + b'"}')


class HasPort(Protocol):
    """A server here or in another process."""

    @property
    def port(self) -> int: ...


@dataclass
class Fake(Constant):
    """Does what a test gives it, and remembers what it was asked."""

    does: Callable[[str, bytes, float], Reply | Awaitable[Reply]] = lambda path, body, timeout: Reply(200, ANSWER)
    bodies: list[bytes] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def review(self, path: str, body: bytes, timeout: float) -> Reply | Awaitable[Reply]:
        self.bodies.append(body)
        self.timeouts.append(timeout)
        return self.does(path, body, timeout)


def echo(path: str, body: bytes, timeout: float) -> Reply:
    """The length of the body, as an answer."""
    return Reply(200, b'{"length":%d}' % len(body))


@cache
def issued() -> Issued:
    """One certificate for all tests."""
    return issue(["localhost"], ["127.0.0.1", "::1"])


@asynccontextmanager
async def serving(
    reviewer: Constant | None = None, limits: Limits | None = None, grace: float = 0
) -> AsyncIterator[AdmissionServer]:
    """A server on a free port of the loopback."""
    server = AdmissionServer(
        reviewer or Constant(), LiveCertificate(issued().pair), host="127.0.0.1", port=0, limits=limits, grace=grace
    )
    async with server:
        yield server


def trusting(authority: bytes | None = None) -> ssl.SSLContext:
    """A client's context that trusts the tests' authority."""
    context = ssl.create_default_context(cadata=(authority or issued().authority).decode())
    context.set_alpn_protocols(["http/1.1"])
    return context


class Wire(asyncio.Transport):
    """A connection in memory: what the server wrote, and whether it closed. Who asks for answers ends the loop's turn."""

    def __init__(self, end_turn: Callable[[], None]) -> None:
        super().__init__()
        self.end_turn = end_turn
        self.too_late = 0
        self.written = bytearray()
        self.closed = False
        self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.too_late += self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return 0

    def answers(self) -> list[Answer]:
        """All that was written, which must be whole answers."""
        self.end_turn()
        rest = bytes(self.written)
        found: list[Answer] = []
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            answer = parse_head(head)
            size = int(answer.headers.get("content-length", 0))
            assert len(rest) >= size
            answer.body, rest = rest[:size], rest[size:]
            found.append(answer)
        return found


@contextmanager
def wired(
    reviewer: Constant | None = None, limits: Limits | None = None, app: AdmissionApp | None = None
) -> Iterator[tuple[AdmissionProtocol, Wire]]:
    """One connection in memory; needs a running loop."""
    protocol = protocol_factory(app or AdmissionApp(reviewer or Constant(), limits))()
    assert isinstance(protocol, AdmissionProtocol)
    wire = Wire(protocol.outbox.send)
    protocol.connection_made(wire)
    try:
        yield protocol, wire
        wire.end_turn()
        assert not wire.too_late, "something was written after the end"
    finally:
        protocol.connection_lost(None)


@dataclass
class Answer:
    """One HTTP answer as a client read it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return self.headers.get("connection") == "close"


def parse_head(head: bytes) -> Answer:
    """An answer's first line and headers."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, _phrase = first.split(" ", 2)
    assert version == "HTTP/1.1"
    return Answer(int(status), dict(line.split(": ", 1) for line in lines), b"")


class Client:
    """One TLS connection that writes bytes and reads HTTP answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, head_only: bool = False) -> Answer:
        """The next answer.

        Raises: asyncio.IncompleteReadError when the connection is closed before its end.
        """
        answer = parse_head((await self.reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n"))
        if not head_only and answer.status != 100:
            answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
        return answer

    async def ask(self, data: bytes) -> Answer:
        await self.send(data)
        return await self.answer()

    async def closed(self) -> bytes:
        """Wait for the server to close; what it still said."""
        try:
            return await self.reader.read()
        except (ConnectionError, ssl.SSLError):
            return b""


@asynccontextmanager
async def connected(
    server: HasPort, context: ssl.SSLContext | None = None, *, name: str = "localhost"
) -> AsyncIterator[Client]:
    """A client of a server, which it calls by that name."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, ssl=context or trusting(), server_hostname=name, limit=16 * 1024 * 1024
    )
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def deaf(server: HasPort, sent: bytes) -> AsyncIterator[None]:
    """A client that sends that, and reads none of the answers; a loop's own transports read ahead, whatever they are told."""

    def call() -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", server.port))
        connection = trusting().wrap_socket(plain, server_hostname="localhost")
        connection.sendall(sent)
        return connection

    with await asyncio.to_thread(call):
        yield


def post(body: bytes = b"{}", path: str = PATH, *headers: str) -> bytes:
    """A review as an API server sends it."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "User-Agent: kube-apiserver-admission",
        f"Content-Length: {len(body)}",
        "Accept: application/json, */*",
        "Content-Type: application/json",
        "Accept-Encoding: gzip",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request with nothing but what is given."""
    return "\r\n".join([line, *headers]).encode("latin-1") + b"\r\n\r\n" + body


PACES = (0.2, 1.0, 5.0, 25.0)


def at_any_pace(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """For a test in which a client keeps within a limit of so many `seconds`, its argument, while something else exceeds it.

    On a machine that is slower than the shortest of `PACES`, the client would not: then a longer one is tried.
    """
    asked = inspect.signature(test)

    @functools.wraps(test)
    async def paced(**fixtures: object) -> None:
        for seconds in PACES[:-1]:
            with suppress(Exception):
                return await test(seconds=seconds, **fixtures)
        return await test(seconds=PACES[-1], **fixtures)

    others = [one for one in asked.parameters.values() if one.name != "seconds"]
    paced.__signature__ = asked.replace(parameters=others)  # type: ignore[attr-defined]
    return paced


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what has no event of its own."""
    async with asyncio.timeout(90):
        while not condition():
            await asyncio.sleep(0.01)
