"""What every write does to an object's metadata, whatever its kind.

Source: k8s.io/apiserver/pkg/registry/rest/create.go, update.go and meta.go
"""

from __future__ import annotations

import secrets
import uuid
from typing import Final

from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.managed import reset_fields, track_update
from poblano.cluster.resources import Resource
from poblano.cluster.rest.exchange import Request
from poblano.cluster.rest.server import Server
from poblano.cluster.status import StatusError, bad_request, forbidden, invalid, not_found
from poblano.core.jsonvalue import Document, as_map

_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH: Final = 5
_BASE_LENGTH: Final = 63 - _SUFFIX_LENGTH
_UNTOUCHABLE: Final = ("creationTimestamp", "deletionTimestamp")
_REPEATED: Final = ("uid", *_UNTOUCHABLE, "deletionGracePeriodSeconds")


def metadata_of(document: Document) -> Document:
    """The object's metadata, made where it is missing."""
    found = as_map(document.get("metadata"))
    if found is None:
        found = document["metadata"] = {}
    return found


def fit_namespace(document: Document, resource: Resource, namespace: str) -> None:
    """Give the object the namespace of the request; what lives in none loses the one that it names.

    Raises:
        StatusError: 400, it names another one.
    """
    metadata = metadata_of(document)
    wanted = namespace if resource.namespaced else ""
    given = metadata.get("namespace") or ""
    if given and wanted and given != wanted:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if wanted:
        metadata["namespace"] = wanted
    else:
        metadata.pop("namespace", None)


def fit_name(document: Document, name: str) -> None:
    """Give the object the name of the request.

    Raises:
        StatusError: 400, it has another one.
    """
    metadata = metadata_of(document)
    given = metadata.get("name") or ""
    if given and given != name:
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")
    metadata["name"] = name


def same_name(document: Document, name: str) -> None:
    """Nothing, if the object names itself as the request does.

    Raises:
        StatusError: 400, it has another name, or none.
    """
    if not metadata_of(document).get("name"):
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    fit_name(document, name)


def generated_name(base: str) -> str:
    """A name that begins with `base` and ends with five random letters."""
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
    return base[:_BASE_LENGTH] + suffix


def start_life(document: Document, now: str) -> None:
    """The metadata that the server gives a new object, and none of what a client may not say."""
    metadata = metadata_of(document)
    for key in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
        metadata.pop(key, None)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now


def keep_life(document: Document, old: Document) -> None:
    """The metadata that an update need not repeat; what else differs is for the validation to refuse."""
    metadata, was = metadata_of(document), metadata_of(old)
    for key in _REPEATED:
        if metadata.get(key) in (None, ""):
            metadata.pop(key, None)
    kept = [key for key in _REPEATED if key in was and (key in _UNTOUCHABLE or key not in metadata)]
    metadata.update({key: was[key] for key in kept})
    metadata.pop("selfLink", None)


def own(
    server: Server, request: Request, old: Document | None, new: Document, manager: str, subresource: str = ""
) -> None:
    """Write down who owns which field of the new state."""
    resource = request.resource
    if resource.schema is None:
        return
    track_update(
        old,
        new,
        schema=resource.schema,
        manager=manager or request.manager,
        api_version=resource.api_version,
        subresource=subresource,
        now=server.clock.now(),
        reset=reset_fields(resource.group, resource.kind, subresource, has_status="status" in resource.subresources),
    )


def check_namespace(server: Server, resource: Resource, namespace: str, name: str) -> None:
    """Nothing, if something may be made in the namespace (the admission plugin NamespaceLifecycle).

    Raises:
        StatusError: 404, there is no such namespace; 403, it is on its way out.
    """
    if not resource.namespaced or resource.plural == "localsubjectaccessreviews":
        return
    found = server.lookup.get("", "namespaces", "", namespace)
    if found is None:
        raise not_found("namespaces", namespace)
    if found["metadata"].get("deletionTimestamp") or found.get("status", {}).get("phase") == "Terminating":
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
        raise forbidden(resource.plural, name, why, group=resource.group, causes=[cause])


def refuse_invalid(resource: Resource, document: Document, strategy: Strategy, old: Document | None) -> None:
    """Nothing, if the object is valid.

    Raises:
        StatusError: 422 with all that is wrong.
    """
    errors = strategy.validate(document) if old is None else strategy.validate_update(document, old)
    if errors:
        raise invalid(resource.kind, metadata_of(document).get("name") or "", errors, group=resource.group)


__all__ = [
    "StatusError",
    "check_namespace",
    "fit_name",
    "fit_namespace",
    "generated_name",
    "keep_life",
    "metadata_of",
    "own",
    "refuse_invalid",
    "same_name",
    "start_life",
]
