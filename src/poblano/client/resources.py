"""The verbs of the Kubernetes API on any kind: objects are plain dicts, or typed views of them.

Thin on purpose: one method, one request (a list is as many as it has pages).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from poblano.client.deleting import Preconditions, Propagation, delete_options
from poblano.client.listings import PAGE, Listing, parse_listing, selectors
from poblano.client.paths import object_path, write_target
from poblano.core.context import is_dry_run
from poblano.core.errors import Expired
from poblano.core.jsonvalue import Document, plain
from poblano.core.kinds import Kind
from poblano.core.objects import Resource, kind_of

if TYPE_CHECKING:
    from poblano.client.transport import ApiClient

AnyKind: TypeAlias = "Kind | type[Resource]"
AnyObject: TypeAlias = "Mapping[str, Any] | Resource"

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class Resources:
    """The verbs, on one client.

    Every method raises a subclass of `poblano.core.errors.ApiError` when the API server refuses or does not answer,
    and `MalformedObject` when a name or namespace is missing. Every write made for a
    dry-run admission request is itself a dry run, as is one that is passed `dry_run`.

    Args:
        client: an open client.
        field_manager: under which name fields are owned: ``poblano-<uuid>``.
    """

    def __init__(self, client: ApiClient, *, field_manager: str = "poblano") -> None:
        self._client = client
        self._field_manager = field_manager

    async def get(self, kind: AnyKind, name: str, namespace: str = "", *, subresource: str = "") -> Document:
        """One object. Raises `NotFound` when there is none."""
        path = object_path(_kind(kind), name, namespace, subresource)
        return await self._document("GET", path)

    async def list(
        self,
        kind: AnyKind,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        page: int = PAGE,
    ) -> Listing:
        """All objects of a kind: in one namespace, or everywhere when it is "".

        Args:
            kind: which.
            namespace: where; "" is everywhere.
            label_selector, field_selector: as kubectl writes them.
            page: how many to ask for at a time.
        """
        items: list[Document] = []
        version, pages = (
            "",
            self.pages(kind, namespace, label_selector=label_selector, field_selector=field_selector, page=page),
        )
        try:
            async for part in pages:
                items += part.items
                version = part.resource_version
        except Expired:  # the pages took longer than the server keeps a snapshot; client-go: FullListIfExpired
            return await self._listing(_kind(kind), namespace, selectors(label_selector, field_selector))
        return Listing(items, version)

    async def pages(
        self,
        kind: AnyKind,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        page: int = PAGE,
    ) -> AsyncGenerator[Listing]:
        """The same as `list`, page after page; the next is asked for when it is wanted.

        Raises:
            Expired: the server keeps the state of the first page no longer.
        """
        query = {**selectors(label_selector, field_selector), "limit": str(page)}
        while True:
            found = await self._listing(_kind(kind), namespace, query)
            yield found
            if not found.following:
                return
            query = {**query, "continue": found.following}

    async def create(
        self,
        kind: AnyKind,
        obj: AnyObject,
        namespace: str = "",
        *,
        subresource: str = "",
        name: str = "",
        dry_run: bool = False,
        strict: bool = False,
    ) -> Document:
        """Create an object, and answer what was stored. Raises `AlreadyExists` when its name is taken.

        A subresource that is created, such as ``eviction``, needs the `name` of its object.
        """
        known, document = _kind(kind), _whole(kind, obj)
        target = write_target(known, document, namespace)
        path = object_path(known, name, target.namespace, subresource) if subresource else known.path(target.namespace)
        return await self._write("POST", path, document, dry=dry_run, query=_validation(strict=strict))

    async def replace(
        self,
        kind: AnyKind,
        obj: AnyObject,
        namespace: str = "",
        *,
        subresource: str = "",
        dry_run: bool = False,
        idempotent: bool | None = None,
    ) -> Document:
        """Put an object in the place of what is there. Raises `Conflict` when that is not the version it was read at.

        A first attempt that arrived unseen makes a second one such a conflict; with `idempotent` False there is none.
        """
        known, document = _kind(kind), _whole(kind, obj)
        target = write_target(known, document, namespace)
        path = object_path(known, target.name, target.namespace, subresource)
        return await self._write("PUT", path, document, dry=dry_run, idempotent=idempotent)

    async def patch(
        self,
        kind: AnyKind,
        name: str,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        namespace: str = "",
        *,
        subresource: str = "",
        strategic: bool = False,
        dry_run: bool = False,
    ) -> Document:
        """Change parts of an object: a list is a JSON patch (RFC 6902), a mapping a merge patch (RFC 7386).

        With `strategic`, a mapping is a strategic merge patch, which custom kinds do not have.
        """
        path = object_path(_kind(kind), name, namespace, subresource)
        merge = isinstance(patch, Mapping)
        content_type = JSON_PATCH if not merge else STRATEGIC_MERGE_PATCH if strategic else MERGE_PATCH
        return await self._write("PATCH", path, plain(patch), dry=dry_run, content_type=content_type, idempotent=merge)

    async def apply(
        self,
        kind: AnyKind,
        obj: AnyObject,
        namespace: str = "",
        *,
        subresource: str = "",
        force: bool = False,
        dry_run: bool = False,
        strict: bool = False,
    ) -> Document:
        """Server-side apply: own the fields that are written, create the object if need be.

        Args:
            kind: which.
            obj: the whole of what the field manager wants; fields it leaves out are given up.
            namespace: where, if the object does not say.
            subresource: such as ``status``.
            force: take fields over that others own, instead of raising `Conflict`.
            dry_run: change nothing.
            strict: a field that the kind does not have is an error, and not just dropped.
        """
        known, document = _kind(kind), _whole(kind, obj)
        metadata = {key: value for key, value in document.get("metadata", {}).items() if key != "managedFields"}
        document = {**document, "metadata": metadata}
        target = write_target(known, document, namespace)
        path = object_path(known, target.name, target.namespace, subresource)
        query = {**({"force": "true"} if force else {}), **_validation(strict=strict)}
        return await self._write(
            "PATCH", path, document, dry=dry_run, content_type=APPLY_PATCH, idempotent=True, query=query
        )

    async def delete(
        self,
        kind: AnyKind,
        name: str,
        namespace: str = "",
        *,
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        preconditions: Preconditions | None = None,
        dry_run: bool = False,
    ) -> Document:
        """Delete one object. The answer is the object while finalizers hold it, or a ``Status``.

        `NotFound` may also mean that the connection broke after a first attempt had already deleted it.
        """
        path = object_path(_kind(kind), name, namespace)
        return await self._delete(path, {}, delete_options(propagation, grace_seconds, preconditions, dry=dry_run))

    async def delete_collection(
        self,
        kind: AnyKind,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> Document:
        """Delete all objects of a kind that the selectors choose, in one namespace (or of a cluster-scoped kind)."""
        known = _kind(kind)
        query = selectors(label_selector, field_selector)
        path = write_target(known, {}, namespace).collection
        return await self._delete(path, query, delete_options(propagation, grace_seconds, dry=dry_run))

    async def _listing(self, kind: Kind, namespace: str, query: Mapping[str, str]) -> Listing:
        return parse_listing((await self._client.request("GET", kind.path(namespace), query=query)).body, kind)

    async def _document(self, method: str, path: str) -> Document:
        return (await self._client.request(method, path)).document()

    async def _write(
        self,
        method: str,
        path: str,
        body: object,
        *,
        dry: bool,
        content_type: str = "application/json",
        idempotent: bool | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Document:
        parameters = {"fieldManager": self._field_manager, **(query or {})}
        if dry or is_dry_run():
            parameters["dryRun"] = "All"
        response = await self._client.request(
            method, path, query=parameters, body=body, content_type=content_type, idempotent=idempotent
        )
        return response.document()

    async def _delete(self, path: str, query: Mapping[str, str], options: Document) -> Document:
        return (await self._client.request("DELETE", path, query=query, body=options)).document()


def _kind(kind: AnyKind) -> Kind:
    return kind if isinstance(kind, Kind) else kind_of(kind)


def _validation(*, strict: bool) -> dict[str, str]:
    return {"fieldValidation": "Strict"} if strict else {}


def _whole(kind: AnyKind, obj: AnyObject) -> Document:
    document: Document = plain(obj)
    known = _kind(kind)
    return {"apiVersion": known.api_version, "kind": known.kind, **document}
