"""Changing what is there: a patch, a new version of the whole, or a function of what it is now."""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from poblano.core.errors import Conflict, MalformedObject
from poblano.core.jsonvalue import Document, copied, identical, plain
from poblano.core.objects import Resource, document
from poblano.fluent.chain import Which
from poblano.fluent.writing import Content, Writing

R = TypeVar("R", bound=Resource)

Change: TypeAlias = "Callable[[R], R | Awaitable[R | None] | None]"
Patch: TypeAlias = "Mapping[str, Any] | Sequence[Mapping[str, Any]]"

ATTEMPTS = 5  # client-go: util/retry.DefaultRetry
FIRST_PAUSE = 0.01  # the same; doubled, and drawn up to twice as long


class Changing(Writing[R]):
    """What can be changed."""

    __slots__ = ()

    async def patch(
        self,
        patch: Patch,
        which: Which = None,
        *,
        strategic: bool = False,
        subresource: str = "",
        dry_run: bool = False,
    ) -> R:
        """Change parts of one object, and return it as it was stored.

        Args:
            patch: a list of operations is a JSON patch (RFC 6902); a mapping is a merge patch (RFC 7386), in which None removes.
            which: its name, or an object that was read; by default the one that the chain names.
            strategic: a mapping is merged as kubectl does: lists by their keys. Custom kinds do not have that.
            subresource: such as ``status``.
            dry_run: change nothing, and only say what would be.

        Raises:
            MalformedObject: the patch is empty, or the chain does not say which object.
            NotFound: there is none.
            Invalid: the result is not as its kind must be, or a ``test`` of the patch failed.
            ApiError: the API server refused.
        """
        name, namespace = self._one(which, verb="patch")
        if not patch:
            raise MalformedObject(f"the patch of {self._kind.kind} {name} is empty; write what to change")
        api = await self._api()
        patched = await api.patch(
            self._kind, name, patch, namespace, subresource=subresource, strategic=strategic, dry_run=dry_run
        )
        return self._view(patched)

    async def patch_status(self, obj: R | Content, which: Which = None, *, dry_run: bool = False) -> R:
        """Merge the ``status`` of `obj` into that of the object, and touch nothing else.

        Args:
            obj: a view, or its JSON; without a name in it, the chain says which.
            which: the same, as with `patch`.
            dry_run: change nothing, and only say what would be.

        Raises:
            MalformedObject: it has no status.
            NotFound: there is no such object, or its kind has no subresource ``status``.
            ApiError: the API server refused.
        """
        whole: Document = plain(obj)
        status = whole.get("status")
        if status is None:
            raise MalformedObject(f"this {self._kind.kind} has no status to write; set one first")
        metadata: Document = whole.get("metadata") or {}
        named = self._model.of(whole) if which is None and metadata.get("name") else which
        return await self.patch({"status": status}, named, subresource="status", dry_run=dry_run)

    async def replace(self, obj: R, *, subresource: str = "", dry_run: bool = False) -> R:
        """Put an object that was read, and changed, in the place of what is there; returns it as it was stored.

        Args:
            obj: all of it; ``metadata.resourceVersion`` says what it was made of.
            subresource: such as ``status``: then only that is written.
            dry_run: change nothing, and only say what would be.

        Raises:
            Conflict: somebody else has changed it since: read it again, or use `update`.
            MalformedObject: it does not say what it was made of, so that a change of others would be lost.
            ApiError: the API server refused.
        """
        if not obj.metadata.resource_version:
            raise MalformedObject(
                f"{self._kind.kind} {obj.metadata.name}: replace takes an object that was read, with its resourceVersion; "
                "use update() to change what is there, or apply() to say what is wanted"
            )
        whole, api = self._whole(obj, verb="replace"), await self._api()
        stored = await api.replace(self._kind, whole, self._choice.namespace, subresource=subresource, dry_run=dry_run)
        return self._view(stored)

    async def update(
        self, change: Change[R], which: Which = None, *, subresource: str = "", dry_run: bool = False
    ) -> R:
        """Read an object, have it changed, write it; and again from the start, when others were faster.

        What others change meanwhile is never lost. When the change comes to nothing, nothing is written.

        Args:
            change: changes the view it is given, or returns another; ``def`` or ``async def``. It may be called up to
                five times, each time with what is there then.
            which: name, or an object that was read; by default the one that the chain names.
            subresource: such as ``status``: then only that is written.
            dry_run: change nothing, and only say what would be.

        Raises:
            NotFound: there is no such object.
            Conflict: others were faster five times.
            ApiError: the API server refused. After `ConnectionFailed` it may have been written.
        """
        import asyncio

        name, namespace = self._one(which, verb="update")
        api = await self._api()
        attempt = 0
        while True:
            attempt += 1
            read = await api.get(self._kind, name, namespace)
            wanted = await self._changed_by(change, copied(read))
            if identical(wanted, read):
                return self._view(read)
            wanted.setdefault("metadata", {})["resourceVersion"] = read["metadata"]["resourceVersion"]
            try:
                return self._view(
                    await api.replace(
                        self._kind, wanted, namespace, subresource=subresource, dry_run=dry_run, idempotent=False
                    )
                )
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(FIRST_PAUSE * 2**attempt * (1 + random.random()))  # noqa: S311 -- no secret

    async def _changed_by(self, change: Change[R], read: Document) -> Document:
        view = self._view(read)
        answer = change(view)
        if inspect.isawaitable(answer):
            answer = await answer
        return document(view if answer is None else answer)
