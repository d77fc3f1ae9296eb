"""metadata.managedFields: who owns what, read and written.

Source: k8s.io/apimachinery/pkg/util/managedfields/internal/managedfields.go, fields.go, capmanagers.go
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from poblano.cluster.managed.elements import ElementError, canonical, go_json
from poblano.cluster.managed.fields import LEAF, SELF, Fields, in_order, union
from poblano.core.jsonvalue import Document

MAX_UPDATERS: Final = 10
"""How many managers of Updates an object keeps (fieldmanager.DefaultMaxUpdateManagers)."""

ANCIENT: Final = "ancient-changes"
"""Whoever wrote longest ago, once there are too many."""


class MalformedEntries(ValueError):
    """managedFields that cannot be read."""


class Manager(NamedTuple):
    """What tells one manager from another. That of an Apply is the same in every version."""

    name: str
    operation: str
    api_version: str
    subresource: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one manager owns, in which version, and when that last changed.

    `written` is the entry as it was read, so that what did not change is not written anew.
    """

    fields: Fields
    api_version: str
    time: str = ""
    written: Document | None = None


Managers = dict[Manager, Entry]


def manager_of(name: str, operation: str, api_version: str, subresource: str) -> Manager:
    """Who that is."""
    return Manager(name or "unknown", operation, "" if operation == "Apply" else api_version, subresource)


def read_entries(entries: Iterable[Document]) -> Managers:
    """Every manager with what it owns.

    Raises:
        MalformedEntries: an entry is none, in the words of the API server.
    """
    found: Managers = {}
    for index, entry in enumerate(entries):
        operation = entry.get("operation", "")
        if operation not in ("Apply", "Update"):
            raise MalformedEntries("operation must be `Apply` or `Update`")
        version = entry.get("apiVersion", "")
        if not version:
            raise MalformedEntries("apiVersion must not be empty")
        kind = entry.get("fieldsType", "")
        if kind != "FieldsV1":
            raise MalformedEntries(
                f'invalid fieldsType "{kind}" in managed fields entry {index}'
                if kind
                else f"missing fieldsType in managed fields entry {index}"
            )
        known = "" if operation == "Apply" else version
        who = Manager(entry.get("manager", ""), operation, known, entry.get("subresource", ""))
        fields = read_fields(entry.get("fieldsV1") or {})
        found[who] = Entry(fields, version, entry.get("time") or "", entry)
    return found


def read_fields(node: Any) -> Fields:
    """A set as a client wrote it, in the spelling that is compared. What is spelt so already is not copied.

    Raises:
        MalformedEntries: it is none.
    """
    if node.__class__ is not dict:
        raise MalformedEntries(f"expected a map of fields, got {go_json(node)}")
    found: Fields | None = None
    for element, below in node.items():
        try:
            spelt = element if element == SELF or element[:2] == "f:" else canonical(element)
        except ElementError as error:
            raise MalformedEntries(str(error)) from None
        inner = read_fields(below) if below else LEAF
        if spelt != element or (below and inner is not below):
            found = dict(node) if found is None else found
            del found[element]
            found[spelt] = inner
    return node if found is None else found


def written(managers: Managers) -> list[Document]:
    """The entries, Applies first, then by time, the longest ago first."""
    return [_written(who, entry) for who, entry in sorted(managers.items(), key=_order)]


def _order(item: tuple[Manager, Entry]) -> tuple[str, ...]:
    who, entry = item
    return (who.operation, entry.time, who.name, entry.api_version, who.subresource)


def _written(who: Manager, entry: Entry) -> Document:
    if entry.written is not None:
        return entry.written
    document: Document = {"manager": who.name, "operation": who.operation, "apiVersion": entry.api_version}
    if entry.time:
        document["time"] = entry.time
    document["fieldsType"] = "FieldsV1"
    document["fieldsV1"] = in_order(entry.fields)
    if who.subresource:
        document["subresource"] = who.subresource
    return document


def changed(entry: Entry, fields: Fields) -> Entry:
    """The entry with other fields."""
    return entry if fields is entry.fields else replace(entry, fields=fields, written=None)


def capped(managers: Managers) -> Managers:
    """Not more than `MAX_UPDATERS` managers of Updates: those of longest ago become one for each version."""
    updaters = [who for who in managers if who.operation == "Update"]
    if len(updaters) <= MAX_UPDATERS:
        return managers
    found = dict(managers)
    updaters.sort(key=lambda who: (managers[who].time, *_identifier(who)))
    left = len(updaters)
    first: dict[str, Manager] = {}
    for who in updaters:
        if left <= MAX_UPDATERS:
            break
        entry = found[who]
        version = entry.api_version
        if version not in first:
            first[version] = who
            continue
        bucket = Manager(ANCIENT, "Update", version, "")
        if bucket not in found:
            found[bucket] = found.pop(first[version])
        joined = union(entry.fields, found[bucket].fields)
        del found[who]
        found[bucket] = Entry(joined, version, entry.time)
        left -= 1
    return found


def _identifier(who: Manager) -> tuple[str, ...]:
    return (who.name, who.operation, who.api_version, who.subresource)
