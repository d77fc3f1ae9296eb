"""A request as bytes, and where an address leads to. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F)))
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding", "upgrade"})
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")  # RFC 9110 5.6.2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads to.

    Attributes:
        host, port: to connect to.
        secure: whether TLS is spoken there.
        login: the value of an ``Authorization`` or ``Proxy-Authorization`` header, if there is a user in the URL.
    """

    host: str
    port: int
    secure: bool
    login: str = field(default="", repr=False)

    @property
    def authority(self) -> str:
        """Host and port, as CONNECT wants both.

        >>> place_of("https://[fd00::1]").authority
        '[fd00::1]:443'
        """
        return f"{self._bracketed}:{self.port}"

    @property
    def name(self) -> str:
        """As in a ``Host`` header: the port is left out where it goes without saying."""
        usual = self.port == (443 if self.secure else 80)
        return self._bracketed if usual else self.authority

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.secure else 'http'}://{self.name}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@lru_cache(maxsize=16)
def place_of(url: str) -> Place:
    """Where a URL leads to.

    >>> place_of("https://api.test:6443/k8s").name, place_of("http://api.test").name
    ('api.test:6443', 'api.test')
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    login = ""
    if parts.username is not None:
        both = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = f"Basic {base64.b64encode(both.encode()).decode('ascii')}"
    return Place(host, parts.port or (443 if secure else 80), secure, login)


def head_of(method: str, target: str, place: Place, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The head of a request.

    Args:
        method: the HTTP method.
        target: the path and query, percent-encoded where they must be; what cannot stand in a URL is encoded here.
        place: who is asked.
        headers: to send; a name may be there more than once.
        body: what will follow; None for nothing.

    Raises:
        ValueError: a header would end early, or is for the client to set.

    >>> head_of("GET", "/version", place_of("https://api.test"), {"Accept": "*/*"}, None)
    b'GET /version HTTP/1.1\\r\\nHost: api.test\\r\\nAccept: */*\\r\\n\\r\\n'
    """
    lines = [f"{method} {quote(target, safe=_AS_IT_IS)} HTTP/1.1"]
    if "Host" not in headers:
        lines.append(f"Host: {place.name}")
    lines += _lines(headers.items())
    if body is not None or method in {"POST", "PUT", "PATCH"}:  # RFC 9110 8.6
        lines.append(f"Content-Length: {len(body or b'')}")
    lines.append("\r\n")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def _lines(headers: Iterable[tuple[str, str]]) -> list[str]:
    lines: list[str] = []
    for name, value in headers:
        if not _TOKEN.issuperset(name) or not name or name.lower() in _FRAMING:
            raise ValueError(f"{name!r} is no header to send: choose another name")
        if "\r" in value or "\n" in value or "\0" in value:
            raise ValueError(f"the header {name} has a line break in it: take that away")
        lines.append(f"{name}: {value}")
    return lines
