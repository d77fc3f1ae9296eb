"""Where a text stops being JSON, in the words of Go's encoding/json. Runs only over what another parser has refused.

Source: encoding/json/scanner.go
"""

from __future__ import annotations

import re
from typing import Final

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_DEEPEST: Final = 10_000


def syntax_error(text: str) -> str | None:
    """What Go says of a text, or None where it would take it.

    >>> syntax_error("{not json")
    "invalid character 'n' looking for beginning of object key string"
    >>> syntax_error('{"a":1')
    'unexpected end of JSON input'
    """
    try:
        _Scanner(text).document()
    except _Wrong as wrong:
        return str(wrong)
    return None


class _Wrong(Exception):
    pass


class _Scanner:
    """An explicit stack, for the text may be nested as deep as it likes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[str] = []

    def document(self) -> None:
        self._value("looking for beginning of value")
        while self._open:
            self._after_value()
        self._space()
        if self._at < len(self._text):
            raise self._wrong("after top-level value")

    def _space(self) -> str:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return self._text[self._at : self._at + 1]

    def _wrong(self, context: str) -> _Wrong:
        if self._at >= len(self._text):
            return _Wrong("unexpected end of JSON input")
        return _Wrong(f"invalid character {_quoted(self._text[self._at])} {context}")

    def _value(self, context: str) -> None:
        first = self._space()
        if first in ("{", "["):
            self._enter(first)
        elif first == '"':
            self._string()
        elif first and (first == "-" or first in "0123456789"):
            self._number()
        elif first in ("t", "f", "n"):
            self._word({"t": "true", "f": "false", "n": "null"}[first])
        else:
            raise self._wrong(context)

    def _enter(self, bracket: str) -> None:
        self._open.append(bracket)
        if len(self._open) > _DEEPEST:
            raise _Wrong("exceeded max depth")
        self._at += 1
        closing = "}" if bracket == "{" else "]"
        if self._space() == closing:
            self._at += 1
            self._open.pop()
        elif bracket == "{":
            self._key()
        else:
            self._value("looking for beginning of value")

    def _key(self) -> None:
        if self._space() != '"':
            raise self._wrong("looking for beginning of object key string")
        self._string()
        if self._space() != ":":
            raise self._wrong("after object key")
        self._at += 1
        self._value("looking for beginning of value")

    def _after_value(self) -> None:
        inside = self._open[-1]
        found = self._space()
        if found == ",":
            self._at += 1
            if inside == "{":
                self._key()
            else:
                self._value("looking for beginning of value")
        elif found == ("}" if inside == "{" else "]"):
            self._at += 1
            self._open.pop()
        else:
            raise self._wrong("after object key:value pair" if inside == "{" else "after array element")

    def _string(self) -> None:
        self._at += 1
        while True:
            character = self._text[self._at : self._at + 1]
            if character == '"':
                self._at += 1
                return
            if character == "\\":
                self._escape()
            elif not character or character < " ":
                raise self._wrong("in string literal")
            else:
                self._at += 1

    def _escape(self) -> None:
        self._at += 1
        letter = self._text[self._at : self._at + 1]
        if not letter or letter not in '"\\/bfnrtu':
            raise self._wrong("in string escape code")
        self._at += 1
        if letter == "u":
            for _ in range(4):
                digit = self._text[self._at : self._at + 1]
                if not digit or digit not in "0123456789abcdefABCDEF":
                    raise self._wrong("in \\u hexadecimal character escape")
                self._at += 1

    def _number(self) -> None:
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            self._at += 1
            raise self._wrong("in numeric literal")
        self._at = found.end()
        following = self._text[self._at : self._at + 1]
        if following == "." and "." not in found.group() and "e" not in found.group().lower():
            self._at += 1
            raise self._wrong("after decimal point in numeric literal")
        if following in ("e", "E") and "e" not in found.group().lower():
            self._at += 1
            if self._text[self._at : self._at + 1] in ("+", "-"):
                self._at += 1
            raise self._wrong("in exponent of numeric literal")

    def _word(self, word: str) -> None:
        for letter in word:
            if self._text[self._at : self._at + 1] != letter:
                raise self._wrong(f"in literal {word} (expecting {_quoted(letter)})")
            self._at += 1


def _quoted(character: str) -> str:
    if character == "'":
        return r"'\''"
    if character in "\n\r\t\\":
        return "'" + {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\"}[character] + "'"
    return f"'{character}'" if character.isprintable() else f"'\\x{ord(character):02x}'"
