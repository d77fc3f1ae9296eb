"""Real servers on loopback for the client's tests: a scripted API server, a proxy, and certificates for both."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from poblano.client.access import Access, Cluster, User
from poblano.client.transport import ApiClient

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Reply:
    """One answer of the server. `reset` breaks the connection instead."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer_certificate: Mapping[str, object] | None


@dataclass
class Server:
    """Answers with the replies in turn, then for ever with the last one."""

    url: str = ""
    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    asked: list[Asked] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        self.asked.append(
            Asked(
                request.method,
                request.raw_path,
                dict(request.query),
                request.headers.copy(),
                await request.read(),
                request.transport.get_extra_info("peercert"),
            )
        )
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.reset:
            request.transport.abort()
        body = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
        return web.Response(status=reply.status, body=body, headers=reply.headers)


@contextlib.asynccontextmanager
async def serving(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Server]:
    """A scripted server on a free port of 127.0.0.1."""
    server = Server(replies=list(replies) or [Reply()])
    app = web.Application(client_max_size=2**23)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"{'https' if tls else 'http'}://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()


@dataclass
class Clock:
    """Time that only passes when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client_of(url: str, *, user: User | None = None, clock: Clock | None = None, **options: object) -> ApiClient:
    """A client of a server without TLS, whose retries take no time and draw no lots."""
    time = clock or Clock()
    known: dict[str, object] = {"clock": time, "sleep": time.sleep, "chance": lambda: 1.0, "environ": {}, **options}
    return ApiClient(Access(Cluster(url), user or User("tester", token="secret-token"), source="test"), **known)  # type: ignore[arg-type]


def status(code: int, reason: str = "", message: str = "no", **details: object) -> dict[str, object]:
    """A ``Status`` as the API server writes it."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }


@dataclass(frozen=True)
class Pki:
    """A CA and what it has signed, as PEM files in one folder."""

    folder: Path
    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    def server_context(self, *, ask_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.server_key)
        if ask_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def make_pki(folder: Path) -> Pki:
    """A CA; a server certificate for ``api.test`` and 127.0.0.1; a client certificate for ``jane``."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("test CA", ca_key, "test CA", ca_key, is_ca=True)
    files = {"ca.crt": _pem(ca)}
    names = [x509.DNSName("api.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    for name, subject, alternatives in (("server", "api.test", names), ("client", "jane", []), ("other", "joe", [])):
        key = ec.generate_private_key(ec.SECP256R1())
        files[f"{name}.crt"] = _pem(_certificate(subject, key, "test CA", ca_key, alternatives=alternatives))
        files[f"{name}.key"] = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Pki(
        folder,
        folder / "ca.crt",
        folder / "server.crt",
        folder / "server.key",
        folder / "client.crt",
        folder / "client.key",
    )


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool = False,
    alternatives: list[x509.GeneralName] | None = None,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass
class Proxy:
    """An HTTP proxy that knows CONNECT, and what it was asked."""

    url: str = ""
    targets: list[str] = field(default_factory=list)
    password: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            expected = f"Proxy-Authorization: Basic {base64.b64encode(self.password.encode()).decode()}"
            if self.password and expected not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            assert method == "CONNECT"
            self.targets.append(target)
            _host, port = target.rsplit(":", 1)
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_pump(reader, upstream_writer), _pump(upstream_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def proxying(password: str = "") -> AsyncGenerator[Proxy]:
    """A proxy on a free port of 127.0.0.1; with `password` ("user:password") it wants that."""
    proxy = Proxy(password=password)
    async with tcp_server(proxy.serve) as port:
        proxy.url = f"http://{password}@127.0.0.1:{port}" if password else f"http://127.0.0.1:{port}"
        yield proxy


@contextlib.asynccontextmanager
async def tcp_server(handle: Handler) -> AsyncGenerator[int]:
    """A TCP server on a free port of 127.0.0.1, which ends when all of its connections have."""
    async with asyncio.TaskGroup() as connections:

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.create_task(handle(reader, writer))

        async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes all that is said and answers nothing, until the client gives up."""
    with contextlib.suppress(OSError):
        await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
