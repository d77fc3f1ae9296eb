"""What of an object changed, as sets of fields.

Source: sigs.k8s.io/structured-merge-diff/v6/typed/compare.go
"""

from __future__ import annotations

from typing import Any

from poblano.cluster.managed.elements import element_of
from poblano.cluster.managed.fields import LEAF, SELF, Fields
from poblano.cluster.managed.types import DEDUCED, ListType, MapType, Type
from poblano.core.jsonvalue import Document, identical


def compare(kind: Type, old: Document, new: Document) -> tuple[Fields, Fields]:
    """The fields that are new or other than before, and those that are gone.

    Raises:
        ElementError: an item of an associative list has no keys.
    """
    changed: Fields = {}
    removed: Fields = {}
    if kind.map is not None:
        _maps(kind.map, old, new, changed, removed)
    return changed, removed


def _maps(kind: MapType, old: Document, new: Document, changed: Fields, removed: Fields) -> None:
    fields, zeros = kind.fields, kind.zeros
    for key, value in new.items():
        inner = fields.get(key) or kind.rest or DEDUCED
        if key in old:
            before = old[key]
            if before is not value:
                _values(inner, before, value, changed, removed, f"f:{key}")
        elif key in zeros:
            _values(inner, zeros[key], value, changed, removed, f"f:{key}")
        elif value is not None or not kind.go:
            changed[f"f:{key}"] = whole(inner, value)
    for key, before in old.items():
        if key not in new:
            inner = fields.get(key) or kind.rest or DEDUCED
            if key in zeros:
                _values(inner, before, zeros[key], changed, removed, f"f:{key}")
            elif before is not None or not kind.go:
                removed[f"f:{key}"] = whole(inner, before)


def _values(kind: Type, old: Any, new: Any, changed: Fields, removed: Fields, element: str) -> None:
    was, now = old.__class__, new.__class__
    if was is str and now is str:
        if old != new:
            changed[element] = LEAF
        return
    if identical(old, new):
        return
    mapped, listed = kind.map, kind.list
    more: Fields = {}
    less: Fields = {}
    if mapped is not None and _either(dict, old, new):
        if mapped.atomic or (not (old or new) and old.__class__ is not new.__class__):
            more[SELF] = LEAF
        else:
            _maps(mapped, old or {}, new or {}, more, less)
    elif listed is not None and _either(list, old, new):
        if listed.atomic or not (old or new):
            more[SELF] = LEAF
        else:
            _lists(listed, old or [], new or [], more, less)
    elif not _alike(old, new):
        _unlike(kind, old, new, more, less)
    _put(changed, element, more)
    _put(removed, element, less)


def _either(kind: type, old: Any, new: Any) -> bool:
    """Whether both are of that kind, null being of any."""
    was, now = old.__class__, new.__class__
    return (was is kind and (now is kind or new is None)) or (now is kind and old is None)


def _unlike(kind: Type, old: Any, new: Any, more: Fields, less: Fields) -> None:
    """A value became one of another kind: it changed, and what was within it went."""
    mapped = kind.map if kind.map is not None and not kind.map.atomic else None
    if mapped is None or old.__class__ is not dict or not old or new.__class__ is not dict:
        more[SELF] = LEAF
    if mapped is not None and old.__class__ is dict:
        _maps(mapped, old, {}, more, less)
    if mapped is not None and new.__class__ is dict:
        _maps(mapped, {}, new, more, less)


def _put(fields: Fields, element: str, node: Fields) -> None:
    if node:
        fields[element] = LEAF if len(node) == 1 and SELF in node else node


def _lists(kind: ListType, old: list[Any], new: list[Any], changed: Fields, removed: Fields) -> None:
    before, after = _indexed(kind, old), _indexed(kind, new)
    for element, items in after.items():
        known = before.get(element, ())
        if len(items) > 1:
            _duplicated(kind, element, known, items, changed, removed)
        elif len(known) == 1:
            _values(kind.item, known[0], items[0], changed, removed, element)
        else:
            changed[element] = whole(kind.item, items[0])
    for element, known in before.items():
        if len(known) > 1 and len(after.get(element, ())) <= 1:
            removed[element] = LEAF
        elif element not in after:
            removed[element] = whole(kind.item, known[0])


def _duplicated(kind: ListType, element: str, known: Any, items: list[Any], changed: Fields, removed: Fields) -> None:
    """What is in a list more than once is owned as one thing."""
    if len(known) < 2 or not _alike(known, items):
        changed[element] = LEAF
    if len(known) == 1:
        removed[element] = whole(kind.item, known[0])


def _indexed(kind: ListType, items: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(element_of(kind, item), []).append(item)
    return found


def whole(kind: Type, value: Any) -> Fields:
    """The node of a value that was not there at all: itself and everything in it."""
    if value.__class__ is dict:
        mapped = kind.map
        return LEAF if mapped is None or mapped.atomic else _whole_map(mapped, value)
    if value.__class__ is list and value:
        listed = kind.list
        return LEAF if listed is None or listed.atomic else _whole_list(listed, value)
    return LEAF


def _whole_map(kind: MapType, value: Document) -> Fields:
    node: Fields = {SELF: LEAF}
    fields, rest = kind.fields, kind.rest or DEDUCED
    for key, item in value.items():
        inner = item.__class__
        node[f"f:{key}"] = whole(fields.get(key) or rest, item) if inner is dict or inner is list else LEAF
    for key in kind.always:
        if key not in value:
            node[f"f:{key}"] = whole(fields[key], kind.zeros[key])
    return node if len(node) > 1 else LEAF


def _whole_list(kind: ListType, value: list[Any]) -> Fields:
    node: Fields = {SELF: LEAF}
    for element, items in _indexed(kind, value).items():
        node[element] = whole(kind.item, items[0]) if len(items) == 1 else LEAF
    return node


def _alike(left: Any, right: Any) -> bool:
    """Whether two values are the same for Go: 1 is 1.0, and neither is true."""
    if left.__class__ is dict and right.__class__ is dict:
        return left.keys() == right.keys() and all(_alike(left[key], right[key]) for key in left)
    if left.__class__ is list and right.__class__ is list:
        return len(left) == len(right) and all(map(_alike, left, right))
    return bool(left == right) and (left.__class__ is bool) == (right.__class__ is bool)
