"""Answers, and how they look on the wire."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

import orjson

JSON = "application/json"


class Reply(NamedTuple):
    """One HTTP answer.

    >>> Reply(200, b"{}")
    Reply(status=200, body=b'{}', retry_after=None, allow=None, content_type='application/json')
    """

    status: int
    body: bytes
    retry_after: int | None = None
    """Seconds. With 429 or 503 the API server asks again, within its own deadline."""
    allow: str | None = None
    """The methods a path has, in a 405."""
    content_type: str = JSON


def failure(status: int, message: str, *, retry_after: int | None = None, allow: str | None = None) -> Reply:
    """A Kubernetes Status as a reply: what API servers and kubectl know how to print.

    >>> failure(404, "no such path").body
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no such path","code":404}'
    """
    status_object: dict[str, object] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "code": status,
    }
    return Reply(status, orjson.dumps(status_object), retry_after=retry_after, allow=allow)


def status_line(status: int) -> bytes:
    """The first line of an answer.

    >>> status_line(404), status_line(599)
    (b'HTTP/1.1 404 Not Found\\r\\n', b'HTTP/1.1 599 \\r\\n')
    """
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


def headers_of(reply: Reply) -> list[tuple[bytes, bytes]]:
    """The headers a reply asks for, in order, names in lower case.

    >>> headers_of(Reply(503, b"{}", retry_after=1))
    [(b'content-type', b'application/json'), (b'content-length', b'2'), (b'retry-after', b'1')]
    """
    headers = [(b"content-type", reply.content_type.encode("ascii")), (b"content-length", b"%d" % len(reply.body))]
    if reply.retry_after is not None:
        headers.append((b"retry-after", b"%d" % reply.retry_after))
    if reply.allow is not None:
        headers.append((b"allow", reply.allow.encode("ascii")))
    return headers


def rendered(reply: Reply, *, date: bytes, close: bool, head_only: bool = False) -> bytes:
    """A whole answer as it goes over the wire.

    >>> rendered(Reply(200, b"{}"), date=b"Thu, 01 Jan 1970 00:00:00 GMT", close=True).decode().splitlines()
    ['HTTP/1.1 200 OK', 'date: Thu, 01 Jan 1970 00:00:00 GMT', 'content-type: application/json',
     'content-length: 2', 'connection: close', '', '{}']
    """
    lines = [status_line(reply.status), b"date: ", date, b"\r\n"]
    for name, value in headers_of(reply):
        lines += (name, b": ", value, b"\r\n")
    if close:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    if not head_only:
        lines.append(reply.body)
    return b"".join(lines)


def plain_prefix(date: bytes) -> bytes:
    """All of the commonest answer (200, JSON, connection stays open) up to the number of its content-length."""
    return b"HTTP/1.1 200 OK\r\ndate: %b\r\ncontent-type: application/json\r\ncontent-length: " % date
