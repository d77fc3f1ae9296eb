"""Writes down what actions call the API server for, where somebody has asked for that: ``poblano rbac record``.

The variable names a file, to which each process appends a line for each call that is unlike those before it: the verb as RBAC
sees it, the resource, where, and for whom. Nothing of what is sent or answered is in it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, unquote

from poblano.core.context import running

VARIABLE: Final = "POBLANO_RBAC_RECORD"

Record: TypeAlias = Callable[[str, str, str, str], None]
"""Is told the method, the path, the query from the question mark on, and the type of the body."""

_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_CONNECTED: Final = frozenset({"attach", "exec", "portforward"})
_OF_NAMESPACES: Final = frozenset({"finalize", "status"})
"""Subresources of a Namespace. apiserver: pkg/endpoints/request, namespaceSubresources."""

_PATH: Final = re.compile(
    r"(?:/api/[^/]+|/apis/(?P<group>[^/]+)/[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<subresource>.+))?)?"
)
_OWN: Final = (__file__.removesuffix("client/recording.py"), sysconfig.get_path("stdlib") + os.sep)
_DEEP: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as RBAC sees it.

    Args:
        verb: ``get``, ``list``, ...
        group: of the API; "" is the core group.
        resource: as rules name it: ``pods``, ``pods/log``.
        namespace: where; "" is everywhere, or no namespace.
        name: of the object; "" is none.
    """

    verb: str
    group: str
    resource: str
    namespace: str
    name: str


def recorder(environ: Mapping[str, str]) -> Record | None:
    """What writes down the calls of a client; None where nobody has asked for it."""
    file = environ.get(VARIABLE)
    if not file:
        return None
    seen: set[str] = set()

    def record(method: str, path: str, query: str, content_type: str) -> None:
        who = _who()
        for asked in asked_for(method, path, query, content_type):
            line = json.dumps({**_said(asked), **who}, sort_keys=True)
            if line not in seen:
                seen.add(line)
                _append(file, line)

    return record


def asked_for(method: str, path: str, query: str = "", content_type: str = "") -> Iterator[Asked]:
    """What has to be allowed for a request. Nothing, where it is about no resource: everybody may ask what there is.

    >>> list(asked_for("GET", "/api/v1/namespaces/shop/pods", "?watch=true&fieldSelector=metadata.name%3Dweb"))
    [Asked(verb='watch', group='', resource='pods', namespace='shop', name='web')]
    >>> [one.verb for one in asked_for("PATCH", "/api/v1/namespaces/shop", "", "application/apply-patch+yaml")]
    ['patch', 'create']
    """
    found = _PATH.fullmatch(path)
    if found is None:
        return
    parts = {key: unquote(value or "") for key, value in found.groupdict().items()}
    if parts["namespace"] and parts["resource"] in _OF_NAMESPACES and not parts["name"]:
        parts |= {
            "namespace": "",
            "name": parts["namespace"],
            "subresource": parts["resource"],
            "resource": "namespaces",
        }
    group, subresource = parts["group"], parts["subresource"].partition("/")[0]
    resource = f"{parts['resource']}/{subresource}" if subresource else parts["resource"]
    said = {key: values[-1] for key, values in parse_qs(query.removeprefix("?")).items()}
    only = re.fullmatch(r"metadata\.name==?([^,]+)", said.get("fieldSelector", ""))
    asked = Asked("", group, resource, parts["namespace"], parts["name"] or (only[1] if only else ""))
    for verb in _verbs(method, parts["name"], subresource, said, content_type):
        yield replace(asked, verb=verb)


def _verbs(method: str, name: str, subresource: str, query: Mapping[str, str], content_type: str) -> Iterator[str]:
    """More than one, where the API server asks for more: for what an apply makes, and for a command that is asked for by GET."""
    if method in {"GET", "HEAD"}:
        yield "get" if name else "watch" if query.get("watch") in {"1", "true"} else "list"
        if subresource in _CONNECTED:
            yield "create"  # KEP-4006, since Kubernetes 1.35
    elif method == "DELETE" and not name:
        yield "deletecollection"
    elif method in _VERBS:
        yield _VERBS[method]
        if content_type.startswith("application/apply-patch") and not subresource:
            yield "create"


def _said(asked: Asked) -> dict[str, str]:
    return {key: getattr(asked, key) for key in ("verb", "group", "resource", "namespace", "name")}


def _who() -> dict[str, Any]:
    """The action that runs; where none does, the functions that led here: a test may have called one of a rule by itself."""
    current = running.get()
    if current is not None:
        return {
            "rule": f"{current.capability}/{current.rule}",
            "role": "watcher" if current.follows else "admission",
            "about": current.namespace,
        }
    found: set[tuple[str, int]] = set()
    frame, left = sys._getframe(1), _DEEP
    while frame is not None and left:
        code = frame.f_code
        if not code.co_filename.startswith(_OWN):
            found.add((code.co_filename, code.co_firstlineno))
        frame, left = frame.f_back, left - 1  # type: ignore[assignment]  # the outermost has none
    return {"stack": sorted(found)}


def _append(file: str, line: str) -> None:
    """In one write, so that the lines of several processes do not mix: O_APPEND."""
    opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(opened, f"{line}\n".encode())
    finally:
        os.close(opened)
