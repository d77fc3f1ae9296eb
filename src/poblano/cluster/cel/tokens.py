"""An expression cut into tokens.

Source: github.com/google/cel-spec/blob/master/doc/langdef.md, "Syntax"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from poblano.cluster.cel.errors import Issue

TokenKind = Literal["literal", "identifier", "quoted", "symbol", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the source.

    Args:
        at: where it begins.
        text: as written.
        value: of a literal.
        type: of a literal.
    """

    kind: TokenKind
    at: int
    text: str
    value: Any = None
    type: str = ""


class BadToken(Exception):
    """The source has a character, or a literal, that means nothing."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


_STRING: Final = (
    r"[rR]?(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
)
_RAW: Final = r"[rR](?:'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|\"[^\"\n]*\")"
_TOKENS: Final = re.compile(
    rf"""
      (?P<space>[\t\n\f\r ]+|//[^\n]*)
    | (?P<bytes>[bB](?:{_RAW}|{_STRING}))
    | (?P<raw>{_RAW})
    | (?P<string>{_STRING})
    | (?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<uint>(?:0[xX][0-9a-fA-F]+|[0-9]+)[uU])
    | (?P<int>0[xX][0-9a-fA-F]+|[0-9]+)
    | (?P<identifier>[_a-zA-Z][_a-zA-Z0-9]*)
    | `(?P<quoted>[a-zA-Z0-9_.\-/ ]+)`
    | (?P<symbol>==|!=|<=|>=|&&|\|\||[\[\]{{}}().,?:+\-*/%!<>])
    """,
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS: Final[dict[str, tuple[Any, str]]] = {
    "true": (True, "bool"),
    "false": (False, "bool"),
    "null": (None, "null"),
}
_ESCAPES: Final = re.compile(
    r"""\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))""", re.DOTALL
)
_SIMPLE: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", "'": "'", '"': '"', "`": "`",
}  # fmt: skip


def tokens(source: str) -> list[Token]:
    """All tokens, the last one being the end.

    Raises:
        BadToken: where there is none.

    >>> [one.text for one in tokens("a.b >= 1u")]
    ['a', '.', 'b', '>=', '1u', '<EOF>']
    """
    return [*_found(source), Token("end", len(source), "<EOF>")]


def _found(source: str) -> Iterator[Token]:
    at = 0
    while at < len(source):
        match = _TOKENS.match(source, at)
        if match is None:
            raise BadToken(Issue(at, f"Syntax error: token recognition error at: '{source[at:]}'"))
        kind, text = match.lastgroup or "", match.group()
        if kind != "space":
            yield _token(kind, at, text, match.group(kind))
        at = match.end()


def _token(kind: str, at: int, text: str, inner: str) -> Token:
    match kind:
        case "identifier" if text in _CONSTANTS:
            return Token("literal", at, text, *_CONSTANTS[text])
        case "identifier":
            return Token("identifier", at, text)
        case "quoted":
            return Token("quoted", at, inner)
        case "symbol":
            return Token("symbol", at, text)
        case "float":
            return Token("literal", at, text, float(text), "double")
        case "int":
            return Token("literal", at, text, int(text, 0) if text[1:2] in "xX" and len(text) > 1 else int(text), "int")
        case "uint":
            return Token("literal", at, text, int(text[:-1], 16 if text[1:2] in "xX" else 10), "uint")
        case "bytes":
            rest = text[1:]
            raw = rest[0] in "rR"
            return Token("literal", at, text, _as_bytes(_inside(rest[1:] if raw else rest), at, raw=raw), "bytes")
        case "raw":
            return Token("literal", at, text, _inside(text[1:]), "string")
        case _:
            return Token("literal", at, text, _ESCAPES.sub(lambda found: _escape(found, at), _inside(text)), "string")


def _inside(text: str) -> str:
    width = 3 if text[:3] in ("'''", '"""') else 1
    return text[width:-width]


def _escape(found: re.Match[str], at: int) -> str:
    low, high, short, long, octal, simple = found.groups()
    code = low or high or short or long
    if code:
        return _character(int(code, 16), found, at)
    if octal:
        return chr(int(octal, 8))
    if simple in _SIMPLE:
        return _SIMPLE[simple]
    raise BadToken(Issue(at, f"Syntax error: token recognition error at: '{found.group()}'"))


def _character(code: int, found: re.Match[str], at: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise BadToken(Issue(at, f"invalid unicode code point: {found.group()}"))
    return chr(code)


def _as_bytes(text: str, at: int, *, raw: bool) -> bytes:
    """A bytes literal: \\x and octal escapes are bytes, everything else is UTF-8."""
    if raw:
        return text.encode()
    made, last = bytearray(), 0
    for found in _ESCAPES.finditer(text):
        made += text[last : found.start()].encode()
        low, high, _, _, octal, _ = found.groups()
        code = low or high
        made += bytes([int(code, 16) if code else int(octal, 8)]) if code or octal else _escape(found, at).encode()
        last = found.end()
    return bytes(made + text[last:].encode())
