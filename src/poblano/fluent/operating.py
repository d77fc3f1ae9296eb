"""What can be done to a running thing, beside changing its document: scale it, evict it, speak to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import quote

from poblano.client.paths import object_path
from poblano.core.context import is_dry_run
from poblano.core.errors import ApiError, BadRequest, MalformedObject
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.objects import Resource
from poblano.fluent.chain import Chain, Which
from poblano.fluent.deleting import gone_is_fine

if TYPE_CHECKING:
    from poblano.client.messages import Response
    from poblano.client.resources import Resources
    from poblano.models.autoscaling_v1 import Scale

R = TypeVar("R", bound=Resource)

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing."""

PROXIED = frozenset({"Pod", "Service", "Node"})

_KEPT = "/%:@!$&'()*+,;=~"


class Operating(Chain[R]):
    """What can be operated."""

    __slots__ = ()

    async def scale(self, replicas: int, which: Which = None, *, dry_run: bool = False) -> Scale:
        """Have so many replicas of a Deployment, StatefulSet, ReplicaSet, or custom kind with a ``scale`` subresource.

        Args:
            replicas: how many.
            which: its name, or an object that was read; by default the one that the chain names.
            dry_run: change nothing, and only say what would be.

        Returns:
            What is wanted (``spec.replicas``) and what there is (``status.replicas``).

        Raises:
            NotFound: there is no such object, or its kind cannot be scaled.
            ApiError: the API server refused.
        """
        from poblano.models.autoscaling_v1 import Scale

        name, namespace = self._one(which, verb="scale")
        wanted = {"spec": {"replicas": replicas}}
        api = await self._api()
        return Scale.of(await api.patch(self._kind, name, wanted, namespace, subresource="scale", dry_run=dry_run))

    async def evict(self, which: Which = None, *, grace_seconds: int | None = None, dry_run: bool = False) -> None:
        """Have a Pod moved away, as far as its disruption budgets allow. It is no error when there is none.

        Args:
            which: its name, or a Pod that was read; by default the one that the chain names.
            grace_seconds: how long it has to end.
            dry_run: change nothing.

        Raises:
            TooManyRequests: a disruption budget forbids it now.
            MalformedObject: the chain is about another kind.
            ApiError: the API server refused.
        """
        if (self._kind.group, self._kind.kind) != ("", "Pod"):
            raise MalformedObject(f"a Pod can be evicted, and a {self._kind.kind} cannot; write K8s(a.Pod)")
        name, namespace = self._one(which, verb="evict")
        api = await self._api()
        with gone_is_fine():
            try:
                await self._evict(api, "policy/v1", name, namespace, grace_seconds, dry_run=dry_run)
            except BadRequest as error:
                if '"policy/v1"' not in error.message:
                    raise
                # Kubernetes before 1.22 knows the older version only.
                await self._evict(api, "policy/v1beta1", name, namespace, grace_seconds, dry_run=dry_run)

    async def _evict(
        self, api: Resources, version: str, name: str, namespace: str, grace_seconds: int | None, *, dry_run: bool
    ) -> None:
        eviction: Document = {"apiVersion": version, "kind": "Eviction", "metadata": {"name": name}}
        if grace_seconds is not None:
            eviction["deleteOptions"] = {"gracePeriodSeconds": grace_seconds}
        await api.create(self._kind, eviction, namespace, subresource="eviction", name=name, dry_run=dry_run)

    async def proxy(
        self,
        path: str = "",
        which: Which = None,
        *,
        port: int | str | None = None,
        scheme: Literal["http", "https"] = "http",
        method: str = "GET",
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
    ) -> Response:
        """Ask a Pod, Service or Node something over HTTP, through the API server.

        Args:
            path: what to ask for: ``healthz``.
            which: its name, or an object that was read; by default the one that the chain names.
            port: its number, or its name where a Service has names for them; by default the first.
            scheme: what is spoken there.
            method, query, body, content_type: of the request; a body is bytes, or what JSON can say.

        Returns:
            The answer: its `status`, `headers` and `body`, and `json()`.

        Raises:
            ApiError: the answer is an error, or there was none.
            MalformedObject: the chain is about another kind; or this is a dry run, and the request might change something.
        """
        if self._kind.group or self._kind.kind not in PROXIED:
            raise MalformedObject(f"a {self._kind.kind} cannot be asked; {', '.join(sorted(PROXIED))} can")
        if is_dry_run() and method not in READING:
            raise MalformedObject(
                f"{method} through a proxy cannot be a dry run, and this request is one; look at is_dry_run before"
            )
        name, namespace = self._one(which, verb="proxy")
        client, way = await self._connection(), _way(self._kind, name, namespace, path, port, scheme)
        try:
            return await client.request(method, way, query=query, body=body, content_type=content_type)
        except ApiError as error:
            if error.reason or not error.status:
                raise
            cure = f"this is what the {self._kind.kind} answered itself"
            raise type(error)(
                error.message, status=error.status, method=error.method, path=error.path, remedy=cure
            ) from None


def _way(kind: Kind, name: str, namespace: str, path: str, port: int | str | None, scheme: str) -> str:
    """The path through the API server.

    >>> _way(Kind("", "v1", "Service", "services"), "web", "shop", "/a b", 8443, "https")
    '/api/v1/namespaces/shop/services/https%3Aweb%3A8443/proxy/a%20b'
    """
    object_path(kind, name, namespace)  # checks them
    if ".." in path.split("/"):
        raise MalformedObject(f"{path!r} leads out of what is asked; write it without ..")
    target = f"{scheme}:{name}:{port or ''}" if scheme != "http" else f"{name}:{port}" if port else name
    return f"{kind.path(namespace, target, 'proxy')}/{quote(path.lstrip('/'), safe=_KEPT)}"
