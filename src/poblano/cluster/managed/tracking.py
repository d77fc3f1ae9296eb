"""Who owns what after a write that is not an apply.

Source: k8s.io/apimachinery/pkg/util/managedfields/internal/fieldmanager.go, structuredmerge.go, managedfieldsupdater.go;
sigs.k8s.io/structured-merge-diff/v6/merge/update.go
"""

from __future__ import annotations

from typing import Any

from poblano.cluster.managed.comparing import compare
from poblano.cluster.managed.elements import ElementError
from poblano.cluster.managed.entries import (
    Entry,
    MalformedEntries,
    Manager,
    Managers,
    capped,
    changed,
    manager_of,
    read_entries,
    written,
)
from poblano.cluster.managed.fields import Fields, difference, union, without
from poblano.cluster.managed.migrating import migrated
from poblano.cluster.managed.resets import SYSTEM, reset_of
from poblano.cluster.managed.types import DEDUCED, Type, type_of
from poblano.cluster.schema import Schema
from poblano.core.jsonvalue import Document


def track_update(
    old: Document | None,
    new: Document,
    *,
    schema: Schema | None,
    manager: str,
    api_version: str,
    subresource: str = "",
    now: str,
    reset: Fields | None = None,
) -> None:
    """Set ``new["metadata"]["managedFields"]`` as a create, update or patch leaves it.

    To be called when defaults are in and before anything else of the server (admission, the strategy's preparation)
    touches the object: what those change is nobody's. Both objects are of `api_version`.

    Args:
        old: the object before; None for a create.
        new: the object that the client wants; its managedFields count as far as the client may set them.
        schema: of the kind, whatever the subresource; None where nothing is known of it.
        manager: who writes; empty for "unknown".
        now: "2026-01-01T00:00:00Z".
        reset: what the write does not own, where `reset_fields` of the object's own kind is not it.
    """
    metadata: Document = new["metadata"]
    given = metadata.pop("managedFields", None)
    before: Any = (old or {}).get("metadata", {}).get("managedFields")
    managers = _current(before, given, subresource)
    if not managers and old is not None:
        return
    kind = DEDUCED if schema is None else type_of(schema)
    who = manager_of(manager, "Update", api_version, subresource)
    ignored = reset_of(api_version, new.get("kind", ""), subresource) if reset is None else reset
    try:
        found = updated(kind, old or {}, new, managers, who, api_version, now, ignored)
    except ElementError:
        return
    if found:
        metadata["managedFields"] = written(found)


def _current(before: Any, given: Any, subresource: str) -> Managers:
    """The managers as the write begins. A client clears them with an empty list, and cannot break them."""
    if not subresource:
        if given in ([], [{}]):
            return {}
        found = _readable(given)
        if found:
            return found
    return _readable(before)


def _readable(entries: Any) -> Managers:
    try:
        return read_entries(entries or ())
    except (MalformedEntries, AttributeError, TypeError):
        return {}


def updated(
    kind: Type, old: Document, new: Document, managers: Managers, who: Manager, version: str, now: str, reset: Fields
) -> Managers:
    """The managers after `who` changed `old` into `new`.

    Raises:
        ElementError: an item of an associative list cannot be told from the others.
    """
    more, less = compare(kind, _without_managers(old), new)
    if managers:
        current = {each: changed(entry, migrated(kind, entry.fields)) for each, entry in managers.items()}
        found = released(current, without(more, reset), without(less, reset))
    else:
        found = {}
    mine = difference(without(more, reset), SYSTEM)
    if mine:
        earlier = found.get(who)
        found[who] = Entry(union(earlier.fields, mine) if earlier else mine, version, now)
    return capped(found)


def released(managers: Managers, more: Fields, less: Fields) -> Managers:
    """The managers without what somebody else changed or removed; whoever owns nothing is gone."""
    found: Managers = {}
    for who, entry in managers.items():
        fields = difference(difference(entry.fields, more), less)
        if fields:
            found[who] = changed(entry, fields)
    return found


def _without_managers(old: Document) -> Document:
    metadata: Document = old.get("metadata") or {}
    if "managedFields" not in metadata:
        return old
    return {**old, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
