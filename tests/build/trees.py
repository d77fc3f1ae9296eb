"""Trees as Hypothesis draws them, with places of all sorts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from poblano.build.tree import Joined, Merged, Namespace, Part, Slot, Text, Tree, WhenGiven

_HARD = [
    "y",
    "NO",
    "1e3",
    "0o17",
    "1:30",
    "2024-01-01",
    "~",
    "<<",
    "=",
    "{{ .Values }}",
    "{{{",
    "}}",
    '{{- "a" }}',
    "a: b",
    "- a",
]
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("ab {}\n\t\"'`\\:#-|>&*!%@,[]?1e.~$", max_size=20),
    st.sampled_from([*_HARD, "{{ x }} and more " * 12, "one\n  two\n", "one\n\ntwo", "x" * 300]),
)
leaves = st.one_of(texts, st.integers(-(2**53), 2**53), st.booleans(), st.floats(-1e6, 1e6))
plain = st.recursive(
    st.one_of(leaves, st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)
# What a place may hold: Helm takes null for the wish to have no value, and has maps in maps besides the defaults, not in
# their place; and Go writes control characters as no reader of YAML takes them, nor floats that are whole numbers as such.
_set_texts = texts.filter(lambda text: not re.search("[\x7f-\x9f\ufeff\ufffe\uffff]", text))
_values = st.one_of(
    _set_texts,
    st.integers(-(2**31), 2**31),
    st.booleans(),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
)
given = st.one_of(_values, st.lists(_values, max_size=3))

values = {
    "string": _set_texts,
    "integer": st.integers(-(2**31), 2**31),
    "boolean": st.booleans(),
    "object": st.dictionaries(_set_texts, given, max_size=3),
    "array": st.lists(given, max_size=3),
}
"""What a place of each type may hold."""


def slots(*types: str) -> st.SearchStrategy[Slot]:
    """Places without a path, of some types."""
    return st.sampled_from(types).flatmap(
        lambda kind: values[kind].map(lambda value: Slot("", value, {"type": kind}, "What it is for."))
    )


in_texts = st.lists(st.one_of(_set_texts, st.just(Namespace()), slots("string", "integer")), max_size=4)
places = st.one_of(
    slots(*values),
    st.just(Namespace()),
    in_texts.map(lambda parts: Text(tuple(parts))),
)


def _around(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    maps = st.dictionaries(texts, inner, max_size=4)
    lists = st.lists(inner, max_size=3)
    beside_others = st.builds(
        lambda items, slot, item: [*items, WhenGiven(slot, item)],
        st.lists(inner, min_size=1, max_size=2),
        slots("string", "array", "object"),
        inner,
    )
    certain = st.dictionaries(texts, st.one_of(plain, st.just(Namespace())), max_size=2)
    return st.one_of(
        maps,
        lists,
        beside_others,
        st.builds(lambda items, more: Joined(tuple(items), more), lists, slots("array")),
        st.builds(Merged, certain, slots("object")),
    )


bodies = st.recursive(st.one_of(plain, places), _around, max_leaves=8)


@st.composite
def parts(draw: st.DrawFn) -> Part:
    """A part, each place of which has a path of its own."""
    numbers = iter(range(1000))
    tree = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "hello"}, "spec": draw(bodies)}
    return Part("thing", _numbered(tree, numbers))


def _numbered(tree: Tree, numbers: Any) -> Tree:
    match tree:
        case Slot():
            number = next(numbers)
            return replace(tree, path=f"group{number % 3}.value{number}" if number % 2 else f"value{number}")
        case Text():
            return Text(tuple(_numbered(part, numbers) for part in tree.parts))
        case WhenGiven():
            return WhenGiven(_numbered(tree.slot, numbers), _numbered(tree.item, numbers))
        case Joined():
            return Joined(tuple(_numbered(list(tree.items), numbers)), _numbered(tree.more, numbers))
        case Merged():
            return Merged(_numbered(dict(tree.items), numbers), _numbered(tree.more, numbers))
        case dict():
            return {key: _numbered(value, numbers) for key, value in tree.items()}
        case list():
            return [_numbered(value, numbers) for value in tree]
        case _:
            return tree


def with_default(tree: Tree, path: str, value: Any) -> Tree:
    """`tree`, in which the place at `path` has another default."""
    match tree:
        case Slot():
            return replace(tree, default=value) if tree.path == path else tree
        case Text():
            return Text(tuple(with_default(part, path, value) for part in tree.parts))
        case WhenGiven():
            return WhenGiven(with_default(tree.slot, path, value), with_default(tree.item, path, value))
        case Joined():
            return Joined(tuple(with_default(list(tree.items), path, value)), with_default(tree.more, path, value))
        case Merged():
            return Merged(with_default(dict(tree.items), path, value), with_default(tree.more, path, value))
        case dict():
            return {key: with_default(inner, path, value) for key, inner in tree.items()}
        case list():
            return [with_default(inner, path, value) for inner in tree]
        case _:
            return tree
