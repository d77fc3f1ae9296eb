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

from poblano.client import ApiClient
from poblano.core.cache import Cache, Change, Item
from poblano.core.errors import ApiError
from poblano.core.filters import NameIs
from poblano.core.indexes import Indexer
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.listwatch import SECONDS, Command, List, Sleep, Watch
from poblano.core.projection import FULL, METADATA, Projection
from poblano.core.reflector import Reflector
from poblano.core.selectors import EVERYTHING, Selector
from poblano.core.watch_events import Failure, Garbled, item_of, parse_line, parse_page
from poblano.log import Log
from poblano.watch.asking import failure, is_going, list_query, subject_of, watch_query
from poblano.watch.collecting import uncollected
from poblano.watch.initial_events import InitialEvents, Turn
from poblano.watch.refusals import Refusals

LIST_SECONDS = 120.0
"""How long a page of a list may take."""

SILENCE_SECONDS = 30.0
"""How long nothing may come of it. A server that has much to do lets a list wait for some seconds."""

LATE_SECONDS = 10.0
"""After so long it is said that the initial events are not complete. client-go: Reflector's initial events end bookmark ticker."""


class Informer:
    """One list and watch, shared by all who subscribe.

    Args:
        client: an open client.
        kind: of what.
        namespace: where; "" is everywhere.
        selector: which of them.
        projection: how much of each.
        initial: what is known of the server; shared by all informers that ask it.
        resync: seconds after which all that is known is told again, as changed to what it is; 0 is never. Nothing is listed for it.
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
        initial: InitialEvents | None = None,
        resync: float = 0.0,
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
        self._initial = initial or InitialEvents()
        self._turn = Turn(self._initial)
        self._resync = resync
        self._refusals = Refusals(kind, namespace)

    @property
    def cache(self) -> Cache:
        """What is known."""
        return self.reflector.cache

    @property
    def trouble(self) -> str | None:
        """Why the cache may not be what the server has; None when all is well."""
        return self.reflector.trouble.reason

    @property
    def is_failing(self) -> bool:
        """Whether the server could not be asked, or gave no answer of use. From any thread."""
        return self.reflector.trouble.is_failing

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
        if is_going(document) or document.get("apiVersion", self.kind.api_version) != self.kind.api_version:
            return
        item = item_of(document, self.kind, self.projection)
        if item is not None and self.namespace in {"", item.key.namespace} and self.selector.takes(subject_of(item)):
            self._tell(self.reflector.wrote(item))

    async def has_left(self, change: Change) -> bool:
        """Whether an object that is DELETED lives on, and is only selected no more. Its server is asked, where that can be.

        Raises:
            ApiError: the server refused, or did not answer.
        """
        key, uid = change.item.key, change.item.uid
        if change.type != "DELETED" or not self.selector.may_be_left or self.namespace not in {"", key.namespace}:
            return False
        answer = await self._client.request(
            "GET",
            self.kind.path(key.namespace),
            query={"fieldSelector": Selector.of(NameIs(frozenset({key.name}))).fields},
            headers=METADATA.accept(listing=True),
        )
        return any(one.uid == uid for one in parse_page(answer.body, self.kind, METADATA).items)

    def subscribe(self, tell: Callable[[Change], None]) -> None:
        """Have `tell` called with each change, in order; it must be quick, and not raise. To be said before `run`."""
        self._told.append(tell)

    async def synced(self) -> None:
        """Wait until all that was there at the start is known, and was told."""
        await self._synced.wait()

    @property
    def has_told(self) -> bool:
        """Whether all that was there at the start was told. From any thread."""
        return self._synced.is_set()

    def resync(self) -> None:
        """Tell all that is known once more, as changed to what it is."""
        self._tell(Change("MODIFIED", item, item) for item in self.cache)

    async def run(self) -> None:
        """Keep the cache, until cancelled."""
        resyncing = asyncio.create_task(self._keep_telling(), name="resync") if self._resync else None
        try:
            while True:
                await self._do(self.reflector.command)
                self._refusals.look(self.reflector.trouble)
        finally:
            if resyncing is not None:
                resyncing.cancel()
                await asyncio.wait([resyncing])

    async def _do(self, command: Command) -> None:
        match command:
            case Sleep():
                await asyncio.sleep(command.seconds)
                self.reflector.slept()
            case List():
                await self._list(command)
            case Watch(initial=True):
                await self._stream(command)
            case Watch():
                await self._watch(command)

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(self._resync)
            try:
                self.resync()
            except Exception as error:  # noqa: BLE001 -- the next time is to come all the same
                Log.error(error, "what is known could not be told once more", of=self.kind.plural)

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for tell in self._told:
                tell(change)
        if self.reflector.has_synced:
            self._synced.set()
            self._look()

    def _look(self) -> None:
        """What could not be watched may be at last: that is not to wait for the end of its first watch."""
        if self._refusals.told:
            self._refusals.look(self.reflector.trouble)

    async def _list(self, asked: List) -> None:
        query = self.selector.query | list_query(asked)
        headers = self.projection.accept(listing=True)
        try:
            async with (
                asyncio.timeout(LIST_SECONDS),
                self._client.once(self._path, query=query, headers=headers, silence=SILENCE_SECONDS) as answer,
            ):
                body = await answer.read()
            with uncollected():
                page = parse_page(body, self.kind, self.projection)
                del body
                changes = self.reflector.listed(page)
            self._tell(changes)
        except TimeoutError:
            self.reflector.failed(Failure(message=f"the list took longer than {LIST_SECONDS:g} s"))
        except Garbled:
            self.reflector.garbled()
        except ApiError as error:
            self.reflector.failed(failure(error, self.kind, self.namespace))

    async def _stream(self, asked: Watch) -> None:
        """Ask for what there is as a stream, unless it is known that the server has none."""
        async with self._initial.turn() as self._turn:
            if self._initial.served is False:
                self.reflector.not_streamed()
                return
            late = asyncio.get_running_loop().call_later(LATE_SECONDS, self._late)
            try:
                await self._watch(asked)
            finally:
                late.cancel()

    def _late(self) -> None:
        if not self.reflector.has_synced:
            self._refusals.late()
        self._turn.found(served=False)  # the others need not wait for it

    async def _watch(self, asked: Watch) -> None:
        try:
            async with asyncio.timeout(asked.deadline):
                await self._follow(asked)
        except TimeoutError:
            self.reflector.stalled()
        except Garbled:
            self.reflector.garbled()
        except ApiError as error:
            self._turn.refused(error.status)
            self.reflector.failed(failure(error, self.kind, self.namespace))

    async def _follow(self, asked: Watch) -> None:
        """Read a watch to its end, or until the reflector wants something else."""
        query, headers = self.selector.query | watch_query(asked), self.projection.accept(listing=False)
        async with (
            self._client.once(self._path, query=query, headers=headers) as answer,
            aclosing(answer.lines()) as lines,
        ):
            self.reflector.opened()
            self._look()
            current = asked
            async for line in lines:
                event = parse_line(line, self.kind, self.projection)
                self._turn.heard(event)
                self._tell(self.reflector.received(event))
                following = self.reflector.command
                if following is not current:
                    if not (current.initial and isinstance(following, Watch)):
                        return
                    current = following  # the same watch goes on behind its initial events
            self.reflector.ended()
