"""HTTPS to an API server with nothing but the standard library: what a client of another make would send, byte by byte."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlparse

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    content_type: str
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON; a text where it is none."""
        with suppress(ValueError):
            return json.loads(self.body)
        return self.body.decode(errors="replace")

    @property
    def is_status(self) -> bool:
        """Whether it is a refusal as Kubernetes words it."""
        try:
            found = self.document
            return (found["kind"], found["code"]) == ("Status", self.status)
        except (KeyError, TypeError):
            return False


class Speaker:
    """One connection, opened when it is needed and opened anew when it broke."""

    def __init__(self, url: str, token: str, *, seconds: float = 300) -> None:
        self._at, self._token, self._seconds = urlparse(url), token, seconds
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._connection: http.client.HTTPSConnection | None = None

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | str = "",
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """The reply. Bytes are sent as they are, all else as JSON.

        Raises OSError or HTTPException when there is none.
        """
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        text = query if isinstance(query, str) else urlencode(query, doseq=True)
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type, "Accept": "application/json"}
        connection = self._connection or self._connected()
        try:
            connection.request(method, f"{path}?{text}" if text else path, content, sent | (headers or {}))
            with connection.getresponse() as response:
                return Reply(response.status, response.headers.get("Content-Type", ""), response.read())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPSConnection:
        host, port = self._at.hostname or "", self._at.port
        self._connection = http.client.HTTPSConnection(host, port, context=self._context, timeout=self._seconds)
        return self._connection
