"""Sets written under an older schema: what was one thing may be owned piece by piece by now, and the other way round.

Source: sigs.k8s.io/structured-merge-diff/v6/typed/reconcile_schema.go
"""

from __future__ import annotations

from poblano.cluster.managed.fields import LEAF, SELF, Fields, as_member
from poblano.cluster.managed.owning import fields_of
from poblano.cluster.managed.types import DEDUCED, Type
from poblano.core.jsonvalue import Document


def migrated(kind: Type, fields: Fields, live: Document) -> Fields:
    """The set as today's schema has it; the very same where nothing of it changed.

    Args:
        live: the object: what was owned as a whole is owned with all that is in it now.
    """
    return _Walk(kind, live).node(kind, fields, (), root=True)


class _Walk:
    """One walk over one set. What the live object says is only looked at when it matters."""

    def __init__(self, kind: Type, live: Document) -> None:
        self._kind, self._live = kind, live
        self._owned: Fields | None = None

    def node(self, kind: Type, fields: Fields, path: tuple[str, ...], *, root: bool = False) -> Fields:
        atomic = _is_atomic(kind)
        if atomic is None:
            return fields
        if not fields and not root:
            return fields if atomic else self._now_apart(path)
        if atomic:
            return LEAF
        return self._below(kind, fields, path)

    def _below(self, kind: Type, fields: Fields, path: tuple[str, ...]) -> Fields:
        found: Fields | None = None
        for element, node in fields.items():
            inner = None if element == SELF else _inner(kind, element)
            if inner is None:
                continue
            new = self.node(inner, node, (*path, element))
            if new is not node:
                found = dict(fields) if found is None else found
                found[element] = new
        return fields if found is None else found

    def _now_apart(self, path: tuple[str, ...]) -> Fields:
        if self._owned is None:
            self._owned = fields_of(self._kind, self._live)
        node: Fields | None = self._owned
        for element in path:
            node = node.get(element) if node else None
        return as_member(node) if node else LEAF


def _is_atomic(kind: Type) -> bool | None:
    """Whether it is owned as a whole; None for scalars, and for what has no type of its own."""
    if kind.scalar is not None:
        return None
    if kind.map is not None:
        return kind.map.atomic
    return kind.list.atomic if kind.list is not None else None


def _inner(kind: Type, element: str) -> Type | None:
    if kind.map is not None and element[0] == "f":
        return kind.map.fields.get(element[2:]) or kind.map.rest or DEDUCED
    if kind.list is not None and element[0] in "kv":
        return kind.list.item
    return None
