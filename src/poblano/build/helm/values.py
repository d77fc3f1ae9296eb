"""What a chart's user may set: ``values.yaml`` with a sentence on each, and the JSON schema that Helm checks them by."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from poblano.build.helm.templates import is_always_given
from poblano.build.readable import Writer
from poblano.build.tree import Joined, Merged, Part, Slot, Text, Tree, WhenGiven
from poblano.core.jsonvalue import Document

Branches: TypeAlias = "dict[str, Slot | Branches]"
"""The values, by the parts of their paths."""

WIDTH: Final = 100
"""Of a comment, in columns."""


def slots(parts: Iterable[Part]) -> list[Slot]:
    """The places of all parts, each once, in the order in which they are met.

    Raises:
        ValueError: two places of one path differ: a value would mean two things.
    """
    found: dict[str, Slot] = {}
    for part in parts:
        for slot in (*part.when, *slots_in(part.tree)):
            other = found.setdefault(slot.path, slot)
            if other != slot:
                raise ValueError(f"{slot.path} is two values in one chart: {other} and, in {part.name}, {slot}")
    return list(found.values())


def slots_in(tree: Tree) -> Iterator[Slot]:
    """The places in a tree, in order; one that stands in it twice comes twice."""
    match tree:
        case Slot():
            yield tree
        case Text():
            yield from (part for part in tree.parts if isinstance(part, Slot))
        case WhenGiven():
            yield tree.slot
            yield from slots_in(tree.item)
        case Joined():
            yield from slots_in(list(tree.items))
            yield tree.more
        case Merged():
            yield from slots_in(dict(tree.items))
            yield tree.more
        case dict():
            for value in tree.values():  # pyright: ignore[reportUnknownVariableType]
                yield from slots_in(value)
        case list():
            for value in tree:  # pyright: ignore[reportUnknownVariableType]
                yield from slots_in(value)
        case _:
            pass


def branches(places: Iterable[Slot]) -> Branches:
    """The places by the parts of their paths.

    Raises:
        ValueError: one path is the beginning of another.
    """
    top: Branches = {}
    for slot in places:
        at = top
        *path, last = slot.path.split(".")
        for name in path:
            inner = at.setdefault(name, {})
            if isinstance(inner, Slot):
                raise ValueError(  # noqa: TRY004 -- it is not the type of an argument
                    f"{slot.path} lies in {inner.path}, which is a value itself"
                )
            at = inner
        if last in at:
            raise ValueError(f"{slot.path} is the beginning of the path of another value")
        at[last] = slot
    return top


def defaults(tree: Branches) -> Document:
    """The values that are not set."""
    return {name: one.default if isinstance(one, Slot) else defaults(one) for name, one in tree.items()}


def values_yaml(tree: Branches, head: str) -> str:
    """``values.yaml``: what each is for, and its default.

    Args:
        tree: of the values.
        head: what the file begins with, as sentences.
    """
    lines = [*_comment(head, ""), *_values(tree, "")]
    return "".join(f"{line}\n" for line in lines)


def _values(tree: Branches, indent: str) -> Iterator[str]:
    writer = Writer()
    for name, one in tree.items():
        if isinstance(one, Slot):
            yield from _comment(one.about, indent)
            yield from writer.beside(writer.key(name, indent), one.default, indent)
        else:
            yield from [""] if not indent else []
            yield writer.key(name, indent)
            yield from _values(one, f"{indent}  ")


def _comment(text: str, indent: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        yield from textwrap.wrap(
            paragraph, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ", break_long_words=False
        ) or [f"{indent}#"]


def schema(tree: Branches) -> Document:
    """``values.schema.json``: Helm refuses a value that is misspelt, or of another type.

    A value that cannot be empty is required, so that ``null`` for it is refused and does not end in an object without it.
    """
    made = _branch(tree)
    # Helm gives it to each chart that is a part of another.
    made["properties"]["global"] = {"type": "object", "description": "Values that charts share."}
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values", **made}


def _branch(tree: Branches) -> Document:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, one in tree.items() if not isinstance(one, Slot) or is_always_given(one)],
        "properties": {name: _leaf(one) if isinstance(one, Slot) else _branch(one) for name, one in tree.items()},
    }


def _leaf(slot: Slot) -> Document:
    return {"description": slot.about, **slot.schema, "default": slot.default}


def values_table(tree: Branches) -> str:
    """The values as a table in Markdown."""
    lines = ["| value | default | what it is for |", "|---|---|---|"]
    for slot in _leaves(tree):
        default = json.dumps(slot.default, ensure_ascii=False)
        cells = (f"`{slot.path}`", f"`{default}`", slot.about)
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "".join(f"{line}\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _leaves(tree: Branches) -> Iterator[Slot]:
    for one in tree.values():
        if isinstance(one, Slot):
            yield one
        else:
            yield from _leaves(one)


def with_value(values: Mapping[str, Any], path: str, value: Any) -> Document:
    """`values` with another one at `path`.

    >>> with_value({"admission": {"replicas": 2, "image": "x"}}, "admission.replicas", 3)
    {'admission': {'replicas': 3, 'image': 'x'}}
    """
    name, _, rest = path.partition(".")
    return {**values, name: with_value(values.get(name, {}), rest, value) if rest else value}
