"""What changed in an object, for people: its YAML before and after, as a diff. Of a Secret's values only their length."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from poblano.core.jsonvalue import as_map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poblano.core.jsonvalue import Document

AROUND = 2
"""Lines around a change."""

UNLIMITED = 1_000_000
"""Characters in a line: a value stays on its line."""


def changes(before: Document, after: Document) -> Iterator[str]:
    """The lines of a unified diff, without its head: each begins with ``+``, ``-`` or a space.

    >>> list(changes({"data": {"a": "1"}}, {"data": {"a": "1", "b": "2"}}))
    [' data:', "   a: '1'", "+  b: '2'"]
    """
    old, new = _withheld(before, {}), _withheld(after, before)
    lines = difflib.unified_diff(_yaml(old), _yaml(new), n=AROUND, lineterm="")
    for number, line in enumerate(lines):
        if line.startswith("@@"):
            if number > AROUND:
                yield " ..."
        elif not line.startswith(("---", "+++")):
            yield line


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


def _yaml(document: Document) -> list[str]:
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(document, Dumper=dumper, sort_keys=False, width=UNLIMITED, allow_unicode=True)
    return text.splitlines()
