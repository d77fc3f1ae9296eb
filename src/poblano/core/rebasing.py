"""What an action changed of a value, brought onto what that is by now: what it left alone stays as it is there, whoever wrote it.

>>> was = {"phase": "New", "conditions": [{"type": "Ready", "status": "False"}]}
>>> wanted = {"phase": "Up", "conditions": [{"type": "Ready", "status": "False"}]}
>>> live = {"phase": "New", "conditions": [{"type": "Ready", "status": "True"}], "theirs": 1}
>>> rebased(was, wanted, live)
{'phase': 'Up', 'conditions': [{'type': 'Ready', 'status': 'True'}], 'theirs': 1}
>>> merge_patch(live, _)
{'phase': 'Up'}
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

from poblano.core.errors import Conflict
from poblano.core.field_owners import NOBODYS, Owners, step_to
from poblano.core.jsonvalue import Document, as_list, as_map, same


class _Absence(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absence.ABSENT
"""That there is no value."""

_Items: TypeAlias = dict[str, Any]

_CONDITIONS: Final = ("type",)
"""What names an item of ``conditions``, also where the schema does not say so."""


def rebased(was: Any, wanted: Any, live: Any, owners: Owners = NOBODYS, where: str = "status") -> Any:
    """`live` with what an action has changed, and nothing else.

    Maps are merged by key, and lists by the keys of their items: those that `owners` tell of, or the type of conditions. A condition is
    one statement. What both have changed is as the action says. What the action has taken away goes, but for what others own of it.

    Args:
        was: the value that the action was given; `ABSENT` for none, as elsewhere.
        wanted: the value that it left.
        live: the value as it is by now.
        owners: of `live`, as far as they are known.
        where: it is, for an error.

    Raises:
        Conflict: the action and somebody else have changed a list that is one value: one of them has to look again.
    """
    if _same(wanted, was) or _same(wanted, live):
        return live
    if wanted is ABSENT:
        return _left(live, owners)
    if _same(live, was) and not owners.others:
        return wanted
    if live is not ABSENT and live.__class__ is not wanted.__class__:
        return wanted
    if (fields := as_map(wanted)) is not None:
        return _rebased_map(as_map(was) or {}, fields, as_map(live) or {}, owners, where)
    if (items := as_list(wanted)) is not None:
        return _rebased_list(as_list(was) or [], items, as_list(live) or [], owners, where, moved=not _same(live, was))
    return wanted


def merge_patch(old: Document, new: Document) -> Document:
    """The merge patch (RFC 7386) that makes `new` of `old`; empty when they are the same.

    >>> merge_patch({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 1, "d": 3}})
    {'a': None, 'b': {'d': 3}}
    """
    patch: Document = {key: None for key in old if key not in new}
    for key, value in new.items():
        before, after = as_map(old.get(key)), as_map(value)
        if before is not None and after is not None:
            if below := merge_patch(before, after):
                patch[key] = below
        elif key not in old or not same(old[key], value):
            patch[key] = value
    return patch


def rebased_status(was: Document, wanted: Document, live: Document, manager: str = "") -> Document:
    """The status of an object, as it is by now, with what an action has changed of it.

    Args:
        was: the status that the action was given.
        wanted: the one that it left.
        live: the object.
        manager: as whom it is written. Where `live` says who owns what, what others own is not taken away.

    Raises:
        Conflict: see `rebased`.
    """
    now = as_map(live.get("status")) or {}
    made: Document = rebased(was, wanted, now, Owners.of(live, manager).below("f:status"))
    return made


def status_patch(status: Document, live: Document) -> Document | None:
    """The merge patch that gives an object that status; None when it has it.

    It goes to no other object, and to no other version of it: the API server answers with a conflict there.
    """
    patch = merge_patch(as_map(live.get("status")) or {}, status)
    if not patch:
        return None
    metadata = as_map(live.get("metadata")) or {}
    which = {key: metadata[key] for key in ("uid", "resourceVersion") if metadata.get(key)}
    return {**({"metadata": which} if which else {}), "status": patch}


def takes_away(was: Any, wanted: Any) -> bool:
    """Whether `wanted` lacks something of `was`, so that it matters whose that is.

    >>> takes_away({"a": {"b": 1}}, {"a": {"b": 2}, "c": 3}), takes_away({"a": {"b": 1}}, {"a": {}})
    (False, True)
    """
    before, after = as_map(was), as_map(wanted)
    if before is not None and after is not None:
        return any(takes_away(value, after.get(key, ABSENT)) for key, value in before.items() if value is not None)
    old, new = as_list(was), as_list(wanted)
    if old is not None and new is not None:
        named = _named((old, new), NOBODYS)
        return any(item not in new for item in old) if named is None else not named[0].keys() <= named[1].keys()
    return was is not ABSENT and (wanted is ABSENT or wanted is None or was.__class__ in {dict, list})


def _rebased_map(was: Document, wanted: Document, live: Document, owners: Owners, where: str) -> Document:
    made = dict(live)
    for key in dict.fromkeys((*wanted, *was)):
        before, after, now = (_value(one, key) for one in (was, wanted, live))
        value = rebased(before, after, now, owners.below(f"f:{key}"), f"{where}.{key}")
        if value is ABSENT and now is not ABSENT:
            del made[key]
        elif value is not ABSENT and value is not now:
            made[key] = value
    return made


def _rebased_list(
    was: list[Any], wanted: list[Any], live: list[Any], owners: Owners, where: str, *, moved: bool
) -> list[Any]:
    named = _named((was, wanted, live), owners)
    if named is None:
        if moved:
            raise Conflict(f"somebody else has changed {where}, too, since it was read", status=409, reason="Conflict")
        return wanted
    before, after, now = named
    made = list[Any]()
    for step in dict.fromkeys((*now, *after)):
        old, new, current = (one.get(step, ABSENT) for one in (before, after, now))
        if step.startswith('k:{"type":') and new is not ABSENT:
            value = current if _same(new, old) else _since(new, current) if old is ABSENT else new
        else:
            value = rebased(old, new, current, owners.below(step), f"{where}[{step}]")
        if value is not ABSENT:
            made.append(value)
    return made


def _since(new: Any, current: Any) -> Any:
    """A condition that the action did not know of, with the time at which it came to be what it is."""
    made, known = as_map(new) or {}, as_map(current) or {}
    time = known.get("lastTransitionTime")
    if not time or "lastTransitionTime" not in made or made.get("status") != known.get("status"):
        return new
    return {**made, "lastTransitionTime": time}


def _left(live: Any, owners: Owners) -> Any:
    """What stays of a value that the action has taken away."""
    if live is ABSENT or not owners.others:
        return ABSENT
    if owners.wholly_others:
        return live
    if (fields := as_map(live)) is not None:
        parts = {key: _left(value, owners.below(f"f:{key}")) for key, value in fields.items()}
        kept = {key: value for key, value in parts.items() if value is not ABSENT}
        return kept if kept or owners.container else ABSENT
    if (items := as_list(live)) is not None and (named := _named((items,), owners)) is not None:
        left = [_left(item, owners.below(step)) for step, item in named[0].items()]
        kept_items = [item for item in left if item is not ABSENT]
        return kept_items if kept_items or owners.container else ABSENT
    return live


def _named(lists: Sequence[list[Any]], owners: Owners) -> list[_Items] | None:
    """The items of each list by the steps to them; None where they have no names, or not each its own."""
    keys = owners.keys
    found: list[_Items] = []
    for one in lists:
        items = {
            step: item for item in one if (step := step_to(item, _CONDITIONS if keys is None else keys)) is not None
        }
        if len(items) != len(one):
            return None
        found.append(items)
    return found


def _same(left: Any, right: Any) -> bool:
    return left is right or (left is not ABSENT and right is not ABSENT and same(left, right))


def _value(found: Document, key: str) -> Any:
    """The value of a key: one that is null is none."""
    value = found.get(key)
    return ABSENT if value is None else value
