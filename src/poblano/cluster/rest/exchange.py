"""A request as the verbs see it, and what they answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from poblano.cluster.attributes import User
from poblano.cluster.resources import Resource
from poblano.cluster.rest.negotiation import Answer
from poblano.cluster.rest.options import Query
from poblano.cluster.rest.url import Target

Headers = Sequence[tuple[bytes, bytes]]

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"


@dataclass(slots=True)
class Request:
    """One request for a resource, authenticated and authorized.

    Args:
        method: "GET".
        path: decoded.
        query: decoded.
        headers: as ASGI has them, names in lower case.
        body: whole.
        user: who asks.
        target: what is asked for.
        resource: the same, resolved.
        answer: the form that the client wants.
    """

    method: str
    path: str
    query: Query
    headers: Headers
    body: bytes
    user: User
    target: Target
    resource: Resource
    answer: Answer
    warnings: list[str] = field(default_factory=list[str])

    def header(self, name: bytes) -> str:
        """The first header of that name; empty when there is none."""
        return header(self.headers, name)

    @property
    def manager(self) -> str:
        """Who owns what is written: the client's own name where it names no fieldManager."""
        agent = self.header(b"user-agent").partition("/")[0]
        return "".join(letter for letter in agent if letter.isprintable())[:128] or "unknown"


@dataclass(slots=True)
class Response:
    """What is sent back.

    Args:
        status: HTTP status.
        body: whole; empty where `stream` is given.
        content_type: of the body.
        headers: more of them.
        stream: the body in pieces, for a watch.
        end: ends the stream from outside: the client is gone.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    stream: AsyncIterator[bytes] | None = None
    end: Callable[[], None] | None = None


def header(headers: Headers, name: bytes) -> str:
    """The first header of that name; empty when there is none."""
    return next((value.decode("latin-1") for key, value in headers if key == name), "")
