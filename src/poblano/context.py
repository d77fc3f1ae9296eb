"""What a reconcile action is given beside its object: ways to write what the object asks for."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document, plain
from poblano.core.kinds import Kind
from poblano.core.objects import Resource, document, kind_of
from poblano.owners import owner_reference

K = TypeVar("K", bound=Resource)
R = TypeVar("R", bound=Resource)


class Applying(Protocol):
    """Server-side apply; `poblano.client.Resources` does it."""

    async def apply(
        self, kind: Kind, obj: Document, namespace: str = "", *, subresource: str = "", force: bool = False
    ) -> Document: ...


class Context(Generic[K]):
    """One run of a reconcile action.

    Args:
        obj: the object it is about.
        kind: of the object.
        api: how to write.
        failures: how often it has failed in a row.
    """

    def __init__(self, obj: K, kind: Kind, api: Applying, *, failures: int = 0) -> None:
        self.failures = failures
        self._object = obj
        self._kind = kind
        self._api = api

    async def apply(self, obj: R) -> R:
        """Make an object, or bring it to what is said here, by server-side apply; returns it as the server has it.

        The object that is reconciled becomes its owner: when that one is deleted, so is this. Without a namespace it goes
        into the owner's.

        Args:
            obj: all of what is wanted of it, and nothing else; what was applied before and is left out is taken away.

        Raises:
            ApiError: the API server refused.
            MalformedObject: the owner is in another namespace, where it can own nothing.
        """
        kind, wanted = kind_of(obj), plain(obj)
        metadata: Document = dict(wanted.get("metadata") or {})
        own = self._object.metadata.namespace
        if kind.namespaced:
            metadata.setdefault("namespace", own)
        if self._kind.namespaced and metadata.get("namespace", "") != own:
            raise MalformedObject(
                f"{kind.kind} {metadata.get('name')} is not in the namespace {own}, so the {self._kind.kind} there cannot own it; "
                "put it there"
            )
        listed: list[Document] = metadata.get("ownerReferences") or []
        others = [one for one in listed if one.get("uid") != self._object.metadata.uid]
        metadata["ownerReferences"] = [*others, document(owner_reference(self._object, controller=True))]
        applied = await self._api.apply(kind, {**wanted, "metadata": metadata}, force=True)
        return type(obj).of(applied)

    async def save_status(self) -> None:
        """Write the ``status`` of the object as it is now, and nothing else.

        Raises:
            ApiError: the API server refused; `NotFound` also when the kind has no subresource ``status``.
        """
        current: Document = document(self._object)
        metadata = {"name": self._object.metadata.name, "namespace": self._object.metadata.namespace}
        status: Any = plain(current.get("status") or {})
        wanted = {"metadata": {key: value for key, value in metadata.items() if value}, "status": status}
        await self._api.apply(self._kind, wanted, subresource="status", force=True)
