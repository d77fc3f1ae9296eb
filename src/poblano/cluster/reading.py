"""What strategies, webhooks and authorization read of the rest of the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from poblano.core.jsonvalue import Document


class Lookup(Protocol):
    """The stored objects, decoded, in their storage version. They are read, never changed."""

    def get(self, group: str, plural: str, namespace: str, name: str) -> Document | None:
        """One object, or None. `namespace` is empty for cluster-scoped kinds."""
        ...

    def list(self, group: str, plural: str, namespace: str | None = None) -> Iterable[Document]:
        """All objects of a kind, by namespace and name; of one namespace where it is given."""
        ...

    def revision(self, group: str, plural: str) -> int:
        """The revision of the last change to any object of the kind: what is derived from them is as fresh as this."""
        ...

    def now(self) -> str:
        """The time as the API writes it, "2026-01-31T12:00:00Z"."""
        ...
