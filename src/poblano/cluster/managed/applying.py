"""Server-side apply: a configuration merged into an object, with who owns what.

Source: k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go, skipnonapplied.go, versioncheck.go;
sigs.k8s.io/structured-merge-diff/v6/merge/update.go (Apply)
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.managed.checking import together, type_errors
from poblano.cluster.managed.comparing import compare
from poblano.cluster.managed.conflicts import Conflicts
from poblano.cluster.managed.elements import ElementError
from poblano.cluster.managed.entries import (
    Entry,
    MalformedEntries,
    Manager,
    Managers,
    changed,
    manager_of,
    read_entries,
    written,
)
from poblano.cluster.managed.fields import Fields, difference, intersection, without
from poblano.cluster.managed.last_applied import KUBECTL, allowed_conflicts, keep_annotation
from poblano.cluster.managed.merging import merge
from poblano.cluster.managed.migrating import migrated
from poblano.cluster.managed.owning import fields_of
from poblano.cluster.managed.removing import prune
from poblano.cluster.managed.resets import SYSTEM, reset_of
from poblano.cluster.managed.tracking import released, updated
from poblano.cluster.managed.types import DEDUCED, Type, type_of
from poblano.cluster.schema import Schema
from poblano.cluster.status import StatusError, bad_request
from poblano.core.jsonvalue import Document, copied, identical

BEFORE_FIRST_APPLY: Final = "before-first-apply"
"""Who owns what was there before anybody applied, where nobody was said to own it."""


def apply(
    live: Document | None,
    config: Document,
    *,
    schema: Schema | None,
    manager: str,
    force: bool,
    api_version: str,
    subresource: str = "",
    now: str,
    kind: str = "",
    reset: Fields | None = None,
) -> Document:
    """The object after an apply, managedFields included; a new document. Defaults are still to be put in.

    Args:
        live: the object as it is, of `api_version`; None to create it.
        config: what the manager applies.
        force: take what others own.
        kind: what the resource holds; empty for whatever the configuration says.
        reset: what the apply does not own, where `reset_fields` of the object's own kind is not it.

    Raises:
        StatusError: 409 with a FieldManagerConflict for each field that others own, unless forced; 400 for another version
            or kind, or managedFields in the configuration; 500 where the configuration does not fit the schema.
    """
    _check_type(config, api_version, kind)
    if config.get("metadata", {}).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    typed = DEDUCED if schema is None else type_of(schema)
    _check_fit(typed, config)
    who = manager_of(manager, "Apply", api_version, subresource)
    ignored = reset_of(api_version, config.get("kind", ""), subresource) if reset is None else reset
    there = {} if live is None else _without_managers(live)
    managers = _known(typed, live, there, api_version, subresource, now, ignored)
    asked = _Asked(typed, there, config, who, api_version, ignored, now)
    try:
        document, found = (
            _kubectl(asked, managers) if manager == KUBECTL and not force else asked.apply(managers, force=force)
        )
    except Conflicts as conflicts:
        raise conflicts.refusal() from None
    if manager == KUBECTL:
        keep_annotation(document, config)
    if found:
        document.setdefault("metadata", {})["managedFields"] = written(found)
    return document


def _check_type(config: Document, api_version: str, kind: str) -> None:
    version = config.get("apiVersion") or ""
    if version == api_version and config.get("kind") and kind in ("", config["kind"]):
        return
    raise bad_request(f"invalid object type: {_named(version, config.get('kind') or '')}")


def _named(api_version: str, kind: str) -> str:
    return f"{api_version if '/' in api_version else f'/{api_version}'}, Kind={kind}"


def _check_fit(kind: Type, config: Document) -> None:
    errors = type_errors(kind, config)
    if errors:
        metadata: Document = config.get("metadata") or {}
        place = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
        named = _named(config["apiVersion"], config["kind"])
        raise StatusError(500, "", f"failed to create typed patch object ({place}; {named}): {together(errors)}")


def _known(
    kind: Type, live: Document | None, there: Document, version: str, subresource: str, now: str, reset: Fields
) -> Managers:
    if live is None:
        return {}
    try:
        managers = read_entries(live["metadata"].get("managedFields") or ())
    except MalformedEntries as error:
        raise StatusError(500, "", f"failed to decode managed fields: {error}") from None
    if not managers:
        first = manager_of(BEFORE_FIRST_APPLY, "Update", version, subresource)
        return updated(kind, {}, there, {}, first, version, now, reset)
    return {each: changed(entry, migrated(kind, entry.fields)) for each, entry in managers.items()}


class _Asked:
    """One apply, which may be done twice: kubectl's is tried without force first."""

    def __init__(
        self, kind: Type, live: Document, config: Document, who: Manager, version: str, reset: Fields, now: str
    ) -> None:
        self.kind, self.live, self.config = kind, live, config
        self.who, self.version, self.reset, self.now = who, version, reset, now

    def apply(self, managers: Managers, *, force: bool) -> tuple[Document, Managers]:
        """The object and its managers.

        Raises:
            Conflicts: others own what would change, and it is not forced.
        """
        kind, live = self.kind, self.live
        last = managers.get(self.who)
        mine = without(fields_of(kind, self.config), self.reset)
        owned = [entry.fields for who, entry in managers.items() if who != self.who]
        document = merge(kind, live, self.config)
        document = prune(kind, document, last.fields if last else {}, [*owned, mine])
        others = self._others(managers, document, force=force)
        same = identical(document, live)
        time = self.now if not same else last.time if last else ""
        mine = difference(mine, SYSTEM)
        if mine:
            unchanged = last is not None and same and last.fields == mine and last.api_version == self.version
            others[self.who] = last if unchanged and last is not None else Entry(mine, self.version, time)
        return (copied(document) if same else document), others

    def _others(self, managers: Managers, document: Document, *, force: bool) -> Managers:
        try:
            more, less = compare(self.kind, self.live, document)
        except ElementError as error:
            raise StatusError(500, "", f"failed to compare objects: {error}") from None
        more, less = without(more, self.reset), without(less, self.reset)
        others = {who: entry for who, entry in managers.items() if who != self.who}
        conflicts = {who: intersection(entry.fields, more) for who, entry in others.items()}
        conflicts = {who: fields for who, fields in conflicts.items() if fields}
        if conflicts and not force:
            raise Conflicts(conflicts, {who: others[who].api_version for who in conflicts})
        return released(others, more, less)


def _kubectl(asked: _Asked, managers: Managers) -> tuple[Document, Managers]:
    """kubectl comes from client-side apply: what its annotation says it applied there is no conflict."""
    try:
        return asked.apply(managers, force=False)
    except Conflicts as conflicts:
        allowed = allowed_conflicts(asked.kind, asked.live, asked.version)
        if allowed is None:
            raise
        left = {who: difference(fields, allowed) for who, fields in conflicts.owners.items()}
        left = {who: fields for who, fields in left.items() if fields}
        if left:
            raise Conflicts(left, conflicts.versions) from None
        return asked.apply(managers, force=True)


def _without_managers(live: Document) -> Document:
    metadata: dict[str, Any] = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return {**live, "metadata": metadata}
