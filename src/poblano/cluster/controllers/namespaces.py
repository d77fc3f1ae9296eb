"""A namespace that is deleted: first all that is in it goes, then it does.

Source: k8s.io/kubernetes/pkg/controller/namespace/deletion/namespaced_resources_deleter.go
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poblano.cluster.kinds.tree import many, value
from poblano.cluster.local import LocalClient
from poblano.cluster.resources import Resource
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event, Record

NAMESPACES: Bucket = ("", "namespaces")
_KUBERNETES = "kubernetes"
_AGAIN = 0.25


class NamespaceController:
    """Empties namespaces that are on their way out, and lets them go.

    Args:
        client: may delete anything.
        storage: what there is.
        delay: seconds for which a deleted namespace stays as it is; the real controller takes some, too.
    """

    buckets: tuple[Bucket | None, ...] = (NAMESPACES,)

    def __init__(self, client: LocalClient, storage: Storage, *, delay: float) -> None:
        self._client, self._storage, self._delay = client, storage, delay
        self._seen: set[str] = set()

    def keys(self, event: Event) -> Iterable[str]:
        """A namespace that changed."""
        return (event.record.key,)

    def first_keys(self) -> Iterable[str]:
        """All namespaces."""
        return (record.key for record in self._storage.records(NAMESPACES))

    async def reconcile(self, key: str) -> float | None:
        """Empty one namespace if it is to end, and finalize it when it is empty."""
        record = self._storage.get(NAMESPACES, key)
        document = record.document() if record else {}
        if not value(document, "metadata", "deletionTimestamp"):
            self._seen.discard(key)
            return None
        if key not in self._seen:
            self._seen.add(key)
            return self._delay
        if await self._empty(key):
            return _AGAIN
        if _KUBERNETES in many(document, "spec", "finalizers"):
            await self._finalize(key)
        return None

    async def _empty(self, namespace: str) -> bool:
        """Delete what is still there; whether anything was."""
        found = False
        for resource, record in tuple(self._content(namespace)):
            found = True
            name = record.key.rpartition("/")[2]
            try:
                await self._client.delete(resource, namespace, name)
            except StatusError as error:
                if error.reason not in ("NotFound", "Conflict"):
                    raise
        return found

    def _content(self, namespace: str) -> Iterator[tuple[Resource, Record]]:
        seen: set[Bucket] = set()
        for resource in self._client.registry:
            bucket = bucket_of(resource)
            if resource.namespaced and "delete" in resource.verbs and bucket not in seen:
                seen.add(bucket)
                for record in self._storage.records(bucket, f"{namespace}/"):
                    yield resource, record

    async def _finalize(self, name: str) -> None:
        resource = self._client.registry.find("", "v1", "namespaces")
        assert resource is not None
        namespace = await self._client.get(resource, "", name)
        namespace["spec"]["finalizers"] = [one for one in many(namespace, "spec", "finalizers") if one != _KUBERNETES]
        await self._client.update(resource, namespace, subresource="finalize")
