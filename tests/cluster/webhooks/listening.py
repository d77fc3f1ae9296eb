"""Webhooks for tests: a real HTTPS server on loopback that answers by script and keeps what it was sent."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import http.server
import json
import ssl
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Reply = dict[str, Any]
"""``response`` and ``review`` are laid over an answer that allows; ``http`` replaces it; ``sleep`` comes before it."""


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate and its key, PEM."""

    certificate: bytes
    key: bytes

    @property
    def bundle(self) -> str:
        """As a caBundle carries it."""
        return base64.b64encode(self.certificate).decode()


def identity(*names: str, common_name: str = "localhost", days: tuple[int, int] = (-1, 1)) -> Identity:
    """A certificate made out to DNS names, valid from so many days to so many."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now + dt.timedelta(days=days[0]))
    builder = builder.not_valid_after(now + dt.timedelta(days=days[1]))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False
        )
    certificate = builder.sign(key, hashes.SHA256())
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


@dataclass
class Received:
    """One call: its path with the query, headers, review, and the client's port, which tells the connection."""

    path: str
    method: str
    headers: dict[str, str]
    review: dict[str, Any]
    port: int


@dataclass
class Listener:
    """A server of webhooks; every path is one, `replies` says what it answers call by call, the last one from then on."""

    port: int
    identity: Identity
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def url(self, name: str) -> str:
        """The address of one of them."""
        return f"https://localhost:{self.port}/{name}"

    def paths(self) -> list[str]:
        """Which were called, in order."""
        return [one.path.partition("?")[0].strip("/") for one in self.received]

    def reviews(self) -> list[dict[str, Any]]:
        """The requests in the reviews they were sent."""
        return [one.review["request"] for one in self.received]


def _handler(listener: Callable[[], Listener]) -> type[http.server.BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one go: in two, the second waits for the first to be acknowledged

        def log_message(self, *args: object) -> None: ...

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            name = self.path.partition("?")[0].strip("/")
            with lock:
                review = json.loads(body) if body else {}
                turn = listener().paths().count(name)
                port = self.client_address[1]
                listener().received.append(Received(self.path, self.command, dict(self.headers), review, port))
            script = listener().replies.get(name, [{}])
            self._answer(script[min(turn, len(script) - 1)], review)

        def _answer(self, reply: Reply, review: dict[str, Any]) -> None:
            time.sleep(reply.get("sleep", 0))
            if "http" in reply:
                given = reply["http"]
                self._send(given.get("status", 200), given.get("headers", {}), given.get("body", "").encode())
                return
            response = {"uid": review["request"]["uid"], "allowed": True} | reply.get("response", {})
            if isinstance(response.get("patch"), list):
                response["patch"] = base64.b64encode(json.dumps(response["patch"]).encode()).decode()
            answer = {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response}
            body = json.dumps(answer | reply.get("review", {})).encode()
            self._send(200, {"Content-Type": "application/json"}, body)

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            with contextlib.suppress(OSError):  # a client that gave up
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

    return Handler


@contextlib.contextmanager
def listening(who: Identity | None = None) -> Iterator[Listener]:
    """A listener for as long as the block lasts."""
    who = who or identity("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(who.certificate + who.key)
        file.flush()
        context.load_cert_chain(file.name)
    made: list[Listener] = []

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = False
        block_on_close = True

        def __init__(self, *args: Any) -> None:
            self.open: set[Any] = set()
            super().__init__(*args)

        def get_request(self) -> tuple[Any, Any]:
            connection, address = super().get_request()
            connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self.open.add(connection)
            return connection, address

        def handle_error(self, request: object, client_address: object) -> None: ...  # handshakes are meant to fail

    server = Quiet(("127.0.0.1", 0), _handler(lambda: made[0]))
    made.append(Listener(server.server_address[1], who))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made[0]
    finally:
        server.shutdown()
        thread.join()
        for connection in server.open:
            with contextlib.suppress(OSError):
                connection.shutdown(2)
        server.server_close()
        for connection in server.open:
            connection.close()
