"""Turns the API server's refusal, a ``Status``, into an error that says what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import msgspec

from poblano.core.context import running
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
from poblano.core.objects import guess_plural
from poblano.core.shortlist import shortlist

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

_CUSTOM = re.compile(r"/apis/(?P<group>[^/]+\.[^/]+)/[^/]+(?:/namespaces/[^/]+)?/(?P<plural>[^/?]+)")
"""The path of a kind in a group with a dot, as those of CustomResourceDefinitions have."""

_NAMESPACE = 4
"""Slashes in the path of a Namespace: one with more is in it."""

_SHOWN = 5
"""Contested fields that a message names."""


class _Status(msgspec.Struct, frozen=True):
    kind: str = ""
    message: str = ""
    reason: str = ""
    details: dict[str, object] | None = None


def failure(status: int, body: bytes, *, method: str = "", path: str = "") -> ApiError:
    """The error for an answer that is no success.

    >>> failure(410, b'{"kind": "Status", "message": "too old resource version"}')
    Expired('too old resource version; list again, without a resourceVersion')
    """
    said = _decoded(body)
    message = said.message or _text(body) or f"the API server answered HTTP {status}"
    make = partial(
        _type_of(status, said.reason),
        message,
        status=status,
        reason=said.reason,
        method=method,
        path=path,
        details=said.details,
    )
    return make(remedy=_remedy(make()))


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


def _remedy(error: ApiError) -> str:
    match error.status:
        case 401:
            return "log in again, or check the user of the kubeconfig"
        case 403:
            return _rule_to_add(error.message)
        case 404:
            return _what_is_missing(error)
        case 409:
            return _after_conflict(error)
        case 410:
            return "list again, without a resourceVersion"
        case 429:
            return "try again later"
        case 415 | 406:
            return "the API server is too old for this kind of request"
        case _:
            return ""


def _what_is_missing(error: ApiError) -> str:
    """The kind, or the namespace; that there is no such object needs no remedy."""
    if not error.details.get("name"):
        found = _CUSTOM.match(error.path)
        name = f"CustomResourceDefinition {found['plural']}.{found['group']}" if found else "CustomResourceDefinition"
        if found and error.path.endswith(("/status", "/scale")):
            part = error.path.rpartition("/")[2]
            return f"check that the {name} is installed, and has a subresource {part}"
        return f"check the group and version, and that the {name} is installed"
    if error.details.get("kind") == "namespaces" and error.path.count("/") > _NAMESPACE:
        return f"create the Namespace {error.details['name']} first"
    return ""


def _after_conflict(error: ApiError) -> str:
    if error.reason == "AlreadyExists":
        return "update or apply it instead"
    owners = error.owners if isinstance(error, Conflict) else ()
    if owners:
        shown = shortlist([f"{field} ({manager})" for field, manager in owners], _SHOWN)
        return f"leave out what others own, or apply with force to take it over: {shown}"
    return "read it again and make the change on what it is now" if error.reason == "Conflict" else ""


def _rule_to_add(message: str) -> str:
    """The RBAC rule that would allow it, if it was RBAC that refused and not an admission webhook or a quota."""
    if found := _RESOURCE.search(message):
        rule = f'{{apiGroups: ["{found["group"]}"], resources: ["{found["resource"]}"], verbs: ["{found["verb"]}"]}}'
        where = f"a Role in namespace {found['namespace']}" if found["namespace"] else "a ClusterRole"
        return f"{_use_to_say(found)}give {found['user']} the rule {rule} in {where}"
    if found := _PATH.search(message):
        rule = f'{{nonResourceURLs: ["{found["path"]}"], verbs: ["{found["verb"]}"]}}'
        return f"give {found['user']} the rule {rule} in a ClusterRole"
    return ""


def _use_to_say(found: re.Match[str]) -> str:
    """What the action that runs would say, so that ``poblano build`` grants it; nothing where none runs."""
    current = running.get()
    if current is None:
        return ""
    plural, _, subresource = found["resource"].partition("/")
    said = [_class_of(found["group"], plural), f'"{found["verb"]}"']
    said += [f'namespaces=["{found["namespace"]}"]'] if found["namespace"] else []
    said += [f'subresource="{subresource}"'] if subresource else []
    return f"write uses=[Uses({', '.join(said)})] at the rule {current.capability}/{current.rule}, and build and deploy it again; or "


def _class_of(group: str, plural: str) -> str:
    """As it is written in a module: ``a.Pod``."""
    from poblano.models.subresources import VERBS

    for own, _, kind in VERBS:
        if own == group and guess_plural(kind) == plural:
            return f"a.{kind}"
    return f"<the class of {plural}{f'.{group}' if group else ''}>"
