"""Heads seen before.

An API server sends the same headers again and again; only the length of the body differs. Parsing a head is a pure
function of its bytes, so that its result may be remembered, which takes most of the cost of HTTP away. What is not
remembered takes the way through the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poblano.admission.app import Call

REMEMBERED = 256
LENGTH = b"\r\nContent-Length: "
LONGEST_LENGTH = 8  # digits
LONGEST_HEAD = 2048

Template = tuple[bytes, bytes]
"""A head without the digits of its Content-Length: what is before them, and what is after."""


class Heads:
    """Remembers which call a head led to.

    >>> heads = Heads()
    >>> piece = b"POST /a HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
    >>> template, body = split(piece)
    >>> heads.remember(template, call)  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._calls: dict[Template, Call] = {}
        self.call_of = self._calls.get
        """What a head like this led to, or None."""

    def forget(self) -> None:
        """Start anew: what a head leads to has changed."""
        self._calls.clear()

    def remember(self, template: Template, call: Call) -> None:
        """The next head like this leads to `call`."""
        if len(template[0]) + len(template[1]) > LONGEST_HEAD:
            return
        if len(self._calls) >= REMEMBERED:
            self._calls.clear()
        self._calls[template] = call


def split(piece: bytes) -> tuple[Template, bytes] | None:
    """The template of a head and its body, when `piece` is exactly one request with both.

    >>> split(b"POST /a HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    ((b'POST /a HTTP/1.1\\r\\nHost: b', b''), b'{}')
    >>> split(b"POST /a HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 3\\r\\n\\r\\n{}")
    """
    end = piece.find(b"\r\n\r\n")
    before = piece.find(LENGTH, 0, end)
    if before < 0 or end < 0:
        return None
    begin = before + len(LENGTH)
    after = piece.find(b"\r\n", begin)
    digits = piece[begin:after]
    body = piece[end + 4 :]
    if not digits.isdigit() or len(digits) > LONGEST_LENGTH or int(digits) != len(body):
        return None
    return (piece[:before], piece[after:end]), body
