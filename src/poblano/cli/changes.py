"""What changed in an object, for people: lines of its YAML with what they belong to. Of a Secret's values only their length."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import yaml

from poblano.core.jsonvalue import as_map

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poblano.core.jsonvalue import Document

UNLIMITED = 1_000_000
"""Characters in a line: a value stays on its line. And lines of a diff around a change: all of them."""


def changes(before: Document, after: Document) -> Iterator[str]:
    """The lines that changed, and those that they belong to: each begins with ``+``, ``-`` or a space.

    >>> list(changes({"data": {"a": "1"}}, {"data": {"a": "1", "b": "2"}}))
    [' data:', "+  b: '2'"]
    """
    old, new = _withheld(before, {}), _withheld(after, before)
    lines = [
        line
        for line in difflib.unified_diff(_yaml(old), _yaml(new), n=UNLIMITED, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    shown = {number for number, line in enumerate(lines) if line[0] != " "}
    for number in sorted(shown):
        shown |= set(_above(lines, number))
    return (lines[number] for number in sorted(shown))


def _above(lines: Sequence[str], number: int) -> Iterator[int]:
    """The lines that a line belongs to: each the nearest one above that is indented less."""
    sides, indent = {" ", lines[number][0]}, _indent(lines[number])
    for above in range(number - 1, -1, -1):
        if lines[above][0] in sides and lines[above].strip() and _indent(lines[above]) < indent:
            indent = _indent(lines[above])
            yield above


def _indent(line: str) -> int:
    return len(line[1:]) - len(line[1:].lstrip(" "))


def _withheld(document: Document, before: Document) -> Document:
    """A Secret without its values; a value that is another one than `before` says so."""
    if (document.get("apiVersion"), document.get("kind")) != ("v1", "Secret"):
        return document
    hidden = {key: _hidden(document, before, key) for key in ("data", "stringData") if as_map(document.get(key))}
    return {**document, **hidden}


def _hidden(document: Document, before: Document, key: str) -> Document:
    old = as_map(before.get(key)) or {}
    values = as_map(document.get(key)) or {}
    return {
        name: f"({len(str(value))} characters{', another value' if name in old and old[name] != value else ''})"
        for name, value in values.items()
    }


class _Dumper(yaml.SafeDumper):
    """Writes the items of a list further in than its key, and text of several lines as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # pyright: ignore[reportUnknownMemberType]
    return node


_Dumper.add_representer(str, _text)


def _yaml(document: Document) -> list[str]:
    dump: Any = yaml.dump  # pyright: ignore[reportUnknownMemberType]
    text: str = dump(document, Dumper=_Dumper, sort_keys=False, width=UNLIMITED, allow_unicode=True)
    return text.splitlines()
