"""A Lease on the API server, read and written for `poblano.core.lease`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from poblano.client import Resources
from poblano.core.errors import ApiError, Forbidden, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.lease import Record

LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")


@dataclass(frozen=True, slots=True)
class Held:
    """A Lease as it was last seen: all of it, since a replacement has to say what is to stay."""

    document: Document = field(default_factory=dict[str, Any])

    @property
    def record(self) -> Record | None:
        """What it says; None when there is none."""
        return record_of(self.document) if self.document else None

    @property
    def version(self) -> str:
        """Its resource version; "" when there is none."""
        return str(part(self.document, "metadata").get("resourceVersion") or "")

    async def written(
        self, api: Resources, namespace: str, name: str, record: Record, version: str, **metadata: Mapping[str, str]
    ) -> Held:
        """It, as it is when it says `record`. Raises `Conflict` when somebody else has written it meanwhile.

        Args:
            api: how to write.
            namespace: where it is.
            name: of the Lease.
            record: what it is to say.
            version: which one is replaced; "" to create it.
            metadata: labels and annotations, beside those that are there.
        """
        own = part(self.document, "metadata") if version else {}
        added = {key: {**part(own, key), **said} for key, said in metadata.items()}
        whole: Document = {**own, **added, "name": name, "namespace": namespace}
        whole.pop("managedFields", None)
        if not version:
            return Held(await api.create(LEASE, {"metadata": whole, "spec": spec_of(record)}, namespace))
        whole["resourceVersion"] = version
        spec = {**part(self.document, "spec"), **spec_of(record)}
        return Held(await api.replace(LEASE, {"metadata": whole, "spec": spec}, namespace))


async def read_lease(api: Resources, namespace: str, name: str) -> Held:
    """The Lease, if it is there."""
    try:
        return Held(await api.get(LEASE, name, namespace))
    except NotFound:
        return Held()


def record_of(document: Document) -> Record:
    """What a Lease says. Whoever wrote it: what is missing or is of another type counts as nothing.

    >>> record_of({"spec": {"holderIdentity": "a", "leaseDurationSeconds": 15}})
    Record(holder='a', duration=15, transitions=0, acquired='', renewed='')
    """
    spec = part(document, "spec")
    return Record(
        holder=_text(spec, "holderIdentity"),
        duration=_number(spec, "leaseDurationSeconds"),
        transitions=_number(spec, "leaseTransitions"),
        acquired=_text(spec, "acquireTime"),
        renewed=_text(spec, "renewTime"),
    )


def spec_of(record: Record) -> Document:
    """The ``spec`` that says so."""
    return {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": record.duration,
        "leaseTransitions": record.transitions,
        "acquireTime": record.acquired,
        "renewTime": record.renewed,
    }


def wall() -> str:
    """The time of day as a Lease has it: metav1.MicroTime."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def remedy(error: ApiError, namespace: str, name: str) -> str:
    """What went wrong, and what to do about it."""
    if isinstance(error, Forbidden):
        return (
            f"{error.message}; let its account get, list, create, update and delete leases of coordination.k8s.io in the "
            f"namespace {namespace} (a Role and a RoleBinding there)"
        )
    if isinstance(error, NotFound):
        return (
            f"there is no namespace {namespace} for the Lease {name}; make it with kubectl create namespace {namespace}, "
            "or name another one as namespace in [tool.poblano] or in POBLANO_NAMESPACE"
        )
    return str(error)


def part(document: Document, key: str) -> Document:
    """The object at a key; an empty one when there is none."""
    found = document.get(key)
    return cast("Document", found) if isinstance(found, dict) else {}


def _text(spec: Document, key: str) -> str:
    value = spec.get(key)
    return value if isinstance(value, str) else ""


def _number(spec: Document, key: str) -> int:
    value = spec.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
