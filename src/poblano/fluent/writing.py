"""Writing: create, apply, replace. Every write made for a dry-run admission request is itself a dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar, cast

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document, plain
from poblano.core.objects import Resource
from poblano.fluent.chain import Chain

R = TypeVar("R", bound=Resource)

Content: TypeAlias = "Mapping[str, Any]"


class Writing(Chain[R]):
    """What can be written."""

    __slots__ = ()

    def _whole(self, obj: Resource | Content, *, verb: str) -> Document:
        """The JSON of what is to be written, with the name that the chain gives.

        Raises:
            MalformedObject: the object has another name, or labels and fields choose among many.
        """
        choice, whole = self._choice, cast("Document", plain(obj))
        if choice.labels or choice.fields:
            raise MalformedObject(
                f"{verb} writes one {self._kind.kind}, and labels and fields choose among many; write them into the object"
            )
        if not choice.name:
            return whole
        metadata: Document = whole.get("metadata") or {}
        if metadata.get("name", choice.name) != choice.name:
            raise MalformedObject(f"{verb}: the chain is about {choice.name}, and the object is {metadata['name']}")
        return {**whole, "metadata": {**metadata, "name": choice.name}}

    async def create(self, obj: R | Content, *, dry_run: bool = False) -> R:
        """Make an object, and return it as it was stored.

        Args:
            obj: a view, or its JSON; its name may be left to the server with ``generateName``.
            dry_run: change nothing, and only say what would be.

        Raises:
            AlreadyExists: its name is taken.
            Invalid: it is not as its kind must be; `causes` says where.
            ApiError: the API server refused.
        """
        whole, api = self._whole(obj, verb="create"), await self._api()
        made = await api.create(self._kind, whole, self._choice.namespace, dry_run=dry_run, strict=True)
        return self._view(made)

    async def apply(self, obj: R | Content, *, force: bool = False, subresource: str = "", dry_run: bool = False) -> R:
        """Server-side apply: make the object, or bring it to what is said here; returns it as it was stored.

        The fields that are written belong to this module from then on; those that it wrote before and now leaves out are
        given up, and removed if nobody else has them. An apply that changes nothing writes nothing.

        Args:
            obj: all that this module wants of the object, and nothing else.
            force: take fields over that others own.
            subresource: such as ``status``: then only that is written, and the object must be there.
            dry_run: change nothing, and only say what would be.

        Raises:
            Conflict: fields belong to others; `owners` says which to whom.
            Invalid: it is not as its kind must be; `causes` says where.
            ApiError: the API server refused.
        """
        whole, api = self._whole(obj, verb="apply"), await self._api()
        applied = await api.apply(
            self._kind,
            whole,
            self._choice.namespace,
            subresource=subresource,
            force=force,
            dry_run=dry_run,
            strict=True,
        )
        return self._view(applied)
