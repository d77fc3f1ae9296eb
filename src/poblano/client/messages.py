"""What goes over the wire and comes back: bodies, parameters, answers, and how long to wait for them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
import orjson

from poblano.core.errors import ApiError
from poblano.core.jsonvalue import Document, as_map

REMEDY = "check that its URL is that of an API server"
"""What to do about an answer that makes no sense."""

Query = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds.

    Attributes:
        connect: for one TCP connection and its TLS handshake.
        total: for a whole request with all of its attempts. Logging in (a plugin, an issuer) is not counted.
    """

    connect: float = 5.0
    total: float = 30.0


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that is a success. `headers` are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded. Integers are exact at any size.

        Raises:
            ApiError: it is no JSON.

        >>> Response(200, {}, b'{"uid": 123456789012345678901234567890}').json()
        {'uid': 123456789012345678901234567890}
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError(f"what was answered is no JSON: {error}", status=self.status, remedy=REMEDY) from None

    def document(self) -> Document:
        """The same, of one object.

        Raises:
            ApiError: it is no JSON, or no object.
        """
        found = as_map(self.json())
        if found is None:
            raise ApiError("what was answered is no object", status=self.status, remedy=REMEDY)
        return found


def encoded(body: object) -> bytes | None:
    """A body as bytes: bytes are sent as they are, anything else as JSON."""
    if body is None or isinstance(body, bytes):
        return body
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # an integer over 64 bits; what JSON cannot say at all fails again
        return msgspec.json.encode(body)


def query_string(query: Query | None) -> str:
    """The part of a URL from the question mark on, or ""."""
    return f"?{urlencode(query)}" if query else ""


def user_agent() -> str:
    """Who asks."""
    front_door = sys.modules["poblano"]  # an import would be an arrow to all that it leads to
    return f"poblano/{front_door.__version__}"
