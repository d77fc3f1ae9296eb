"""Writing: create, apply, replace. Every write made for a dry-run admission request is itself a dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

from poblano.core.objects import Resource
from poblano.fluent.chain import Chain

R = TypeVar("R", bound=Resource)

Content: TypeAlias = "Mapping[str, Any]"


class Writing(Chain[R]):
    """What can be written."""

    __slots__ = ()

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
        api = await self._api()
        made = await api.create(self._kind, obj, self._choice.namespace, dry_run=dry_run, strict=True)
        return self._view(made)

    async def apply(self, obj: R | Content, *, force: bool = False, dry_run: bool = False) -> R:
        """Server-side apply: make the object, or bring it to what is said here; returns it as it was stored.

        The fields that are written belong to this module from then on; those that it wrote before and now leaves out are
        given up, and removed if nobody else has them. An apply that changes nothing writes nothing.

        Args:
            obj: all that this module wants of the object, and nothing else.
            force: take fields over that others own.
            dry_run: change nothing, and only say what would be.

        Raises:
            Conflict: fields belong to others; `owners` says which to whom.
            Invalid: it is not as its kind must be; `causes` says where.
            ApiError: the API server refused.
        """
        api = await self._api()
        applied = await api.apply(self._kind, obj, self._choice.namespace, force=force, dry_run=dry_run, strict=True)
        return self._view(applied)
