"""Keys and tokens in running text, which is on its way to a log, to the user, or to the API server's audit log."""

from __future__ import annotations

import re
from typing import Final

WITHHELD: Final = "<withheld>"

_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
_SCHEMES: Final = ("earer ", "asic ", "EARER ", "ASIC ")
_JWT: Final = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")
"""RFC 7519: two parts in base64url, of which the first begins as any JSON map does, and a signature."""
_PEM: Final = "-----BEGIN"


_PASSWORD: Final = re.compile(r"(://[^\s/@:]*):[^\s/@]+@")
"""RFC 3986, 3.2.1: a user and, deprecated and alive, their password, as in the address of a database."""


def without_tokens(text: str) -> str:
    """`text` without what lets somebody in: JSON web tokens, what follows Bearer or Basic, passwords in URLs, and all from a
    PEM block on.

    >>> without_tokens("Authorization: Bearer abcdefgh.ijkl, and more")
    'Authorization: Bearer <withheld>, and more'
    >>> without_tokens("postgres://shop:hunter2@db/shop")
    'postgres://shop:<withheld>@db/shop'
    """
    if _PEM in text:
        text = f"{text[: text.index(_PEM)]}<a key or certificate>"
    if any(scheme in text for scheme in _SCHEMES):
        text = _BEARER.sub(rf"\1 {WITHHELD}", text)
    if "://" in text and "@" in text:
        text = _PASSWORD.sub(rf"\1:{WITHHELD}@", text)
    return _JWT.sub(WITHHELD, text) if "eyJ" in text else text
