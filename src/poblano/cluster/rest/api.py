"""From an HTTP request to its answer: who asks, for what, and which verb does it.

Source: k8s.io/apiserver/pkg/server/config.go (DefaultBuildHandlerChain), pkg/endpoints/installer.go
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from poblano.cluster.access import Action
from poblano.cluster.attributes import User
from poblano.cluster.field_errors import go_value
from poblano.cluster.kinds.names import path_segment
from poblano.cluster.resources import Resource
from poblano.cluster.rest.create import create
from poblano.cluster.rest.delete import delete, delete_collection
from poblano.cluster.rest.deprecations import deprecations
from poblano.cluster.rest.exchange import Headers, Request, Response, header
from poblano.cluster.rest.negotiation import negotiate
from poblano.cluster.rest.options import Query
from poblano.cluster.rest.patch import patch
from poblano.cluster.rest.plain_paths import answer_plain_path
from poblano.cluster.rest.pods import bind_named
from poblano.cluster.rest.reading import get, list_
from poblano.cluster.rest.reviews import is_review, review
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.subresources import subresource_verb, unsupported
from poblano.cluster.rest.update import update
from poblano.cluster.rest.url import Target, target
from poblano.cluster.rest.watch import watch
from poblano.cluster.status import StatusError, bad_request, no_such_resource
from poblano.cluster.webhooks import warning_headers

Verb = Callable[[Server, Request], Awaitable[Response]]

_VERBS: Final[Mapping[str, Verb]] = {
    "get": get,
    "list": list_,
    "create": create,
    "update": update,
    "patch": patch,
    "delete": delete,
    "deletecollection": delete_collection,
}


class Api:
    """Answers requests.

    Args:
        server: the parts it works on.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    async def answer(self, method: str, path: str, query: Query, headers: Headers, body: bytes) -> Response:
        """One answer.

        Raises:
            StatusError: the refusal.
            ConnectionReset: a fault that was injected.
        """
        asked = target(method, path, query)
        await self.server.faults.before(asked.verb if asked else "", asked.plural if asked else "")
        action = Action(method.lower(), path=path) if asked is None else _action(asked)
        user = self.server.access.admit(headers, action)
        return await self.answer_as(user, asked, method, path, query, headers, body)

    async def answer_as(
        self, user: User, asked: Target | None, method: str, path: str, query: Query, headers: Headers, body: bytes
    ) -> Response:
        """One answer to somebody who may ask it.

        Raises:
            StatusError: the refusal.
        """
        if asked is None:
            return await answer_plain_path(self.server, method, path, query, headers)
        resource = self.server.registry.find(asked.group, asked.version, asked.plural)
        if resource is None and self.server.registry.is_built_in(asked.group):
            raise no_such_resource()
        if resource is None:
            return await answer_plain_path(self.server, method, path, query, headers)
        _check_scope(asked, resource)
        answer = negotiate(header(headers, b"accept"))
        request = Request(method, path, query, headers, body, user, asked, resource, answer)
        request.warnings.extend(deprecations(resource))
        try:
            response = await self._verb(request)
        except StatusError as error:
            error.warnings = request.warnings
            raise
        response.headers.extend(("Warning", text) for text in warning_headers(request.warnings))
        return response

    async def _verb(self, request: Request) -> Response:
        asked, resource = request.target, request.resource
        _check_name(asked.name)
        if asked.subresource:
            verb = subresource_verb(request)
            return await verb(self.server, request)
        if asked.verb not in resource.verbs or not _has_method(asked, resource):
            raise unsupported(asked, resource)
        if asked.verb == "watch":
            return watch(self.server, request)
        if (resource.group, resource.plural) == ("", "bindings"):
            return await bind_named(self.server, request)
        if is_review(resource):
            return await review(self.server, request)
        return await _VERBS[asked.verb](self.server, request)


def _action(asked: Target) -> Action:
    return Action(
        asked.verb,
        group=asked.group,
        resource=asked.plural,
        subresource=asked.subresource,
        namespace=asked.namespace,
        name=asked.name,
    )


def _has_method(asked: Target, resource: Resource) -> bool:
    """Whether the path is one that takes the verb: a POST goes to a collection in a namespace, a PUT to an object."""
    if asked.verb in ("create", "deletecollection") and resource.namespaced and not asked.namespace:
        return resource.custom is not None and asked.verb == "create"
    return asked.verb not in ("create", "update", "patch") or bool(asked.name) == (asked.verb != "create")


def _check_name(name: str) -> None:
    """Nothing, if something could be stored under the name (NamespaceKeyFunc).

    Raises:
        StatusError: 400.
    """
    problems = path_segment(name)
    if problems:
        raise bad_request(f"Name parameter invalid: {go_value(name)}: {';'.join(problems)}")


def _check_scope(asked: Target, resource: Resource) -> None:
    """Nothing, if the path has a namespace exactly where the kind lives in one (or a list spans all).

    Raises:
        StatusError: 404.
    """
    if (
        resource.namespaced
        and not asked.namespace
        and asked.verb not in ("list", "watch", "deletecollection", "create")
    ):
        raise no_such_resource()
    if not resource.namespaced and asked.namespace and resource.plural != "namespaces":
        raise no_such_resource()
