"""The fields that a configuration says: what its applier comes to own.

Source: sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go; fieldpath/set.go (EnsureNamedFieldsAreMembers)
"""

from __future__ import annotations

from typing import Any

from poblano.cluster.managed.elements import ElementError, element_of
from poblano.cluster.managed.fields import LEAF, SELF, Fields, as_member
from poblano.cluster.managed.types import DEDUCED, ListType, MapType, Type
from poblano.core.jsonvalue import Document


def fields_of(kind: Type, document: Document) -> Fields:
    """The set of the fields that the document says. A struct counts by what is in it, a map's key by itself."""
    return _node(kind, document) or {}


def _node(kind: Type, value: Any) -> Fields | None:
    mapped, listed = kind.map, kind.list
    if value.__class__ is dict and mapped is not None:
        return LEAF if mapped.atomic else _map_node(mapped, value)
    if value.__class__ is list and listed is not None:
        return LEAF if listed.atomic else _list_node(listed, value)
    if value is None:
        if mapped is not None:
            return LEAF if mapped.atomic else None
        if kind.scalar is None and listed is not None:
            return LEAF if listed.atomic else None
    return LEAF


def _map_node(kind: MapType, value: Document) -> Fields | None:
    node: Fields = {}
    for key, item in value.items():
        named = kind.fields.get(key)
        inner = _node(named or kind.rest or DEDUCED, item)
        if item is None or item == {} or named is None:
            inner = as_member(inner)
        if inner is not None:
            node[f"f:{key}"] = inner
    return node or None


def _list_node(kind: ListType, value: list[Any]) -> Fields | None:
    node: Fields = {}
    seen: set[str] = set()
    for item in value:
        try:
            element = element_of(kind, item)
        except ElementError:
            continue
        node[element] = LEAF if element in seen else as_member(_node(kind.item, item))
        seen.add(element)
    return node or None


def with_named(kind: Type | None, fields: Fields) -> Fields:
    """The set, with every named field in it that leads to one of its fields; a map's keys do not come in that way."""
    found: Fields = {}
    mapped = kind.map if kind is not None else None
    listed = kind.list if kind is not None else None
    for element, node in fields.items():
        if element == SELF or not node:
            found[element] = LEAF
            continue
        inner: Type | None = None
        named = False
        if element[0] == "f" and mapped is not None:
            field = mapped.fields.get(element[2:])
            named, inner = field is not None, field or mapped.rest
        elif element[0] == "k" and listed is not None:
            inner = listed.item
        below = with_named(inner, node)
        found[element] = as_member(below) if named else below
    return found
