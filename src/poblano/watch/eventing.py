"""Writes the events of actions, beside them: in order, as many as the API server takes, and none that would hold an action up."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from poblano.core.binding import Binding, name_part
from poblano.core.errors import ApiError, MalformedObject, NotFound
from poblano.core.event_series import REFRESH, Recorder, Series, Told
from poblano.core.finalizers import PREFIX
from poblano.core.jsonvalue import Document, as_map
from poblano.core.kinds import Kind
from poblano.core.objects import Resource, document
from poblano.events import EventType, event_about
from poblano.log import Log

MOST: Final = 1000
"""Writes that wait; client-go: tools/record, maxQueuedEvents."""

CLOSING_SECONDS: Final = 2.0
"""How long what is left may take at the end: less than a process may live on after a loss."""

EVENTS: Final = Kind("events.k8s.io", "v1", "Event", "events")

_DOING: Final = {"watch": "Watching", "reconcile": "Reconciling", "finalize": "Finalizing"}


class Telling(Protocol):
    """Takes events: at once, from any thread, and never raises."""

    def tell(self, binding: Binding, regarding: Resource, *, type: EventType, reason: str, note: str) -> None:
        """Have an event written about an object, some time soon."""
        ...


class Writing(Protocol):
    """How events are written; `poblano.client.Resources` does it."""

    async def create(self, kind: Kind, obj: Any, namespace: str = "") -> Document:
        """Create an event."""
        ...

    async def patch(self, kind: Kind, name: str, patch: Any, namespace: str = "") -> Document:
        """Change it: the count of its series."""
        ...


class _Silent:
    def tell(self, binding: Binding, regarding: Resource, *, type: EventType, reason: str, note: str) -> None:
        """Do nothing."""


SILENT: Final[Telling] = _Silent()
"""Writes no events."""


class Events:
    """Writes events as long as `run` runs.

    Args:
        api: an open client's verbs.
        uuid: of the module.
        most: how many may wait.
        clock: seconds that never go back.

    Attributes:
        dropped: how many were not written: there were too many at once, or the API server would not have them.
    """

    def __init__(
        self, api: Writing, *, uuid: str, most: int = MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.dropped = 0
        self._api = api
        self._uuid = uuid
        self._most = most
        self._recorder = Recorder(clock=clock)
        self._told: deque[tuple[Told, Document]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._limit: asyncio.Timeout | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._refused = ""

    def tell(self, binding: Binding, regarding: Resource, *, type: EventType, reason: str, note: str) -> None:
        """See `Telling`."""
        if len(self._told) >= self._most:
            self.dropped += 1
            return
        try:
            event: Document = document(
                event_about(
                    regarding,
                    type=type,
                    reason=reason,
                    note=note,
                    action=_DOING[binding.phase],
                    reporting_controller=PREFIX + name_part(f"{self._uuid}-{binding.capability}"),
                )
            )
        except MalformedObject as error:
            self.dropped += 1
            Log.error(error, "an event cannot be written", rule=binding.title)
            return
        about = regarding.metadata.uid or f"{regarding.metadata.namespace}/{regarding.metadata.name}"
        self._told.append((Told(about, binding.title, type, reason, event["note"]), event))
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody writes any more
                self._loop.call_soon_threadsafe(self._wake.set)

    @property
    def suppressed(self) -> int:
        """How many were not written because their object has had so many."""
        return self._recorder.suppressed

    async def run(self) -> None:
        """Write until `stop`; and then what is left, for a moment."""
        self._loop = asyncio.get_running_loop()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(None) as self._limit:
                    if self._stopping:
                        self.stop()
                    await self._write_until_stopped()
                    await self._write_told()
                    for series in self._recorder.rest():
                        await self._write(series)
        finally:  # also when it is cancelled: `stop` comes after that
            self._limit = None
        self.dropped += len(self._told)

    def stop(self) -> None:
        """Have `run` end, also when the API server does not answer."""
        self._stopping = True
        self._wake.set()
        if self._limit is not None and self._loop is not None:
            self._limit.reschedule(self._loop.time() + CLOSING_SECONDS)

    async def _write_until_stopped(self) -> None:
        while not self._stopping:
            self._wake.clear()
            await self._write_told()
            for series in self._recorder.due():
                await self._write(series)
            if not self._told and not self._stopping:
                with suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH / 4):
                        await self._wake.wait()

    async def _write_told(self) -> None:
        while self._told:
            told, event = self._told.popleft()
            series = self._recorder.tell(told)
            if series is not None:
                if series.event is None:
                    series.event = event
                await self._write(series)

    async def _write(self, series: Series) -> None:
        try:
            if series.name is None or not await self._count(series):
                made = await self._api.create(EVENTS, series.event, series.event["metadata"]["namespace"])
                series.name = _name_of(made)
        except ApiError as error:
            self.dropped += 1
            self._recorder.forget(series)
            if self._refused != error.reason:
                self._refused = error.reason
                Log.warning("an event could not be written", reason=str(error), rule=series.told.rule)

    async def _count(self, series: Series) -> bool:
        """Write how often it was told; not when the event has expired meanwhile."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        counted = {"series": {"count": series.count, "lastObservedTime": now}}
        try:
            await self._api.patch(EVENTS, series.name or "", counted, series.event["metadata"]["namespace"])
        except NotFound:
            return False
        return True


def _name_of(made: Document) -> str:
    """What an event is called.

    Raises:
        ApiError: what was answered is none: a proxy may say anything.
    """
    name = (as_map(made.get("metadata")) or {}).get("name")
    if not isinstance(name, str):
        raise ApiError("what was answered is no event", reason="NoEvent", remedy="look for a proxy on the way")
    return name
