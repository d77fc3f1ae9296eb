"""Who owns which fields of an object, as its ``metadata.managedFields`` say: the one who asks, or others.

A step is one of ``fieldsV1``: ``f:status`` is a field of a map, ``k:{"type":"Ready"}`` an item of a list by its key, ``v:"a"`` one of
a set. https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

>>> entry = {"manager": "theirs", "fieldsV1": {"f:status": {"f:conditions": {'k:{"type":"Ready"}': {".": {}, "f:status": {}}}}}}
>>> owners = Owners.of({"metadata": {"managedFields": [entry]}}, "ours").below("f:status")
>>> owners.below("f:phase").others, owners.below("f:conditions").others, owners.below("f:conditions").keys
(False, True, ('type',))
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from poblano.core.jsonvalue import Document, as_list, as_map

Fields: TypeAlias = "Document | None"
"""``fieldsV1`` of a value: what of it is owned; None for nothing. An empty map is all of it, where nothing below it is named."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Of one value in an object.

    Args:
        ours: what of it the one who asks owns.
        theirs: what of it others own.
    """

    ours: Fields = None
    theirs: Fields = None

    @classmethod
    def of(cls, obj: Document, manager: str) -> Owners:
        """Those of a whole object, for one who writes it as `manager`."""
        metadata = as_map(obj.get("metadata")) or {}
        entries = [one for one in map(as_map, as_list(metadata.get("managedFields")) or []) if one is not None]
        return cls(
            _together(one.get("fieldsV1") for one in entries if one.get("manager") == manager),
            _together(one.get("fieldsV1") for one in entries if one.get("manager") != manager),
        )

    def below(self, step: str) -> Owners:
        """Those of what a step leads to."""
        ours, theirs = as_map((self.ours or {}).get(step)), as_map((self.theirs or {}).get(step))
        return Owners(ours, {} if self.wholly_others else theirs)

    @property
    def others(self) -> bool:
        """Whether others own something of the value."""
        return self.theirs is not None

    @property
    def wholly_others(self) -> bool:
        """Whether it is one to others: a scalar, or what the schema says is atomic."""
        return self.theirs == {} and not self.ours

    @property
    def container(self) -> bool:
        """Whether others own that there is such a map or list, whatever is in it."""
        return self.theirs is not None and (not self.theirs or "." in self.theirs)

    @property
    def keys(self) -> tuple[str, ...] | None:
        """The fields that name an item of a list; none of them for a set, whose items name themselves; None where nobody says so."""
        for step in (*(self.ours or ()), *(self.theirs or ())):
            if step.startswith("k:"):
                return tuple(json.loads(step[2:]))
            if step.startswith("v:"):
                return ()
        return None


NOBODYS: Final = Owners()
"""Those of a value of which nobody owns anything, or of which that is not known."""


def step_to(item: Any, keys: tuple[str, ...]) -> str | None:
    """The step to an item of a list; None when it lacks a key.

    >>> step_to({"type": "Ready", "status": "True"}, ("type",)), step_to("a", ()), step_to({}, ("type",))
    ('k:{"type":"Ready"}', 'v:"a"', None)
    """
    if not keys:
        return f"v:{_compact(item)}"
    found = as_map(item)
    if found is None or any(found.get(key) is None for key in keys):
        return None
    return f"k:{_compact({key: found[key] for key in keys})}"


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _together(all_fields: Iterable[Any]) -> Fields:
    """What several own."""
    found: Fields = None
    for fields in map(as_map, all_fields):
        if fields is not None:
            found = fields if found is None else _both(found, fields)
    return found


def _both(left: Document, right: Document) -> Document:
    made = dict(left)
    for step, below in right.items():
        made[step] = _both(made[step], below) if step in made else below
    return made
