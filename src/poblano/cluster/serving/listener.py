"""The HTTPS listener: uvicorn's protocol on the running loop, without its server.

async with Listener(app, pair, Address("127.0.0.1", 0)) as listener:
    print(listener.url)
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poblano.cluster.serving.accepting import Acceptor
from poblano.cluster.serving.certificates import Pair
from poblano.cluster.serving.draining import Application, Draining
from poblano.cluster.serving.sockets import Address, bind

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

GRACE_SECONDS: Final = 0.25  # for requests under way, when it ends
PATIENCE_SECONDS: Final = 0.5  # for the last bytes of streams


class Listener:
    """Serves an application over HTTPS.

    Args:
        app: what answers.
        pair: the certificate to serve.
        address: where; port 0 takes a free one.
        sockets: already bound ones, to be used instead of binding `address` at the start.
    """

    def __init__(
        self, app: Application, pair: Pair, address: Address, *, sockets: list[socket.socket] | None = None
    ) -> None:
        self._app = Draining(app)
        self._tls = tls_context(pair)
        self._address = address
        self._sockets = sockets
        self._acceptor: Acceptor | None = None
        self._connections: set[Any] = set()

    async def start(self) -> None:
        """Listen and serve.

        Raises: OSError when the address cannot be had.
        """
        from poblano.cluster.serving.protocol import protocols

        sockets = self._sockets or bind(self._address)
        self._address = Address(self._address.host, sockets[0].getsockname()[1])
        make, self._connections = protocols(self._app, asyncio.get_running_loop())
        self._acceptor = Acceptor(sockets, make, self._tls)
        self._acceptor.start()

    @property
    def port(self) -> int:
        """The port; before the start it may be 0."""
        return self._address.port

    @property
    def url(self) -> str:
        """Where clients on this machine reach it."""
        return f"https://{self._address.reached_at}"

    async def stop(self) -> None:
        """Accept no more, end what streams, close everything: within about a second. Harmless when done twice."""
        if self._acceptor is not None:
            await self._acceptor.stop()
        for connection in list(self._connections):
            connection.shutdown()
        await self._app.drain(grace=GRACE_SECONDS, patience=PATIENCE_SECONDS)
        await self._gone(PATIENCE_SECONDS)
        for connection in list(self._connections):
            connection.transport.abort()
        await self._gone(PATIENCE_SECONDS)

    async def _gone(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while self._connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 -- uvicorn tells nobody
            await asyncio.sleep(0.01)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def tls_context(pair: Pair) -> ssl.SSLContext:
    """What serves a certificate.

    Raises: ssl.SSLError for a pair that cannot be served.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    with _file(pair.certificate.rstrip() + b"\n" + pair.key) as name:
        context.load_cert_chain(name, password=lambda: "")
    return context


@contextmanager
def _file(content: bytes) -> Generator[str]:
    """A file for OpenSSL, which reads nothing else: in memory where the system can, so that no key is on a disk."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("certificate"), "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    descriptor, name = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield name
    finally:
        Path(name).unlink()
