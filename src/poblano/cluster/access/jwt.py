"""Signed tokens: claims in, text out, and back.

Source: RFC 7519 in the compact serialization of RFC 7515.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from poblano.cluster.access.keys import ALGORITHM, SigningKey, decode, encode
from poblano.core.jsonvalue import Document, as_map

LONGEST: Final = 64 * 1024  # of a token; the header of a request is no longer


class BadToken(ValueError):
    """A text that is no token, or one that this key has not signed."""


def signed(claims: Document, key: SigningKey) -> str:
    """The token that says `claims`."""
    header = {"alg": ALGORITHM, "kid": key.identifier}
    message = f"{encode(orjson.dumps(header))}.{encode(orjson.dumps(claims))}"
    return f"{message}.{encode(key.sign(message.encode()))}"


def unverified(token: str) -> Document | None:
    """What a token claims, whoever made it; None for a text that is none.

    >>> unverified("opaque") is None
    True
    """
    try:
        return _parts(token)[1]
    except BadToken:
        return None


def verified(token: str, key: SigningKey) -> Document:
    """What a token claims, if `key` has signed it.

    Raises: BadToken.
    """
    header, claims, message, signature = _parts(token)
    if header.get("alg") != ALGORITHM or header.get("kid", key.identifier) != key.identifier:
        raise BadToken("invalid signature, no keys found")
    if not key.verifies(message, signature):
        raise BadToken("go-jose/go-jose: error in cryptographic primitive")
    return claims


def _parts(token: str) -> tuple[Document, Document, bytes, bytes]:
    if len(token) > LONGEST or not token.isascii() or token.count(".") != 2:
        raise BadToken("no token")
    message, _, signature = token.rpartition(".")
    header, _, claims = message.partition(".")
    try:
        return _document(header), _document(claims), message.encode(), decode(signature)
    except ValueError as error:
        raise BadToken("no token") from error


def _document(text: str) -> Document:
    value: Any = orjson.loads(decode(text))
    found = as_map(value)
    if found is None:
        raise BadToken("no token")
    return found
