"""What controllers read, straight from the engine, and write, by way of every request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from poblano.cluster.clock import Clock
from poblano.cluster.local import LocalClient
from poblano.cluster.resources import Resource
from poblano.cluster.selectors import EVERYTHING, LabelSelector
from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event, Record, key_of
from poblano.core.jsonvalue import Document

PODS: Final[Bucket] = ("", "pods")
SERVICES: Final[Bucket] = ("", "services")
NODES: Final[Bucket] = ("", "nodes")
CLAIMS: Final[Bucket] = ("", "persistentvolumeclaims")
VOLUMES: Final[Bucket] = ("", "persistentvolumes")
DEPLOYMENTS: Final[Bucket] = ("apps", "deployments")
REPLICA_SETS: Final[Bucket] = ("apps", "replicasets")
STATEFUL_SETS: Final[Bucket] = ("apps", "statefulsets")
DAEMON_SETS: Final[Bucket] = ("apps", "daemonsets")
REVISIONS: Final[Bucket] = ("apps", "controllerrevisions")
JOBS: Final[Bucket] = ("batch", "jobs")

_DECODED_KEPT: Final = 4096
"""Of so many objects the last two states: an event is about both."""
_GONE: Final = ("NotFound", "Conflict")


class Objects:
    """The objects of a cluster, as its controllers see them: always the newest, and never to be changed in place.

    Args:
        client: who asks when something is written.
        storage: what there is.
        clock: tells the time.
    """

    def __init__(self, client: LocalClient, storage: Storage, clock: Clock) -> None:
        self.client, self.storage, self.clock = client, storage, clock
        self._decoded: dict[tuple[Bucket, str], tuple[tuple[int, Document], ...]] = {}

    def resource(self, bucket: Bucket) -> Resource:
        """The resource of a bucket, in the version that is preferred."""
        return self.client.registry.versions(*bucket)[0]

    def get(self, bucket: Bucket, key: str) -> Document | None:
        """One object by its key, or None."""
        record = self.storage.get(bucket, key)
        return None if record is None else self.decoded(bucket, record)

    def list(self, bucket: Bucket, namespace: str = "", selector: LabelSelector = EVERYTHING) -> Iterator[Document]:
        """The objects with these labels, of one namespace or of all."""
        for record in self.storage.records(bucket, f"{namespace}/" if namespace else ""):
            if selector.matches(record.labels):
                yield self.decoded(bucket, record)

    def keys(self, bucket: Bucket) -> Sequence[str]:
        """The keys of all objects of a bucket."""
        return [record.key for record in self.storage.records(bucket)]

    def decoded(self, bucket: Bucket, record: Record) -> Document:
        """A record's object, with its apiVersion and kind; decoded once, however many ask."""
        place = (bucket, record.key)
        known = self._decoded.get(place, ())
        for revision, document in known:
            if revision == record.revision:
                return document
        resource = self.resource(bucket)
        found = {"apiVersion": resource.api_version, "kind": resource.kind, **record.document()}
        if not known and len(self._decoded) >= _DECODED_KEPT:
            del self._decoded[next(iter(self._decoded))]
        self._decoded[place] = (*known[-1:], (record.revision, found))
        return found

    def versions(self, event: Event) -> Iterator[Document]:
        """What an event was about: the object as it is, and as it was."""
        yield self.decoded(event.bucket, event.record)
        if event.previous is not None and event.type == "MODIFIED":
            yield self.decoded(event.bucket, event.previous)

    async def create(self, bucket: Bucket, document: Document) -> Document:
        """Make an object.

        Raises:
            StatusError: it is refused.
        """
        return await self.client.create(self.resource(bucket), document)

    async def update(self, bucket: Bucket, document: Document) -> Document:
        """Replace an object that has not changed since it was read.

        Raises:
            StatusError: it is refused, or has changed.
        """
        return await self.client.update(self.resource(bucket), document)

    async def set_status(self, bucket: Bucket, document: Document, status: Document) -> Document:
        """Replace an object's status; nothing is written when it is so already.

        Raises:
            StatusError: it is refused, or the object has changed.
        """
        if (document.get("status") or {}) == status:
            return document
        return await self.client.update(self.resource(bucket), {**document, "status": status}, subresource="status")

    async def patch(self, bucket: Bucket, document: Document, change: Document) -> Document:
        """Change an object with a merge patch.

        Raises:
            StatusError: it is refused.
        """
        metadata = document["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        return await self.client.patch(self.resource(bucket), namespace, name, change)

    async def delete(
        self, bucket: Bucket, document: Document, *, propagation: str = "Background", grace: int | None = None
    ) -> None:
        """Delete this very object, if it is still there.

        Raises:
            StatusError: it is refused.
        """
        metadata = document["metadata"]
        options: Document = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": metadata["uid"]},
            "propagationPolicy": propagation,
        }
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            await self.client.delete(self.resource(bucket), metadata.get("namespace", ""), metadata["name"], options)
        except StatusError as error:
            if error.reason not in _GONE:
                raise

    def now(self) -> str:
        """The time as the API writes it."""
        return self.clock.now()

    def age(self, moment: str | None) -> float:
        """The seconds that have passed since a time as the API writes it.

        Whole seconds were cut off, so that what was just written may be almost a second old.
        """
        return self.clock.seconds() - seconds_of(moment) if moment else 0.0


def seconds_of(moment: str) -> float:
    """Seconds since the epoch, of a time as the API writes it.

    >>> seconds_of("1970-01-01T00:01:00Z")
    60.0
    """
    return datetime.fromisoformat(moment).astimezone(UTC).timestamp()


def key(document: Document) -> str:
    """The key of an object.

    >>> key({"metadata": {"name": "web", "namespace": "shop"}})
    'shop/web'
    """
    metadata = document["metadata"]
    return key_of(metadata.get("namespace", ""), metadata["name"])
