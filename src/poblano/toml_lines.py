"""On which line of a TOML file a key stands: what `tomllib` does not tell, and a good message needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

Path: TypeAlias = "tuple[str | int, ...]"
"""Where a value is: keys of tables, and indexes of arrays."""

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]")
_ENTRY = re.compile(rf"\s*({_KEYS})\s*=")
_ONE_KEY = re.compile(_KEY)
_MULTILINE = re.compile(r"\"\"\"|\'\'\'")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, counted from 1, on which `path` is written, or else the nearest part above it that is; 1 if nothing is.

    >>> line_of('[tool.poblano]\\nuuid = "x"\\n[tool.poblano.env]\\nA = 1', ["tool", "poblano", "env", "A"])
    4
    >>> line_of('[tool]\\npoblano.uuid = "x"', ["tool", "poblano", "nonsense"])
    2
    """
    wanted = tuple(path)
    best, line = 0, 1
    for number, found in _written(text):
        shared = _shared(found, wanted)
        if shared > best:
            best, line = shared, number
    return line


def _shared(found: Path, wanted: Path) -> int:
    """How many parts of `wanted` a line that writes `found` reaches."""
    length = 0
    for one, other in zip(found, wanted, strict=False):
        if one != other:
            break
        length += 1
    return length


def _written(text: str) -> Iterator[tuple[int, Path]]:
    """Every line that begins a table or a value, with what it is."""
    table: Path = ()
    arrays: dict[Path, int] = {}
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        inside = quote
        quote = _open_quote(line, quote)
        if inside:
            continue
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                arrays[table] = arrays.get(table, -1) + 1
            table = _indexed(table, arrays)
            yield number, table
        elif entry := _ENTRY.match(line):
            yield number, (*table, *_parts(entry[1]))


def _parts(keys: str) -> Path:
    return tuple(key.strip("\"'") for key in _ONE_KEY.findall(keys))


def _indexed(table: Path, arrays: dict[Path, int]) -> Path:
    made: list[str | int] = []
    for length, key in enumerate(table, 1):
        made.append(key)
        if table[:length] in arrays:
            made.append(arrays[table[:length]])
    return tuple(made)


def _open_quote(line: str, quote: str) -> str:
    """The triple quote that is open at the end of `line`, when `quote` was open before it."""
    for found in _MULTILINE.findall(line):
        if not quote:
            quote = found
        elif quote == found:
            quote = ""
    return quote
