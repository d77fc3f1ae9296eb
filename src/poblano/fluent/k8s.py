"""`K8s`: the chain with everything that can be done at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar, final

from poblano.core.context import is_dry_run
from poblano.core.objects import Resource
from poblano.fluent.changing import Changing
from poblano.fluent.deleting import Deleting
from poblano.fluent.executing import Executing
from poblano.fluent.finalizing import Finalizing
from poblano.fluent.logs import Logs
from poblano.fluent.operating import READING, Operating
from poblano.fluent.reading import Reading
from poblano.fluent.watching import Watching

if TYPE_CHECKING:
    from poblano.client.messages import Response
    from poblano.client.transport import ApiClient

R = TypeVar("R", bound=Resource)


@final
class K8s(Reading[R], Watching[R], Changing[R], Deleting[R], Operating[R], Finalizing[R], Executing[R], Logs[R]):
    """The objects of a kind in the cluster that the module runs in.

    ::

        pods = K8s(a.Pod).in_namespace("shop")
        web = await pods.get("web")                             # a.Pod
        data = await pods.with_label("tier", "data").list()     # list[a.Pod]
        await K8s(a.ConfigMap).apply({"metadata": {"name": "x", "namespace": "shop"}, "data": {"a": "b"}})

    In a function that is no ``async def``, `poblano.wait` does the awaiting: ``web = wait(pods.get("web"))``.
    Errors are those of `poblano.core.errors`: `NotFound`, `Conflict`, `Forbidden`, and so on.
    """

    __slots__ = ()

    @staticmethod
    async def raw(
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        client: ApiClient | None = None,
    ) -> Response:
        """Ask the API server for anything: ``(await K8s.raw("GET", "/version")).json()``.

        Args:
            method: the HTTP method; in a dry run, one that writes has ``dryRun=All`` added.
            path: the path, percent-encoded where it must be.
            query: parameters.
            body: bytes as they are, or anything that JSON can say.
            content_type: of the body.
            client: an open client; None means the cluster that the module runs in.

        Returns:
            The answer: its `status`, `headers` and `body`, and `json()`.

        Raises:
            ApiError: the API server refused.
        """
        from poblano.client.ambient import current_client

        said = dict(query or {})
        if is_dry_run() and method not in READING:
            said["dryRun"] = "All"
        return await (client or await current_client()).request(
            method, path, query=said, body=body, content_type=content_type
        )
