"""What changed in an object, for people: its YAML before and after, as a diff."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

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
    lines = difflib.unified_diff(_yaml(before), _yaml(after), n=AROUND, lineterm="")
    for number, line in enumerate(lines):
        if line.startswith("@@"):
            if number > AROUND:
                yield " ..."
        elif not line.startswith(("---", "+++")):
            yield line


def _yaml(document: Document) -> list[str]:
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(document, Dumper=dumper, sort_keys=False, width=UNLIMITED, allow_unicode=True)
    return text.splitlines()
