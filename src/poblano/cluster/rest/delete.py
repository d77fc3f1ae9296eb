"""delete and deletecollection: at once, when it is allowed to go, or never.

Source: k8s.io/apiserver/pkg/registry/generic/registry/store.go (Delete), pkg/registry/rest/delete.go
"""

from __future__ import annotations

from typing import Final

from poblano.cluster.custom.conditions import terminating
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.rest.admission import attributes
from poblano.cluster.rest.bodies import read_delete_options
from poblano.cluster.rest.encoding import encoded, rendered
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.list_options import check_list_options
from poblano.cluster.rest.listing import Page, list_items, page, selection
from poblano.cluster.rest.objects import metadata_of
from poblano.cluster.rest.options import DeleteOptions, delete_options
from poblano.cluster.rest.presenting import present
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.status import conflict, forbidden, not_found
from poblano.cluster.storage.engine import Changed
from poblano.cluster.storage.records import Record, unstored
from poblano.core.jsonvalue import Document

ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"
CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
_IMMORTAL: Final = ("default", "kube-system", "kube-public")
_RETURNED: Final = frozenset({
    ("", "pods"), ("", "podtemplates"), ("", "persistentvolumes"), ("", "persistentvolumeclaims"), ("", "resourcequotas"),
    ("", "serviceaccounts"), ("", "services"), ("storage.k8s.io", "csidrivers"), ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "csistoragecapacities"), ("storage.k8s.io", "storageclasses"), ("storage.k8s.io", "volumeattachments"),
})  # fmt: skip
"""What is answered with the object that is gone rather than with a Status (ReturnDeletedObject)."""
_OWN_WAY: Final = ("Namespace", "CustomResourceDefinition")
_TRIES: Final = 20


async def delete(server: Server, request: Request) -> Response:
    """Answer a DELETE of one object.

    Raises:
        StatusError: there is none, it is not the one that is meant, or it may not be deleted.
    """
    options = delete_options(request.query, read_delete_options(request))
    resource, name = request.resource, request.target.name
    _check_mortal(request)
    for _ in range(_TRIES):
        record = server.find(request)
        if record is None:
            raise not_found(resource.plural, name, group=resource.group)
        try:
            after, gone = await delete_record(server, request, record, options)
        except Changed:
            continue
        if gone and bucket_of(resource) not in _RETURNED:
            return _gone(request, after)
        return await present(server, request, after)
    raise conflict(resource.plural, name, "it changes too often", group=resource.group)


def _check_mortal(request: Request) -> None:
    if request.resource.plural == "namespaces" and not request.resource.group and request.target.name in _IMMORTAL:
        raise forbidden("namespaces", request.target.name, "this namespace may not be deleted")


def _gone(request: Request, last: Record) -> Response:
    resource = request.resource
    details: Document = {
        "name": request.target.name,
        "kind": resource.plural,
        "uid": last.document()["metadata"]["uid"],
    }
    if resource.group:
        details = {"name": details["name"], "group": resource.group, "kind": resource.plural, "uid": details["uid"]}
    status: Document = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return rendered(encoded(status), request.answer)


async def delete_record(
    server: Server, request: Request, record: Record, options: DeleteOptions
) -> tuple[Record, bool]:
    """Admit the deletion of an object and do it; gives the object as it is then, and whether it is gone.

    Raises:
        StatusError: it is not the one that is meant, or a webhook says no.
        Changed: another write was faster.
    """
    old = await server.stored.load(request.resource, record)
    _check_preconditions(request, old, options)
    name = metadata_of(old)["name"] if request.target.name else ""
    review = attributes(
        request, "DELETE", new=None, old=old, options=options.document, dry_run=options.dry_run, name=name
    )
    await server.webhooks.mutate(review)
    await server.webhooks.validate(review)
    return await _remove(server, request, record, old, options)


async def delete_record_unasked(server: Server, request: Request, record: Record, options: DeleteOptions) -> None:
    """Delete an object as another write's consequence: no webhook is asked again.

    Raises:
        StatusError: it is not the one that is meant.
    """
    old = await server.stored.load(request.resource, record)
    _check_preconditions(request, old, options)
    await _remove(server, request, record, old, options)


