"""Turns the API server's refusal, a ``Status``, into an error that says what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from poblano.core.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
)

_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    422: Invalid,
    429: TooManyRequests,
}

# apiserver: endpoints/handlers/responsewriters.forbiddenMessage
_RESOURCE = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)"| at the cluster scope)'
)
_PATH = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) path "(?P<path>[^"]*)"')


class _Status(msgspec.Struct, frozen=True):
    kind: str = ""
    message: str = ""
    reason: str = ""
    details: dict[str, object] | None = None


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""


class _Causes(msgspec.Struct, frozen=True):
    causes: list[_Cause] | None = None


def failure(status: int, body: bytes, *, method: str = "", path: str = "") -> ApiError:
    """The error for an answer that is no success.

    >>> failure(410, b'{"kind": "Status", "message": "too old resource version"}')
    Expired('too old resource version; list again, without a resourceVersion')
    """
    said = _decoded(body)
    details = said.details or {}
    message = said.message or _text(body) or f"the API server answered HTTP {status}"
    return _type_of(status, said.reason)(
        message,
        status=status,
        reason=said.reason,
        method=method,
        path=path,
        details=details,
        remedy=_remedy(status, said, details),
    )


def _decoded(body: bytes) -> _Status:
    try:
        said = msgspec.json.decode(body, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Status()
    return said if said.kind == "Status" else _Status()


def _text(body: bytes) -> str:
    """What a proxy or an old handler said in plain text; a page of HTML says nothing."""
    text = body[:300].decode("utf-8", "replace").strip()
    return "" if text.startswith(("<", "{")) else text


def _type_of(status: int, reason: str) -> type[ApiError]:
    if status == 409 and reason == "AlreadyExists":
        return AlreadyExists
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, ApiError)


def _remedy(status: int, said: _Status, details: Mapping[str, object]) -> str:
    match status:
        case 401:
            return "log in again, or check the user of the kubeconfig"
        case 403:
            return _rule_to_add(said.message)
        case 404 if not details.get("name"):
            return "check the group and version, and that the CustomResourceDefinition is installed"
        case 409:
            return _after_conflict(said, details)
        case 410:
            return "list again, without a resourceVersion"
        case 429:
            return "try again later"
        case 415 | 406:
            return "the API server is too old for this kind of request"
        case _:
            return ""


def _after_conflict(said: _Status, details: Mapping[str, object]) -> str:
    if said.reason == "AlreadyExists":
        return "update or apply it instead"
    if any(cause.reason == "FieldManagerConflict" for cause in _causes(details)):
        return "leave these fields out, or apply with force to take them over"
    return "read it again and make the change on what it is now" if said.reason == "Conflict" else ""


def _causes(details: Mapping[str, object]) -> list[_Cause]:
    try:
        return msgspec.convert(details, _Causes).causes or []
    except msgspec.ValidationError:
        return []


def _rule_to_add(message: str) -> str:
    """The RBAC rule that would allow it, if it was RBAC that refused and not an admission webhook or a quota."""
    if found := _RESOURCE.search(message):
        rule = f'{{apiGroups: ["{found["group"]}"], resources: ["{found["resource"]}"], verbs: ["{found["verb"]}"]}}'
        where = f"a Role in namespace {found['namespace']}" if found["namespace"] else "a ClusterRole"
        return f"give {found['user']} the rule {rule} in {where}"
    if found := _PATH.search(message):
        rule = f'{{nonResourceURLs: ["{found["path"]}"], verbs: ["{found["verb"]}"]}}'
        return f"give {found['user']} the rule {rule} in a ClusterRole"
    return ""
