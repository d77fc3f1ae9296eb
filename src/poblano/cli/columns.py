"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from poblano.core.printable import printable


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    r"""`rows` as lines, each column as wide as its widest. A cell is one line, whatever is in it.

    >>> columns([("UUID", "READY"), ("hello", "2/2")])
    ['UUID    READY', 'hello   2/2']
    >>> columns([("a\nb", "c")])
    ['a\\nb   c']
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]
