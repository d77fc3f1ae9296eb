"""What a manager no longer applies goes from the object, unless somebody else says it too.

Source: sigs.k8s.io/structured-merge-diff/v6/typed/remove.go; merge/update.go (prune)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from poblano.cluster.managed.elements import ElementError, element_of
from poblano.cluster.managed.fields import Fields, difference, intersection, is_member, union
from poblano.cluster.managed.owning import fields_of, with_named
from poblano.cluster.managed.types import DEDUCED, ListType, MapType, Type
from poblano.core.jsonvalue import Document


def prune(kind: Type, merged: Document, last: Fields, owned: Iterable[Fields]) -> Document:
    """`merged` without what its applier applied the `last` time and nobody applies now.

    Args:
        last: what the applier owned before; nothing outside of it goes.
        owned: what every manager owns now, the applier included.
    """
    if not last:
        return merged
    mine = with_named(kind, last)
    everything = with_named(kind, fields_of(kind, merged))
    pruned = with_named(kind, fields_of(kind, remove(kind, merged, mine)))
    kept: Fields = {}
    for fields in owned:
        kept = union(kept, fields)
    pruned = remove(kind, merged, difference(everything, union(pruned, with_named(kind, kept))))
    left = with_named(kind, fields_of(kind, pruned))
    return remove(kind, merged, intersection(difference(everything, left), mine))


def remove(kind: Type, document: Document, fields: Fields) -> Document:
    """The document without these fields. A map or list that loses all that was in it stays, empty."""
    found: Document = _without(kind, document, fields)
    return found


def _without(kind: Type, value: Any, fields: Fields) -> Any:
    mapped, listed = kind.map, kind.list
    if value.__class__ is dict and mapped is not None and not mapped.atomic:
        return _map_without(mapped, value, fields)
    if value.__class__ is list and listed is not None and not listed.atomic:
        return _list_without(listed, value, fields)
    return value


def _map_without(kind: MapType, value: Document, fields: Fields) -> Document:
    found: Document = {}
    for key, item in value.items():
        node = fields.get(f"f:{key}")
        if node is None:
            found[key] = item
        elif not is_member(node):
            found[key] = _without(kind.fields.get(key) or kind.rest or DEDUCED, item, node)
    return found


def _list_without(kind: ListType, value: list[Any], fields: Fields) -> list[Any]:
    found: list[Any] = []
    for item in value:
        try:
            node = fields.get(element_of(kind, item))
        except ElementError:
            node = None
        if node is None:
            found.append(item)
        elif not is_member(node):
            found.append(_without(kind.item, item, node))
    return found
