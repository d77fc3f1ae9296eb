"""update, and the part of patch that is the same: from a new state of an object to a stored one.

Source: k8s.io/apiserver/pkg/registry/generic/registry/store.go (Update), pkg/registry/rest/update.go
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from poblano.cluster import field_errors
from poblano.cluster.field_errors import go_value
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many
from poblano.cluster.rest.admission import attributes
from poblano.cluster.rest.asking import ask_mutating
from poblano.cluster.rest.bodies import body_of
from poblano.cluster.rest.create import create_object
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.objects import fit_namespace, keep_life, metadata_of, own, same_name
from poblano.cluster.rest.options import WriteOptions, write_options
from poblano.cluster.rest.parts import CHECKS, PARTS
from poblano.cluster.rest.presenting import present
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.stored import bucket_of, registry_key, strategy_of
from poblano.cluster.status import StatusError, conflict, invalid, modified, not_found
from poblano.cluster.storage.engine import Changed
from poblano.cluster.storage.records import Record, unstored
from poblano.core.jsonvalue import Document

_TRIES: Final = 20
"""How often a write that names no resourceVersion starts again because another was faster."""


@dataclass(frozen=True, slots=True)
class Change:
    """How a new state comes about.

    Args:
        make: the new state from the present one, which it must not touch; the owners are written down by then.
        options: of the write.
        retried: whether to start again when another write was faster: what a patch does, and an update without a
            resourceVersion.
        subresource: the part that is written: "" for all but the status, "status" for that alone.
        uid: what the object has to have; empty for any.
    """

    make: Callable[[Document], Awaitable[Document]]
    options: WriteOptions
    retried: bool
    subresource: str = ""
    uid: str = ""


async def update(server: Server, request: Request) -> Response:
    """Answer a PUT.

    Raises:
        StatusError: whatever the object is refused with.
    """
    options = write_options(request.query, "UpdateOptions")
    document = body_of(request, options)
    fit_namespace(document, request.resource, request.target.namespace)
    same_name(document, request.target.name)
    strategy = strategy_of(request.resource)
    strategy.default(document, request.resource.version)
    record = server.find(request)
    if record is None:
        return await _unknown(server, request, document, options, strategy)
    part = request.target.subresource

    async def make(old: Document) -> Document:
        new: Document = {**document, "metadata": dict(metadata_of(document))}
        own(server, request, old, new, options.field_manager, part)
        return new

    metadata = metadata_of(document)
    given = metadata.get("resourceVersion")
    change = Change(make, options, retried=not given, subresource=part, uid=metadata.get("uid") or "")
    return await present(server, request, await change_object(server, request, change))


async def _unknown(
    server: Server, request: Request, document: Document, options: WriteOptions, strategy: Strategy
) -> Response:
    resource, name = request.resource, request.target.name
    _check_uid(request, metadata_of(document).get("uid") or "", "")
    if not strategy.creates_on_update or request.target.subresource:
        raise not_found(resource.plural, name, group=resource.group)
    metadata_of(document).pop("resourceVersion", None)
    made = await create_object(server, request, document, options)
    return await present(server, request, made, status=201)


async def change_object(server: Server, request: Request, change: Change) -> Record:
    """Admit, validate and store a new state of the object that the request names; gives what is stored then.

    Raises:
        StatusError: whatever the new state is refused with.
    """
    resource, name = request.resource, request.target.name
    for _ in range(_TRIES):
        record = server.find(request)
        if record is None:
            _check_uid(request, change.uid, "")
            raise not_found(resource.plural, name, group=resource.group)
        noted = len(request.warnings)
        try:
            return await _attempt(server, request, change, record)
        except Changed:
            if not change.retried:
                break
            del request.warnings[noted:]
    raise modified(resource.plural, name, group=resource.group)


async def _attempt(server: Server, request: Request, change: Change, record: Record) -> Record:
    resource, options = request.resource, change.options
    strategy = strategy_of(resource)
    old = await server.stored.load(resource, record)
    _check_uid(request, change.uid, metadata_of(old)["uid"])
    new = await change.make(old)
    strategy.admit(new, old, server.lookup, change.subresource)
    review = attributes(request, "UPDATE", new=new, old=old, options=options.document, dry_run=options.dry_run)
    await ask_mutating(server, review)
    new = review.object if review.object is not None else new
    _check_identity(request, new, old, strategy)
    keep_life(new, old)
    fit_namespace(new, resource, request.target.namespace)
    part = PARTS.get((resource.plural, change.subresource))
    if part is not None:
        part(new, old)
        errors = strategy.validate_status_update(new, old)
        if check := CHECKS.get((resource.plural, change.subresource)):
            errors = [*errors, *check(strategy, new, old)]
    elif change.subresource:
        strategy.prepare_for_status_update(new, old)
        errors = strategy.validate_status_update(new, old)
    else:
        strategy.prepare_for_update(new, old, server.lookup)
        errors = strategy.validate_update(new, old)
    if errors:
        named = metadata_of(new).get("name") or ""  # a webhook may have changed it, which is among the errors then
        raise invalid(resource.kind, named, errors, group=resource.group)
    request.warnings.extend(strategy.warnings(new, old))
    final = attributes(request, "UPDATE", new=new, old=old, options=options.document, dry_run=options.dry_run)
    await server.webhooks.validate(final)
    return await store_change(server, request, new, old, record, dry_run=options.dry_run)


def _check_identity(request: Request, new: Document, old: Document, strategy: Strategy) -> None:
    """Nothing, if the new state is one of the object that is stored.

    Raises:
        StatusError: 409 for an outdated resourceVersion, 422 for a missing one, 500 for what is no number.
    """
    resource, name = request.resource, request.target.name
    given, there = metadata_of(new), metadata_of(old)
    version = given.get("resourceVersion") or ""
    if not version and not strategy.unconditional_update:
        error = field_errors.invalid("metadata.resourceVersion", 0, "must be specified for an update")
        raise invalid(resource.kind, name, [error], group=resource.group)
    _check_number(version)
    if version and version != there["resourceVersion"]:
        raise modified(resource.plural, name, group=resource.group)
    given["resourceVersion"] = there["resourceVersion"]


def _check_number(version: str) -> None:
    if version and not (version.isascii() and version.isdigit()):
        raise StatusError(500, "", f"strconv.ParseUint: parsing {go_value(version)}: invalid syntax")


def _check_uid(request: Request, asked: str, there: str) -> None:
    """Nothing, if a PUT means the object that is there.

    Raises:
        StatusError: 409, it is another one of that name, or none.
    """
    if asked in ("", there):
        return
    resource, name = request.resource, request.target.name
    failed = f"Precondition failed: UID in precondition: {asked}, UID in object meta: {there}"
    at = f"Key: {registry_key(resource, request.target.namespace, name)}, ResourceVersion: 0"
    why = f"StorageError: invalid object, Code: 4, {at}, AdditionalErrorMsg: {failed}"
    raise conflict(resource.plural, name, why, group=resource.group)


async def store_change(
    server: Server, request: Request, new: Document, old: Document, record: Record, *, dry_run: bool
) -> Record:
    """Store a new state, or delete the object when the last thing that held its deletion is gone.

    Raises:
        Changed: another write was faster.
    """
    resource = request.resource
    if same_state(new, old):
        return record
    version, stored = await server.stored.to_storage(resource, new)
    if dry_run:
        return unstored(record.key, version, stored, revision=record.revision)
    if is_released(new, old):
        server.storage.delete(bucket_of(resource), read=record)
        return unstored(record.key, version, stored, revision=record.revision)
    return server.storage.update(bucket_of(resource), version, stored, read=record)


def is_released(new: Document, old: Document) -> bool:
    """Whether an update lets go of an object whose deletion was held."""
    metadata, was = metadata_of(new), metadata_of(old)
    if not metadata.get("deletionTimestamp") or metadata.get("deletionGracePeriodSeconds"):
        return False
    held = bool(was.get("finalizers")) or _namespace_finalizers(old)
    return held and not metadata.get("finalizers") and not _namespace_finalizers(new)


def _namespace_finalizers(document: Document) -> bool:
    return document.get("kind") == "Namespace" and bool(many(document, "spec", "finalizers"))


def same_state(new: Document, old: Document) -> bool:
    """Whether nothing changed but perhaps the times at which owners last wrote."""
    if new == old:
        return _same_types(new, old)
    ours, theirs = metadata_of(new), metadata_of(old)
    if _without_times(ours) != _without_times(theirs):
        return False
    rest = new.keys() | old.keys()
    return all(new.get(key) == old.get(key) for key in rest if key != "metadata") and _same_types(new, old)


def _without_times(metadata: Document) -> Document:
    owners = [
        {key: value for key, value in entry.items() if key != "time"} for entry in metadata.get("managedFields") or ()
    ]
    return {**metadata, "managedFields": owners}


def _same_types(new: object, old: object) -> bool:
    """Of equal values: whether none is a boolean where the other is a number."""
    if isinstance(new, dict) and isinstance(old, dict):
        return all(_same_types(value, old.get(key)) for key, value in new.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]
    if isinstance(new, list) and isinstance(old, list):
        return all(map(_same_types, new, old))  # pyright: ignore[reportUnknownArgumentType]
    return isinstance(new, bool) == isinstance(old, bool)
