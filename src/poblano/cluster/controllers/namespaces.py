"""A namespace that is deleted: first all that is in it goes, then it does.

Source: k8s.io/kubernetes/pkg/controller/namespace/deletion/namespaced_resources_deleter.go
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from poblano.cluster.controllers.conditions import put
from poblano.cluster.controllers.objects import NODES, PODS
from poblano.cluster.controllers.remainder import conditions
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.local import LocalClient
from poblano.cluster.resources import Resource
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event, Record
from poblano.core.jsonvalue import Document

NAMESPACES: Bucket = ("", "namespaces")
_KUBERNETES: Final = "kubernetes"


class NamespaceController:
    """Empties namespaces that are on their way out, and lets them go.

    Args:
        client: may delete anything.
        storage: what there is.
        now: the time as the API writes it.
        delay: seconds for which a deleted namespace stays as it is; the real controller takes some, too.
    """

    buckets: tuple[Bucket | None, ...] = (None,)

    def __init__(self, client: LocalClient, storage: Storage, *, now: Callable[[], str], delay: float) -> None:
        self._client, self._storage, self._now, self._delay = client, storage, now, delay
        self._due: dict[str, float] = {}

    def keys(self, event: Event) -> Iterable[str]:
        """A namespace that changed, and one that ends and from which something went."""
        if event.bucket == NAMESPACES:
            return (event.record.key,)
        namespace, slash, _ = event.record.key.rpartition("/")
        return (namespace,) if slash and namespace in self._due else ()

    def first_keys(self) -> Iterable[str]:
        """All namespaces."""
        return (record.key for record in self._storage.records(NAMESPACES))

    async def reconcile(self, key: str) -> float | None:
        """Empty one namespace if it is to end, and finalize it when it is empty."""
        record = self._storage.get(NAMESPACES, key)
        document = record.document() if record else {}
        if not value(document, "metadata", "deletionTimestamp"):
            self._due.pop(key, None)
            return None
        now = asyncio.get_running_loop().time()
        wait = self._due.setdefault(key, now + self._delay) - now
        if wait > 0:
            return wait
        await self._empty(key)
        left = tuple(self._content(key))
        if left or many(document, "status", "conditions"):
            await self._report(key, left)
        if not left and _KUBERNETES in many(document, "spec", "finalizers"):
            await self._finalize(key)
        return None

    async def _empty(self, namespace: str) -> None:
        """Delete what is still there: Pods first, and the others when no Pod is left that may use them."""
        pods = [(resource, record) for resource, record in self._content(namespace) if bucket_of(resource) == PODS]
        for resource, record in pods or tuple(self._content(namespace)):
            if b'"deletionTimestamp"' in record.value and value(record.document(), "metadata", "deletionTimestamp"):
                continue
            await self._delete(resource, namespace, record)

    async def _delete(self, resource: Resource, namespace: str, record: Record) -> None:
        options: Document = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if bucket_of(resource) == PODS and not self._storage.count(NODES):
            options["gracePeriodSeconds"] = 0  # nobody is there to end it
        try:
            await self._client.delete(resource, namespace, record.key.rpartition("/")[2], options)
        except StatusError as error:
            if error.reason not in ("NotFound", "Conflict"):
                raise

    def _content(self, namespace: str) -> Iterator[tuple[Resource, Record]]:
        seen: set[Bucket] = set()
        for resource in self._client.registry:
            bucket = bucket_of(resource)
            if resource.namespaced and "delete" in resource.verbs and bucket not in seen:
                seen.add(bucket)
                for record in self._storage.records(bucket, f"{namespace}/"):
                    yield resource, record

    async def _report(self, name: str, left: Iterable[tuple[Resource, Record]]) -> None:
        namespace = await self._client.get(self._resource(), "", name)
        found = many(namespace, "status", "conditions")
        for one in conditions(left):
            found = put(found, one, self._now())
        if found != many(namespace, "status", "conditions"):
            changed = {**namespace, "status": {**struct(namespace, "status"), "conditions": found}}
            await self._client.update(self._resource(), changed, subresource="status")

    async def _finalize(self, name: str) -> None:
        namespace = await self._client.get(self._resource(), "", name)
        namespace["spec"]["finalizers"] = [one for one in many(namespace, "spec", "finalizers") if one != _KUBERNETES]
        await self._client.update(self._resource(), namespace, subresource="finalize")

    def _resource(self) -> Resource:
        return self._client.registry.versions(*NAMESPACES)[0]
