"""One HTTP connection: uvicorn's, with a limit for the head of a request, and answers of every status.

Imported when a listener starts: uvicorn is not cheap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from poblano.cluster.serving.draining import Application

HEAD_LIMIT: Final = 1 << 20  # net/http: DefaultMaxHeaderBytes
# Clients keep idle connections for 90 seconds (net/http: DefaultTransport). A server that is quicker closes one at the
# very moment that a request goes out on it, and a POST is not repeated.
KEEP_ALIVE_SECONDS: Final = 180

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

for _code in range(600, 1000):  # a webhook may deny with any of them, and its word is passed on
    STATUS_LINE.setdefault(_code, f"HTTP/1.1 {_code} status code {_code}\r\n".encode())


class Protocol(HttpToolsProtocol):
    """A connection whose requests have heads of at most HEAD_LIMIT bytes, give or take what one read brings."""

    _head = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it is too much."""
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head begins."""
        self._in_head, self._head = True, 0
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: kubectl exec asks for an upgrade and is told why there is none; uvicorn tells to install something."""


def protocols(app: Application, loop: asyncio.AbstractEventLoop) -> tuple[Callable[[], asyncio.Protocol], set[Any]]:
    """What makes the protocol of a connection, and the set that each is in for as long as it lives."""
    options: dict[str, Any] = {
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "date_header": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
    }
    config = Config(cast("Callable[..., Any]", app), http=Protocol, **options)
    config.load()
    state = ServerState()
    connections: set[Any] = state.connections
    return lambda: Protocol(config, state, {}, loop), connections
