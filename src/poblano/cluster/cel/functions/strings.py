"""Texts: CEL's strings extension.

Source: github.com/google/cel-go/ext/strings.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

from typing import Final

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library

STRINGS: Final = Library()
_SPACE: Final = "\t\n\v\f\r \x85\xa0                　  "
_QUOTED: Final = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": r"\\", '"': r"\"",
}  # fmt: skip

STRINGS.add(
    "string.lowerAscii() -> string", lambda text: "".join(one.lower() if one.isascii() else one for one in text)
)
STRINGS.add(
    "string.upperAscii() -> string", lambda text: "".join(one.upper() if one.isascii() else one for one in text)
)
STRINGS.add("string.trim() -> string", lambda text: text.strip(_SPACE))
STRINGS.add("string.reverse() -> string", lambda text: text[::-1])
STRINGS.add("string.replace(string, string) -> string", lambda text, old, new: text.replace(old, new))
STRINGS.add("list<string>.join() -> string", "".join)
STRINGS.add("list<string>.join(string) -> string", lambda items, by: by.join(items))
STRINGS.add(
    "strings.quote(string) -> string", lambda text: '"' + "".join([str(_QUOTED.get(one, one)) for one in text]) + '"'
)


@STRINGS.overload("string.replace(string, string, int) -> string")
def _replace(text: str, old: str, new: str, most: int) -> str:
    return text.replace(old, new, most if most >= 0 else -1)


@STRINGS.overload("string.split(string, int) -> list<string>")
def split(text: str, by: str, most: int) -> list[str]:
    """The parts of a text; at most `most` of them, all where it is negative.

    >>> split("a,b,c", ",", 2), split("ab", "", -1)
    (['a', 'b,c'], ['a', 'b'])
    """
    if most == 0:
        return []
    if by:
        return text.split(by, most - 1 if most > 0 else -1)
    if most < 0 or most >= len(text):
        return list(text)
    return [*text[: most - 1], text[most - 1 :]]


STRINGS.add("string.split(string) -> list<string>", lambda text, by: split(text, by, -1))


@STRINGS.overload("string.charAt(int) -> string")
def _char_at(text: str, at: int) -> str:
    if not 0 <= at <= len(text):
        raise CelError(f"index out of range: {at}")
    return text[at : at + 1]


@STRINGS.overload("string.indexOf(string) -> int", "string.indexOf(string, int) -> int")
def _index_of(text: str, part: str, start: int = 0) -> int:
    if not part:
        return start
    if start < 0 or start > len(text):
        raise CelError(f"index out of range: {start}")
    return text.find(part, start)


@STRINGS.overload("string.lastIndexOf(string) -> int", "string.lastIndexOf(string, int) -> int")
def _last_index_of(text: str, part: str, start: int | None = None) -> int:
    last = len(text) if start is None else start
    if not part:
        return last
    if last < 0 or last > len(text):
        raise CelError(f"index out of range: {last}")
    return text.rfind(part, 0, last + len(part))


@STRINGS.overload("string.substring(int) -> string", "string.substring(int, int) -> string")
def _substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    if not 0 <= last <= len(text):
        raise CelError(f"index out of range: {last}")
    if start > last:
        raise CelError(f"invalid substring range. start: {start}, end: {last}")
    return text[start:last]
