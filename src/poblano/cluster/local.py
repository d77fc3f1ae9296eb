"""A client in the same process: what the cluster's own controllers, and tests, call it with.

It goes the way of every request but for the wire: admission, validation and conflicts included.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from poblano.cluster.attributes import User
from poblano.cluster.resources import Registry, Resource
from poblano.cluster.rest.api import Api
from poblano.cluster.rest.exchange import Response
from poblano.cluster.rest.options import Query
from poblano.cluster.rest.url import target
from poblano.core.jsonvalue import Document

MERGE_PATCH = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


class LocalClient:
    """Asks as one user, who may do anything.

    Args:
        api: what answers.
        user: who asks.
        manager: who owns what is written.
    """

    def __init__(self, api: Api, user: User, manager: str) -> None:
        self._api, self._user, self._manager = api, user, manager

    @property
    def registry(self) -> Registry:
        """What is served."""
        return self._api.server.registry

    async def get(self, resource: Resource, namespace: str, name: str) -> Document:
        """One object.

        Raises:
            StatusError: 404, there is none.
        """
        return await self._document("GET", path_of(resource, namespace, name))

    async def list(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> list[Document]:
        """The objects of a kind, of all namespaces for an empty one; each with apiVersion and kind."""
        query = {"labelSelector": labels, "fieldSelector": fields}
        found = await self._document("GET", path_of(resource, namespace), query={k: v for k, v in query.items() if v})
        kind = {"kind": resource.kind, "apiVersion": resource.api_version}
        return [{**kind, **item} for item in found["items"]]

    async def create(self, resource: Resource, document: Document, *, subresource: str = "") -> Document:
        """Make an object; gives it as it is stored. With a subresource, post it to that part of the object of its name.

        Raises:
            StatusError: it is refused.
        """
        metadata = document["metadata"]
        name = metadata["name"] if subresource else ""
        return await self._document(
            "POST", path_of(resource, metadata.get("namespace", ""), name, subresource), document
        )

    async def update(self, resource: Resource, document: Document, *, subresource: str = "") -> Document:
        """Replace an object, or one part of it; gives it as it is stored.

        Raises:
            StatusError: it is refused; 409 when it has another resourceVersion by now.
        """
        metadata = document["metadata"]
        path = path_of(resource, metadata.get("namespace", ""), metadata["name"], subresource)
        return await self._document("PUT", path, document)

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Any,
        *,
        subresource: str = "",
        type_: str = MERGE_PATCH,
    ) -> Document:
        """Change an object with a patch, by default a merge patch; gives it as it is stored.

        Raises:
            StatusError: it is refused.
        """
        path = path_of(resource, namespace, name, subresource)
        return await self._document("PATCH", path, change, content_type=type_)

    async def apply(self, resource: Resource, document: Document) -> Document:
        """Server-side apply, with force.

        Raises:
            StatusError: it is refused.
        """
        metadata = document["metadata"]
        path = path_of(resource, metadata.get("namespace", ""), metadata["name"])
        return await self._document("PATCH", path, document, content_type=APPLY, query={"force": "true"})

    async def delete(self, resource: Resource, namespace: str, name: str, options: Document | None = None) -> Document:
        """Delete an object; `options` are DeleteOptions.

        Raises:
            StatusError: it is refused, or not there.
        """
        return await self._document("DELETE", path_of(resource, namespace, name), options)

    async def watch(self, resource: Resource, namespace: str = "", *, since: str = "") -> AsyncIterator[Document]:
        """Events, one by one: first an ADDED for all there is, unless `since` is a resourceVersion."""
        query = {"watch": "1", "timeoutSeconds": "1000000"} | ({"resourceVersion": since} if since else {})
        response = await self._ask("GET", path_of(resource, namespace), None, query=query)
        if response.stream is None:
            for line in response.body.splitlines():
                yield msgspec.json.decode(line)
            return
        async for piece in response.stream:
            for line in piece.splitlines():
                yield msgspec.json.decode(line)

    async def _document(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Document:
        response = await self._ask(method, path, body, query=query, content_type=content_type)
        found: Document = msgspec.json.decode(response.body)
        return found

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Response:
        words = dict(query or {})
        if method in ("POST", "PUT", "PATCH"):
            words["fieldManager"] = self._manager
        asked = Query.of(urlencode(words))
        content = b"" if body is None else msgspec.json.encode(body)
        headers = [(b"content-type", content_type.encode()), (b"user-agent", self._manager.encode())]
        return await self._api.answer_as(self._user, target(method, path, asked), method, path, asked, headers, content)


def path_of(resource: Resource, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The path of a collection, of an object, or of a part of one.

    >>> from poblano.cluster.resources import Registry
    >>> path_of(Registry().find("apps", "v1", "deployments"), "shop", "web", "scale")
    '/apis/apps/v1/namespaces/shop/deployments/web/scale'
    """
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    place = f"/namespaces/{namespace}" if resource.namespaced and namespace else ""
    parts = "".join(f"/{part}" for part in (resource.plural, name, subresource) if part)
    return root + place + parts
