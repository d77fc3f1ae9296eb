"""What a request is about, from its method and path.

Source: k8s.io/apiserver/pkg/endpoints/request/requestinfo.go
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from poblano.cluster.rest.options import Query

_VERBS: Final = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_NAMESPACE_PARTS: Final = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class Target:
    """The resource that a path names.

    Args:
        verb: "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection".
        group, version, plural: of the resource.
        namespace: empty for the cluster scope; a Namespace's own name.
        name: empty for a collection.
        subresource: empty for the object itself.
        rest: what follows the subresource, as in ``/proxy/some/page``.
    """

    verb: str
    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


def target(method: str, path: str, query: Query) -> Target | None:
    """The resource that is asked for; None for paths that name none, such as /version or /apis/apps/v1.

    >>> target("GET", "/api/v1/namespaces/shop/pods/web/log", Query.of(""))
    Target(verb='get', group='', version='v1', plural='pods', namespace='shop', name='web', subresource='log', rest='')
    >>> target("DELETE", "/apis/apps/v1/namespaces/shop/deployments", Query.of("")).verb
    'deletecollection'
    """
    group, version, parts = _split(path)
    if not parts:
        return None
    verb = _VERBS.get(method, method.lower())
    if parts[0] == "watch" and len(parts) > 1:
        parts, verb = parts[1:], "watch"
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _NAMESPACE_PARTS:
            parts = parts[2:]
    plural, name, subresource, *rest = [*parts, "", "", ""][: max(len(parts), 3)]
    return Target(
        _collective(verb, name, query), group, version, plural, namespace, name or _single(verb, query), subresource,
        "/".join(part for part in rest if part),
    )  # fmt: skip


def _split(path: str) -> tuple[str, str, list[str]]:
    parts = [part for part in path.split("/") if part]
    if len(parts) > 2 and parts[0] == "api":
        return "", parts[1], parts[2:]
    if len(parts) > 3 and parts[0] == "apis":
        return parts[1], parts[2], parts[3:]
    return "", "", []


def _collective(verb: str, name: str, query: Query) -> str:
    """The verb that is authorized: a GET of a collection is a list or a watch; of one object it is never a watch."""
    if name:
        return verb
    if verb == "get" and query.flag("watch"):
        return "watch"
    return {"get": "list", "delete": "deletecollection"}.get(verb, verb)


def _single(verb: str, query: Query) -> str:
    """The name that a field selector pins a list or watch to: it counts for authorization."""
    selector = query.text("fieldSelector")
    if verb not in ("get", "watch", "delete") or "," in selector:
        return ""
    field, separator, value = selector.replace("==", "=").partition("=")
    return value if separator and field == "metadata.name" else ""
