"""Go's regular expressions (RE2) by means of Python's.

What RE2 has and Python's `re` writes otherwise is rewritten; what RE2 has not (lookaround, references) is refused.

Source: github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from poblano.cluster.cel.errors import CelError

_POSIX: Final = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_PERL: Final = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_UNICODE: Final = {
    "L": "A-Za-zªµºÀ-ÖØ-öø-\U0010ffff", "N": r"\d", "Lu": "A-ZÀ-ÖØ-Þ", "Ll": "a-zß-öø-ÿ", "Nd": r"\d",
}  # fmt: skip
"""The classes that people write, to the precision that they need."""
_TOKEN: Final = re.compile(
    r"""
      \\Q(?P<quoted>.*?)(?:\\E|\Z)
    | \\[pP](?:\{(?P<class>\^?\w+)\}|(?P<letter>\w))
    | \\x\{(?P<hex>[0-9A-Fa-f]+)\}
    | \\(?P<escape>.)
    | \[\[?:?(?P<opening>)
    | \(\?(?P<group>P<\w+>|<\w+>|P=|P>|[=!#]|<[=!]|[imsU-]*:|[imsU-]*\))
    | (?P<possessive>[*+?}]\+)
    | (?P<dollar>\$)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class BadPattern(CelError):
    """RE2 does not take it."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    r"""A pattern as Go takes it.

    Raises:
        BadPattern: when Go does not.

    >>> bool(compiled("^[[:alpha:]]+$").match("abc\n"))
    False
    """
    try:
        return re.compile(_Rewriter(pattern).whole())
    except (re.error, OverflowError, RecursionError) as wrong:
        raise BadPattern(f"error parsing regexp: {wrong}: `{pattern}`") from None


class _Rewriter:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._flags = ""
        self._made: list[str] = []

    def whole(self) -> str:
        while self._at < len(self._pattern):
            self._step()
        flags = f"(?{self._flags})" if self._flags else ""
        return flags + "".join(self._made)

    def _step(self) -> None:
        if self._pattern[self._at] == "[":
            self._class()
            return
        found = _TOKEN.match(self._pattern, self._at)
        assert found is not None
        self._at = found.end()
        match found.lastgroup:
            case "quoted":
                self._made.append(re.escape(found["quoted"]))
            case "class" | "letter":
                self._made.append(f"[{_unicode(found)}]")
            case "hex":
                self._made.append(re.escape(chr(int(found["hex"], 16))))
            case "escape":
                self._made.append(self._escape(found["escape"]))
            case "group":
                self._group(found["group"])
            case "possessive":
                raise BadPattern(f"error parsing regexp: invalid nested repetition operator: `{found.group()}`")
            case "dollar":
                self._made.append("$" if "m" in self._flags else r"\Z")
            case _:
                self._made.append(found.group())

    def _escape(self, letter: str) -> str:
        if letter in "dws":
            return f"[{_PERL[letter]}]"
        if letter in "DWS":
            return f"[^{_PERL[letter.lower()]}]"
        if letter in "bB":
            return rf"(?a:\{letter})"
        if letter in "Az":
            return r"\A" if letter == "A" else r"\Z"
        if letter == "C":
            return r"[\s\S]"
        if letter in "123456789ZGKNRXuUgck":
            raise BadPattern(f"error parsing regexp: invalid escape sequence: `\\{letter}`")
        return f"\\{letter}"

    def _group(self, text: str) -> None:
        if text in ("=", "!", "<=", "<!", "#", "P=", "P>"):
            raise BadPattern(f"error parsing regexp: invalid or unsupported Perl syntax: `(?{text}`")
        if text.startswith("<"):
            text = f"P{text}"
        if "U" in text and not text.startswith("P"):
            raise BadPattern("error parsing regexp: invalid or unsupported Perl syntax: `(?U`")
        if text.endswith(")"):
            self._flags += "".join(one for one in text[:-1] if one in "ims" and one not in self._flags)
            return
        self._made.append(f"(?{text}")

    def _class(self) -> None:
        pattern, at = self._pattern, self._at + 1
        made = "["
        if pattern[at : at + 1] == "^":
            made, at = "[^", at + 1
        first = True
        while at < len(pattern) and (pattern[at] != "]" or first):
            piece, at = _class_piece(pattern, at)
            made, first = made + piece, False
        if at >= len(pattern):
            raise BadPattern(f"error parsing regexp: missing closing ]: `{pattern[self._at :]}`")
        self._made.append(made + "]")
        self._at = at + 1


def _class_piece(pattern: str, at: int) -> tuple[str, int]:
    named = re.compile(r"\[:(\^?)(\w+):\]").match(pattern, at)
    if named:
        if named[2] not in _POSIX or named[1]:
            raise BadPattern(f"error parsing regexp: invalid character class range: `{named.group()}`")
        return _POSIX[named[2]], named.end()
    if pattern[at] == "\\" and at + 1 < len(pattern):
        found = _TOKEN.match(pattern, at)
        assert found is not None
        if found.lastgroup in ("class", "letter"):
            inside = _unicode(found)
            if inside.startswith("^"):
                raise BadPattern(f"error parsing regexp: unsupported in a class: `{found.group()}`")
            return inside, found.end()
        if found.lastgroup == "hex":
            return re.escape(chr(int(found["hex"], 16))), found.end()
        letter = pattern[at + 1]
        if letter in "dws":
            return _PERL[letter], at + 2
        return f"\\{letter}", at + 2
    return ("\\" if pattern[at] in "[&~|" else "") + pattern[at], at + 1


def _unicode(found: re.Match[str]) -> str:
    name = found["class"] or found["letter"]
    negated = found.group()[1] == "P" or name.startswith("^")
    inside = _UNICODE.get(name.lstrip("^"))
    if inside is None:
        raise BadPattern(f"error parsing regexp: invalid character class range: `{found.group()}`")
    return f"^{inside}" if negated else inside
