"""Tokens for ServiceAccounts on demand: the subresource ``serviceaccounts/token``.

Source: k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go, pkg/apis/authentication/validation
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from poblano.cluster import field_errors
from poblano.cluster.access.account_tokens import AccountTokens, Bound
from poblano.cluster.field_errors import FieldError
from poblano.cluster.reading import Lookup
from poblano.cluster.status import bad_request, conflict, invalid, not_found
from poblano.core.jsonvalue import Document

GROUP: Final = "authentication.k8s.io"
DEFAULT_SECONDS: Final = 3600
SHORTEST: Final = 600
LONGEST: Final = 1 << 32
# What the kubelet asks for with the default token of a Pod. For it the server issues a token that lives for a year, so that
# programs that never read it again go on working.
PROJECTED_SECONDS: Final = 3607
EXTENDED_SECONDS: Final = 365 * 24 * 60 * 60


def issue(tokens: AccountTokens, lookup: Lookup, request: Document, *, namespace: str, name: str) -> Document:
    """The TokenRequest with its status: the token, and when it ends.

    Args:
        request: decoded; it is not changed.
        namespace, name: of the ServiceAccount, from the path.

    Raises: StatusError 404 without the ServiceAccount or what the token is to be bound to, 422 for a wrong request.
    """
    metadata: Document = dict(request.get("metadata") or {})
    _check_place(metadata, namespace, name)
    account = lookup.get("", "serviceaccounts", namespace, name)
    if account is None:
        raise not_found("serviceaccounts", name)
    spec = _defaulted(request.get("spec") or {}, tokens)
    seconds: int = spec["expirationSeconds"]
    if errors := _errors(seconds):
        raise invalid("TokenRequest", "", errors, group=GROUP)
    bound = _bound(lookup, spec["boundObjectRef"], namespace, name)
    now = tokens.now()
    lives, warn_after = seconds, 0
    if "pod" in bound.objects and seconds == PROJECTED_SECONDS and set(spec["audiences"]) <= set(tokens.audiences):
        lives, warn_after = EXTENDED_SECONDS, seconds
    token = tokens.issue(account, bound, audiences=spec["audiences"], seconds=lives, warn_after=warn_after)
    metadata |= {"name": name, "namespace": namespace, "creationTimestamp": _time(now)}
    status = {"token": token, "expirationTimestamp": _time(now + seconds)}
    return {**request, "metadata": metadata, "spec": spec, "status": status}


def _defaulted(spec: Document, tokens: AccountTokens) -> Document:
    seconds = spec.get("expirationSeconds")
    return {
        "audiences": spec.get("audiences") or list(tokens.audiences),
        "expirationSeconds": DEFAULT_SECONDS if seconds is None else seconds,
        "boundObjectRef": spec.get("boundObjectRef"),
    }


def _check_place(metadata: Document, namespace: str, name: str) -> None:
    for field, noun, wanted in (("name", "name", name), ("namespace", "namespace", namespace)):
        given = metadata.get(field)
        if given and given != wanted:
            why = f"must match the service account {noun} if specified"
            error = field_errors.invalid(f"metadata.{field}", given, why)
            raise invalid("TokenRequest", name, [error], group=GROUP)


def _errors(seconds: int) -> list[FieldError]:
    field = "spec.expirationSeconds"
    if seconds < SHORTEST:
        return [field_errors.invalid(field, seconds, "may not specify a duration less than 10 minutes")]
    if seconds > LONGEST:
        return [field_errors.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds")]
    return []


def _bound(lookup: Lookup, reference: Document | None, namespace: str, account: str) -> Bound:
    if not reference:
        return Bound({})
    group, _, version = (reference.get("apiVersion") or "").rpartition("/")
    kind, name = reference.get("kind") or "", reference.get("name") or ""
    if group or kind not in {"Pod", "Secret", "Node"}:
        shown = f"{group}/{version}, Kind={kind}"
        raise bad_request(f"cannot bind token to object of type {shown}")
    plural = f"{kind.lower()}s"
    found = lookup.get("", plural, "" if kind == "Node" else namespace, name)
    if found is None:
        raise not_found(plural, name)
    objects = {kind.lower(): (name, _uid(found))}
    if kind == "Pod":
        objects |= _node_of(lookup, found, account)
    _check_uid(reference, _uid(found))
    return Bound(objects)


def _node_of(lookup: Lookup, pod: Document, account: str) -> dict[str, tuple[str, str]]:
    spec: dict[str, Any] = pod.get("spec") or {}
    if spec.get("serviceAccountName") != account:
        raise bad_request(
            f'cannot bind token for serviceaccount "{account}" to pod running with different serviceaccount name.'
        )
    node: str = spec.get("nodeName") or ""
    if not node:
        return {}
    found = lookup.get("", "nodes", "", node)
    return {"node": (node, _uid(found) if found else "")}


def _check_uid(reference: Document, uid: str) -> None:
    asked = reference.get("uid")
    if asked and asked != uid:
        why = (
            f"the UID in the bound object reference ({asked}) does not match the UID in record. "
            "The object might have been deleted and then recreated"
        )
        raise conflict(reference["kind"], reference["name"], why)


def _uid(document: Document) -> str:
    uid: str = document["metadata"]["uid"]
    return uid


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
