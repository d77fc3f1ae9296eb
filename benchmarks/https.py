"""Small HTTPS calls over loopback, for readiness, for checking answers and for preparing the API server."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """An HTTP status and the body that came with it."""

    status: int
    body: bytes


def call(
    url: str,
    *,
    ca: Path,
    method: str = "GET",
    body: bytes | None = None,
    token: str | None = None,
    content_type: str = "application/json",
    timeout: float = 10,
) -> Answer:
    """One request on a connection of its own, the server checked against `ca`.

    Raises:
        OSError: nobody answers, or it is not whom `ca` vouches for.
    """
    parts = urlsplit(url)
    headers = {"Content-Type": content_type, **({"Authorization": f"Bearer {token}"} if token else {})}
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=timeout, context=ssl.create_default_context(cafile=str(ca))
    )
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


def answers(url: str, *, ca: Path) -> bool:
    """Whether a GET of the URL is answered with 200."""
    try:
        return call(url, ca=ca).status == 200
    except (OSError, http.client.HTTPException):
        return False


def listens(port: int) -> bool:
    """Whether somebody accepts connections on that port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dumps(value: Any) -> bytes:
    """JSON for a request's body."""
    return json.dumps(value).encode()
