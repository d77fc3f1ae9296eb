"""A cache of what the API server has of a kind, kept equal to it whatever happens on the way.

The thinking is `poblano.core.reflector`'s; here is what it takes to do as it says: requests, deadlines, pauses.

::

    informer = Informer(client, kind_of(a.Pod), "shop")
    informer.subscribe(print)
    running = asyncio.create_task(informer.run())
    await informer.synced()
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import cast

from poblano.client import ApiClient
from poblano.core.cache import Cache, Change, Item
from poblano.core.errors import ApiError
from poblano.core.indexes import Indexer
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.listwatch import SECONDS, List, Sleep, Watch
from poblano.core.projection import FULL, Projection
from poblano.core.reflector import Reflector
from poblano.core.selectors import EVERYTHING, Selector
from poblano.core.watch_events import Failure, Garbled, parse_line, parse_page

LIST_SECONDS = 120.0
"""How long a page of a list may take."""


class Informer:
    """One list and watch, shared by all who subscribe.

    Args:
        client: an open client.
        kind: of what.
        namespace: where; "" is everywhere.
        selector: which of them.
        projection: how much of each.
        lasting: between how many seconds a watch is asked to last.
    """

    def __init__(
        self,
        client: ApiClient,
        kind: Kind,
        namespace: str = "",
        *,
        selector: Selector = EVERYTHING,
        projection: Projection = FULL,
        lasting: tuple[float, float] = SECONDS,
    ) -> None:
        self.kind = kind
        self.namespace = namespace
        self.selector = selector
        self.projection = projection
        self.reflector = Reflector(clock=time.monotonic, lasting=lasting)
        self._client = client
        self._path = kind.path(namespace)
        self._told: list[Callable[[Change], None]] = []
        self._synced = asyncio.Event()

    @property
    def cache(self) -> Cache:
        """What is known."""
        return self.reflector.cache

    @property
    def trouble(self) -> str | None:
        """Why the cache may not be what the server has; None when all is well."""
        return self.reflector.trouble

    def add_index(self, name: str, indexer: Indexer) -> None:
        """Find objects by what they say, too; see `poblano.core.indexes`. To be said once for each name."""
        self.cache.add_index(name, indexer)

    def by_index(self, name: str, value: str) -> list[Item]:
        """The objects that the index has under `value`."""
        return self.cache.by_index(name, value)

    def wrote(self, document: Document) -> None:
        """Take what the server answered to a write of ours for what it has, before the watch says so.

        Args:
            document: the whole answer to a server-side apply, or to a write that named the version it was made of.
        """

    def subscribe(self, tell: Callable[[Change], None]) -> None:
        """Have `tell` called with each change, in order; it must be quick, and not raise. To be said before `run`."""
        self._told.append(tell)

    async def synced(self) -> None:
        """Wait until all that was there at the start is known, and was told."""
        await self._synced.wait()

    async def run(self) -> None:
        """Keep the cache, until cancelled."""
        while True:
            match self.reflector.command:
                case Sleep() as command:
                    await asyncio.sleep(command.seconds)
                    self.reflector.slept()
                case List() as command:
                    await self._list(command)
                case Watch() as command:
                    await self._watch(command)

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for tell in self._told:
                tell(change)
        if self.reflector.has_synced:
            self._synced.set()

    async def _list(self, asked: List) -> None:
        query = self.selector.query | _list_query(asked)
        try:
            async with asyncio.timeout(LIST_SECONDS), self._client.once(self._path, query=query) as answer:
                body = await answer.read()
            page = parse_page(body, self.kind)
        except TimeoutError:
            self.reflector.failed(Failure(message=f"the list took longer than {LIST_SECONDS:g} s"))
        except Garbled:
            self.reflector.garbled()
        except ApiError as error:
            self.reflector.failed(_failure(error))
        else:
            self._tell(self.reflector.listed(page))

    async def _watch(self, asked: Watch) -> None:
        try:
            async with asyncio.timeout(asked.deadline):
                await self._follow(asked)
        except TimeoutError:
            self.reflector.stalled()
        except Garbled:
            self.reflector.garbled()
        except ApiError as error:
            self.reflector.failed(_failure(error))

    async def _follow(self, asked: Watch) -> None:
        """Read a watch to its end, or until the reflector wants something else."""
        query = self.selector.query | _watch_query(asked)
        async with self._client.once(self._path, query=query) as answer, aclosing(answer.lines()) as lines:
            self.reflector.opened()
            current = asked
            async for line in lines:
                self._tell(self.reflector.received(parse_line(line, self.kind)))
                following = self.reflector.command
                if following is not current:
                    if not (current.initial and isinstance(following, Watch)):
                        return
                    current = following  # the same watch goes on behind its initial events
            self.reflector.ended()


def _list_query(asked: List) -> dict[str, str]:
    wanted = {"continue": asked.continue_token, "limit": str(asked.limit or "")}
    if not asked.continue_token:
        wanted["resourceVersion"] = asked.resource_version
    return {name: value for name, value in wanted.items() if value}


def _watch_query(asked: Watch) -> dict[str, str]:
    query = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(asked.timeout)}
    if asked.initial:
        return {**query, "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    return {**query, "resourceVersion": asked.resource_version}


def _failure(error: ApiError) -> Failure:
    found = error.details.get("causes")
    causes = cast("list[dict[str, object]]", found) if isinstance(found, list) else []
    return Failure(
        status=error.status,
        reason=error.reason,
        message=str(error),
        retry_after=error.retry_after,
        causes=frozenset(str(cause.get("reason", "")) for cause in causes),
    )
