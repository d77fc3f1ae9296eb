"""Which function answers for which subresource.

Source: k8s.io/kubernetes/pkg/controlplane, the storage maps of each group
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from poblano.cluster.resources import Resource
from poblano.cluster.rest.connect import connect, log
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.patch import patch
from poblano.cluster.rest.pods import bind, evict
from poblano.cluster.rest.reading import get
from poblano.cluster.rest.reviews import issue_token
from poblano.cluster.rest.scale import read_scale, write_scale
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.update import update
from poblano.cluster.rest.url import Target
from poblano.cluster.status import StatusError, method_not_allowed, no_such_resource, wrong_method

Verb = Callable[[Server, Request], Awaitable[Response]]

_OWN: Final[Mapping[str, Mapping[str, Verb]]] = {
    "scale": {"get": read_scale, "update": write_scale, "patch": write_scale},
    "eviction": {"create": evict},
    "binding": {"create": bind},
    "token": {"create": issue_token},
    "log": {"get": log},
    **{name: {"get": connect, "create": connect} for name in ("exec", "attach", "portforward")},
    "proxy": dict.fromkeys(("get", "create", "update", "patch", "delete"), connect),
}
_PART: Final[Mapping[str, Verb]] = {"get": get, "update": update, "patch": patch}


def subresource_verb(request: Request) -> Verb:
    """What answers.

    Raises:
        StatusError: 404 for a subresource that there is not, 405 for a verb that it does not know.
    """
    target, resource = request.target, request.resource
    found = resource.subresources.get(target.subresource)
    if found is None:
        raise no_such_resource()
    if target.verb not in found.verbs:
        raise unsupported(target, resource)
    return _OWN.get(target.subresource, _PART)[target.verb]


def unsupported(target: Target, resource: Resource) -> StatusError:
    """The refusal of a verb: of built-in kinds the path has no such method, custom ones name the verb."""
    if resource.custom is None:
        return wrong_method()
    plural = "/".join(filter(None, (resource.plural, target.subresource)))
    return method_not_allowed(plural, target.verb, group=resource.group)
