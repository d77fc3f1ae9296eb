"""Custom kinds come into force, change, and go, as their definitions do.

Source: k8s.io/apiextensions-apiserver/pkg/controller: status, establish, finalizer
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from poblano.cluster.custom.conditions import is_true, settled
from poblano.cluster.custom.kind import CustomKind
from poblano.cluster.kinds.tree import many, value
from poblano.cluster.local import LocalClient
from poblano.cluster.resources import Registry, Resource
from poblano.cluster.rest.delete import CLEANUP
from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event
from poblano.cluster.webhooks.calling import Caller
from poblano.core.jsonvalue import Document

DEFINITIONS: Final[Bucket] = ("apiextensions.k8s.io", "customresourcedefinitions")


class DefinitionController:
    """Grants names, serves what is established, and empties what is deleted.

    Args:
        client: may write anything.
        storage: what there is.
        registry: what is served.
        ended: told which bucket is no longer served as it was, so that its watches end.
        caller: asks conversion webhooks.
        now: the time as the API writes it.
    """

    buckets: tuple[Bucket | None, ...] = (None,)

    def __init__(
        self,
        client: LocalClient,
        storage: Storage,
        registry: Registry,
        *,
        ended: Callable[[Bucket], None],
        caller: Caller,
        now: Callable[[], str],
    ) -> None:
        self._client, self._storage, self._registry = client, storage, registry
        self._ended, self._caller, self._now = ended, caller, now
        self._served: dict[str, Document] = {}
        self._ending: dict[Bucket, str] = {}

    def keys(self, event: Event) -> Iterable[str]:
        """A definition that changed; all when one is gone, whose names may be granted to another; and one that ends and
        of which an object went."""
        if event.bucket != DEFINITIONS:
            return (self._ending[event.bucket],) if event.type == "DELETED" and event.bucket in self._ending else ()
        if event.type == "DELETED":
            return [record.key for record in self._storage.records(DEFINITIONS)] + [event.record.key]
        return (event.record.key,)

    def first_keys(self) -> Iterable[str]:
        """All definitions; those in force are served before anybody asks."""
        for record in self._storage.records(DEFINITIONS):
            self._serve(record.key, self._typed(record.document()))
        return [record.key for record in self._storage.records(DEFINITIONS)]

    async def reconcile(self, key: str) -> float | None:
        """Bring one definition into order."""
        record = self._storage.get(DEFINITIONS, key)
        if record is None:
            self._withdraw(key)
            self._ending = {bucket: name for bucket, name in self._ending.items() if name != key}
            return None
        crd = self._typed(record.document())
        if value(crd, "metadata", "deletionTimestamp"):
            await self._end(key, crd)
            return None
        others = [self._typed(one.document()) for one in self._storage.records(DEFINITIONS)]
        wanted = settled(crd, others, self._now())
        if wanted.get("status") != crd.get("status"):
            crd = await self._client.update(self._resource(), wanted, subresource="status")
        self._serve(key, crd)
        return None

    def _serve(self, key: str, crd: Document) -> None:
        if not is_true(crd, "Established"):
            self._withdraw(key)
            return
        before = self._served.get(key)
        if before == crd["spec"]:
            return
        kind = CustomKind(crd, self._caller)
        self._served[key] = crd["spec"]
        self._registry.define(key, kind.resources())
        if before is not None:
            self._ended((crd["spec"]["group"], crd["spec"]["names"]["plural"]))

    def _withdraw(self, key: str) -> None:
        spec = self._served.pop(key, None)
        if spec is not None:
            self._registry.undefine(key)
            self._ended((spec["group"], spec["names"]["plural"]))

    async def _end(self, key: str, crd: Document) -> None:
        """Delete the objects of a kind that is to go; when the last one is gone, it goes."""
        if CLEANUP not in many(crd, "metadata", "finalizers"):
            return
        bucket: Bucket = (crd["spec"]["group"], crd["spec"]["names"]["plural"])
        if key in self._served:  # else the objects, if there are any, are another definition's
            self._ending[bucket] = key
            resource = self._registry.versions(*bucket)[0]
            resource.custom.terminating = True
            await self._empty(resource, bucket)
            if self._storage.count(bucket):
                return
        finalizers = [one for one in many(crd, "metadata", "finalizers") if one != CLEANUP]
        await self._client.patch(self._resource(), "", key, {"metadata": {"finalizers": finalizers or None}})

    async def _empty(self, resource: Resource, bucket: Bucket) -> None:
        for record in self._storage.records(bucket):
            namespace, _, name = record.key.rpartition("/")
            try:
                await self._client.delete(resource, namespace, name)
            except StatusError as error:
                if error.reason not in ("NotFound", "Conflict"):
                    raise

    def _resource(self) -> Resource:
        found = self._registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
        assert found is not None
        return found

    def _typed(self, document: Document) -> Document:
        return {"kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1", **document}
