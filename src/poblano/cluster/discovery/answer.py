"""An answer that is bytes already, and may be known to the client: what discovery and OpenAPI are served as."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from poblano.core.jsonvalue import Document


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire.

    Args:
        body: the bytes.
        content_type: what they are.
        status: of HTTP.
        headers: all others.
    """

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def json_answer(document: Document) -> Answer:
    """A document as it is."""
    return Answer(orjson.dumps(document))


def digest(content: bytes) -> str:
    """The hash by which a document is told from its earlier self, as the API server makes it."""
    return hashlib.sha512(content).hexdigest().upper()


def tagged(body: bytes, content_type: str, tag: str, if_none_match: str = "", **headers: str) -> Answer:
    """The document, or 304 where the client has it already.

    >>> tagged(b"{}", "application/json", "A", '"A"').status
    304
    """
    shown = {"ETag": f'"{tag}"', "Vary": "Accept", **headers}
    if f'"{tag}"' in if_none_match:
        return Answer(b"", content_type, 304, shown)
    return Answer(body, content_type, 200, shown)