def _check_preconditions(request: Request, old: Document, options: DeleteOptions) -> None:
    metadata, kind = metadata_of(old), request.resource.kind
    if options.uid is not None and options.uid != metadata["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({metadata['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict(kind, metadata["name"], why, group=request.resource.group)
    if options.resource_version is not None and options.resource_version != metadata["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the ResourceVersion "
            f"in record ({metadata['resourceVersion']}). The object might have been modified"
        )
        raise conflict(kind, metadata["name"], why, group=request.resource.group)


async def _remove(
    server: Server, request: Request, record: Record, old: Document, options: DeleteOptions
) -> tuple[Record, bool]:
    bucket = bucket_of(request.resource)
    new: Document = {**old, "metadata": {**old["metadata"]}}
    _set_propagation(new, options)
    if _is_definition(request) and CLEANUP not in many(new, "metadata", "finalizers") and not _is_going(old):
        new["metadata"]["finalizers"] = [*many(new, "metadata", "finalizers"), CLEANUP]
    grace = _grace(request, old, options)
    if not _is_held(new) and not grace:
        if options.dry_run:
            return unstored(record.key, record.version, old, revision=record.revision), True
        return server.storage.delete(bucket, read=record), True
    _mark(server, new, grace)
    if request.resource.kind == "Namespace" and not request.resource.group:
        new["status"] = {**struct(new, "status"), "phase": "Terminating"}
    if _is_definition(request):
        new = terminating(new, server.clock.now())
    if new == old:
        return record, False
    version, stored = await server.stored.to_storage(request.resource, new)
    if options.dry_run:
        return unstored(record.key, version, stored, revision=record.revision), False
    return server.storage.update(bucket, version, stored, read=record), False


def _is_definition(request: Request) -> bool:
    return request.resource.kind == "CustomResourceDefinition" and request.resource.group == "apiextensions.k8s.io"


def _is_going(document: Document) -> bool:
    return bool(document["metadata"].get("deletionTimestamp"))


def _set_propagation(new: Document, options: DeleteOptions) -> None:
    """The finalizers by which the garbage collector knows what becomes of the dependents."""
    metadata = new["metadata"]
    finalizers = [one for one in metadata.get("finalizers") or () if one not in (ORPHAN, FOREGROUND)]
    if options.propagation == "Orphan":
        finalizers.append(ORPHAN)
    elif options.propagation == "Foreground":
        finalizers.append(FOREGROUND)
    elif options.propagation is None:
        return
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)


def _is_held(document: Document) -> bool:
    if document["metadata"].get("finalizers"):
        return True
    return document.get("kind") == "Namespace" and bool(many(document, "spec", "finalizers"))


def _grace(request: Request, old: Document, options: DeleteOptions) -> int:
    """Seconds that a Pod on a node is given to end; everything else, and a Pod that never ran, goes at once."""
    if request.resource.kind != "Pod" or request.resource.group:
        return 0
    spec, status = struct(old, "spec"), struct(old, "status")
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return 0
    asked = options.grace_period
    wanted: int = asked if asked is not None else spec.get("terminationGracePeriodSeconds", 30)
    pending = old["metadata"].get("deletionGracePeriodSeconds")
    return max(0, wanted if pending is None else min(wanted, pending))


def _mark(server: Server, new: Document, grace: int) -> None:
    """Begin the deletion, once; Namespaces and definitions, which have a way of their own to go, have no grace period."""
    from poblano.cluster.clock import written

    metadata = new["metadata"]
    if metadata.get("deletionTimestamp") and metadata.get("deletionGracePeriodSeconds", 0) <= grace:
        return
    metadata["deletionTimestamp"] = written(server.clock.seconds() + grace)
    if new["kind"] in _OWN_WAY:
        return
    metadata["deletionGracePeriodSeconds"] = grace
    if "generation" in metadata:
        metadata["generation"] += 1


async def delete_collection(server: Server, request: Request) -> Response:
    """Answer a DELETE of a collection: each object by itself; the list says what was there.

    Raises:
        StatusError: the first that may not be deleted.
    """
    check_list_options(request.query)
    options = delete_options(request.query, read_delete_options(request))
    chosen = selection(request.resource, request.query, namespace=request.target.namespace)
    found = page(server.stored, request.resource, chosen, request.query)
    for record in found.records:
        await _delete_one(server, request, record, options)
    body = await list_items(server.stored, request.resource, Page(found.records, found.metadata))
    return rendered(body, request.answer)


async def _delete_one(server: Server, request: Request, record: Record, options: DeleteOptions) -> None:
    newest: Record | None = record
    while newest is not None:
        try:
            await delete_record(server, request, newest, options)
        except Changed:
            newest = server.storage.get(bucket_of(request.resource), record.key)
        else:
            return
