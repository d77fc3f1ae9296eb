"""Sets written under an older schema: what is owned as a whole by now belongs to whoever owned a part of it.

The other way round nothing is made up: who owned the whole owns the map or list, and nothing in it.

Source: sigs.k8s.io/structured-merge-diff/v6/typed/reconcile_schema.go
"""

from __future__ import annotations

from poblano.cluster.managed.fields import LEAF, SELF, Fields
from poblano.cluster.managed.types import DEDUCED, Type


def migrated(kind: Type, fields: Fields) -> Fields:
    """The set as today's schema has it; the very same where nothing of it changed."""
    found: Fields | None = None
    for element, node in fields.items():
        if not node or element == SELF:
            continue
        inner = _inner(kind, element)
        if inner is None or inner is DEDUCED:
            continue
        new = LEAF if _is_atomic(inner) else migrated(inner, node)
        if new is not node:
            found = dict(fields) if found is None else found
            found[element] = new
    return fields if found is None else found


def _is_atomic(kind: Type) -> bool:
    if kind.map is not None:
        return kind.map.atomic
    return kind.scalar is None and kind.list is not None and kind.list.atomic


def _inner(kind: Type, element: str) -> Type | None:
    if kind.map is not None and element[0] == "f":
        return kind.map.fields.get(element[2:]) or kind.map.rest
    if kind.list is not None and element[0] in "kv":
        return kind.list.item
    return None
