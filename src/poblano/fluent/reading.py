"""Reading: one object, all of them, or page after page."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TypeVar

from poblano.core.objects import Resource
from poblano.fluent.chain import Chain, Which

R = TypeVar("R", bound=Resource)

PAGE = 500  # client-go: tools/pager.defaultPageSize


class Reading(Chain[R]):
    """What can be read. Nothing here is held back by a dry run."""

    __slots__ = ()

    async def get(self, which: Which = None) -> R:
        """One object.

        Args:
            which: its name, or an object to read anew; by default the one that the chain names.

        Raises:
            NotFound: there is none.
            ApiError: the API server refused.
            MalformedObject: the chain does not say which.
        """
        name, namespace = self._one(which, verb="get")
        return self._view(await (await self._api()).get(self._kind, name, namespace))

    async def pages(self, size: int = PAGE) -> AsyncGenerator[list[R]]:
        """All that the chain chooses, a page at a time: the next is asked for when this one is done with.

        Args:
            size: how many objects a page has at most.

        Raises:
            Expired: the server has forgotten the moment of the first page (after five minutes, mostly): begin again.
            ApiError: the API server refused.
        """
        choice, api = self._choice, await self._api()
        async for page in api.pages(
            self._kind,
            choice.namespace,
            label_selector=choice.label_selector,
            field_selector=choice.field_selector,
            page=size,
        ):
            yield [self._view(item) for item in page.items]

    async def list(self) -> list[R]:
        """All that the chain chooses, in one list: as it was at one moment, however many pages it took.

        Raises:
            ApiError: the API server refused.
        """
        choice, api = self._choice, await self._api()
        found = await api.list(
            self._kind,
            choice.namespace,
            label_selector=choice.label_selector,
            field_selector=choice.field_selector,
        )
        return [self._view(item) for item in found.items]
