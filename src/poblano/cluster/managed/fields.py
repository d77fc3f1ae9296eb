"""Sets of fields, in the very form in which managedFields writes them (FieldsV1), and what can be done with them.

A set is a map from path elements (``f:name``, ``k:{"name":"web"}``, ``v:"x"``, ``i:0``) to nodes. A node without anything
is a field of the set; one with ``"."`` is a field of the set that has others below it; any other only leads to those below.
Sets are values: no function here changes one, and parts of one may be shared by another.

Source: sigs.k8s.io/structured-merge-diff/v6/fieldpath/set.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from poblano.cluster.managed.elements import sort_key

Fields: TypeAlias = dict[str, Any]
"""A set of fields, or one node of it."""

SELF: Final = "."
LEAF: Final[Fields] = {}
"""The node of a field with none below it. Shared: never to be changed."""


def is_member(node: Fields) -> bool:
    """Whether the field of this node is itself in the set."""
    return not node or SELF in node


def as_member(node: Fields | None) -> Fields:
    """The node, with its own field in the set too.

    >>> as_member({"f:a": {}})
    {'.': {}, 'f:a': {}}
    """
    if not node:
        return LEAF
    return node if SELF in node else {SELF: LEAF, **node}


def union(left: Fields, right: Fields) -> Fields:
    """What is in either set.

    >>> union({"f:a": {}}, {"f:a": {"f:b": {}}})
    {'f:a': {'.': {}, 'f:b': {}}}
    """
    if not left or not right or left is right:
        return left or right
    found = dict(left)
    for element, node in right.items():
        known = found.get(element)
        found[element] = node if known is None else _joined(known, node)
    return found


def _joined(left: Fields, right: Fields) -> Fields:
    if not left or not right:
        return as_member(left or right)
    return union(left, right)


def difference(left: Fields, right: Fields) -> Fields:
    """What is in `left` and not in `right`; what is below a field of `right` stays. The same set where nothing goes.

    >>> difference({"f:a": {".": {}, "f:b": {}}, "f:c": {}}, {"f:a": {}, "f:c": {}})
    {'f:a': {'f:b': {}}}
    """
    if not left or not right:
        return left
    found: Fields | None = None
    for element, other in right.items():
        node = left.get(element)
        if node is None or element == SELF:
            continue
        kept = _less(node, other)
        if kept is not node:
            found = dict(left) if found is None else found
            if kept is None:
                del found[element]
            else:
                found[element] = kept
    return left if found is None else found


def _less(node: Fields, other: Fields) -> Fields | None:
    goes = not other or SELF in other
    if not node:
        return None if goes else node
    below = difference(node, other)
    stays = SELF in node and not goes
    return node if below is node and stays is (SELF in node) else _node(_below(below), member=stays)


def without(left: Fields, right: Fields) -> Fields:
    """What is in `left` and neither in `right` nor below a field of it (RecursiveDifference).

    >>> without({"f:a": {".": {}, "f:b": {}}, "f:c": {}}, {"f:a": {}})
    {'f:c': {}}
    """
    if not left or not right:
        return left
    found: Fields = {}
    for element, node in left.items():
        other = right.get(element)
        if other is None:
            found[element] = node
        elif not is_member(other):
            kept = without(node, other)
            if kept or not node:
                found[element] = LEAF if kept.keys() <= {SELF} else kept
    return found


def intersection(left: Fields, right: Fields) -> Fields:
    """What is in both sets.

    >>> intersection({"f:a": {".": {}, "f:b": {}}}, {"f:a": {"f:b": {}, "f:c": {}}})
    {'f:a': {'f:b': {}}}
    """
    found: Fields = {}
    for element, node in left.items():
        other = right.get(element)
        if other is None or element == SELF:
            continue
        both = _node(intersection(node, other), member=is_member(node) and is_member(other))
        if both is not None:
            found[element] = both
    return found


def _below(node: Fields) -> Fields:
    return {element: child for element, child in node.items() if element != SELF} if SELF in node else node


def _node(below: Fields, *, member: bool) -> Fields | None:
    if not below:
        return LEAF if member else None
    return {SELF: LEAF, **below} if member else below


def has(fields: Fields, *path: str) -> bool:
    """Whether the field of that path is in the set.

    >>> has({"f:spec": {"f:replicas": {}}}, "f:spec", "f:replicas"), has({"f:spec": {"f:replicas": {}}}, "f:spec")
    (True, False)
    """
    for element in path:
        if element not in fields:
            return False
        fields = fields[element]
    return is_member(fields)


def at(*path: str) -> Fields:
    """The set of this one field.

    >>> at("f:spec", "f:replicas")
    {'f:spec': {'f:replicas': {}}}
    """
    fields = LEAF
    for element in reversed(path):
        fields = {element: fields}
    return fields


def paths(fields: Fields, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field of the set, those of a level before those below it, in the order of their elements."""
    ordered = sorted((element for element in fields if element != SELF), key=sort_key)
    for element in ordered:
        if is_member(fields[element]):
            yield (*prefix, element)
    for element in ordered:
        if fields[element]:
            yield from paths(fields[element], (*prefix, element))


def in_order(fields: Fields) -> Fields:
    """A copy of its own, in the order in which the API server writes it.

    >>> in_order({"f:b": {}, "f:a": {"f:c": {}, ".": {}}})
    {'f:a': {'.': {}, 'f:c': {}}, 'f:b': {}}
    """
    if len(fields) < 2:
        return {element: in_order(node) if node else {} for element, node in fields.items()}
    ordered = sorted(fields)
    if ordered[0][0] not in ".f" or ordered[-1][0] != "f":
        ordered.sort(key=sort_key)
    return {element: in_order(fields[element]) if fields[element] else {} for element in ordered}
