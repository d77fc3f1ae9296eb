"""From the engine's log to the watches: each event is looked at once for all watches that see the same.

A watch that cannot keep up is ended; its client comes back with the last resourceVersion it saw.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from poblano.cluster.resources import Resource
from poblano.cluster.rest.encoding import whole
from poblano.cluster.rest.listing import Selection
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.storage.engine import BYTES_KEPT, Storage
from poblano.cluster.storage.records import Bucket, Event, EventType, Record

_PENDING_LIMIT: Final = 10_000
"""Changes that may wait for a slow client before its watch is ended; together they are no larger than the log may be."""
_WAIT_PER_WATCH: Final = 0.001
_LONGEST_WAIT: Final = 0.1
"""Under a stream of events a watch is woken at most this often, in seconds: many watches share the cost of fewer wake-ups."""


class Change:
    """One event as the watches of one view see it."""

    __slots__ = ("_line", "record", "type")

    def __init__(self, type_: EventType, record: Record) -> None:
        self.type = type_
        self.record = record
        self._line: bytes | None = None

    def line(self, resource: Resource) -> bytes:
        """The JSON line, made once for all watches of the view."""
        if self._line is None:
            self._line = b'{"type":"' + self.type.encode() + b'","object":' + whole(resource, self.record) + b"}\n"
        return self._line


class Watcher:
    """One watch: the changes that wait for it."""

    __slots__ = ("_size", "_woken", "is_ended", "pending")

    def __init__(self) -> None:
        self.pending: list[Change] = []
        self._size = 0
        self.is_ended = False
        self._woken = asyncio.Event()

    def add(self, change: Change) -> None:
        """Let one more change wait; what is too much is dropped, and the watch ended.

        The client may be one that reads no more but does not go: nothing is kept for it then.
        """
        if self.is_ended:
            return
        self.pending.append(change)
        self._size += len(change.record.value)
        if len(self.pending) > _PENDING_LIMIT or self._size > BYTES_KEPT:
            self.pending.clear()
            self.end()

    def wake(self) -> None:
        """Let `wait` return."""
        self._woken.set()

    def end(self) -> None:
        """No more changes come."""
        self.is_ended = True
        self._woken.set()

    async def wait(self, seconds: float) -> list[Change]:
        """The changes that came meanwhile; none after so many seconds."""
        if not self.pending and not self.is_ended:
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                pass
        self._woken.clear()
        taken, self.pending, self._size = self.pending, [], 0
        return taken

    async def ended(self) -> None:
        """Wait until no more changes come, whatever waits meanwhile."""
        while not self.is_ended:
            self._woken.clear()
            await self._woken.wait()


class View:
    """All watches of one resource, version and selection."""

    __slots__ = ("resource", "selection", "watchers")

    def __init__(self, resource: Resource, selection: Selection) -> None:
        self.resource = resource
        self.selection = selection
        self.watchers: set[Watcher] = set()

    def change(self, event: Event) -> Change | None:
        """The event as it is seen through the selection; None when it does not show.

        An object that leaves the selection is DELETED as it was before, at the revision at which it left.
        """
        chosen = self.selection
        if chosen.namespace and not event.record.key.startswith(chosen.prefix):
            return None
        if chosen.is_plain:
            return Change(event.type, event.record)
        was = event.previous is not None and chosen.selects(event.previous)
        is_now = event.type != "DELETED" and chosen.selects(event.record)
        if is_now:
            return Change("MODIFIED" if was else "ADDED", event.record)
        if not was or event.previous is None:
            return None
        return Change("DELETED", event.record if event.type == "DELETED" else _left(event.previous, event.revision))


def _left(previous: Record, revision: int) -> Record:
    from poblano.cluster.storage.records import record

    return record(previous.key, previous.version, previous.document(), revision=revision, created=previous.created)


class Hub:
    """All watches of one cluster.

    Args:
        storage: tells what happens.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._views: dict[Bucket, dict[tuple[str, str, Selection], View]] = {}
        self._unlisten: dict[Bucket, Callable[[], None]] = {}
        self._flush_due = False
        self._last_flush = 0.0
        self._woken: set[Watcher] = set()
        self.count = 0
        """How many watches there are."""

    def join(self, resource: Resource, selection: Selection) -> tuple[View, Watcher]:
        """Begin to watch: every event after this call waits for the watcher."""
        bucket = bucket_of(resource)
        views = self._views.setdefault(bucket, {})
        if bucket not in self._unlisten:
            self._unlisten[bucket] = self._storage.listen(bucket, self._happened)
        at = (resource.group, resource.version, selection)
        view = views.get(at)
        if view is None or view.resource is not resource:
            view = views[at] = View(resource, selection)
        watcher = Watcher()
        view.watchers.add(watcher)
        self.count += 1
        return view, watcher

    def leave(self, view: View, watcher: Watcher) -> None:
        """Watch no longer."""
        if watcher not in view.watchers:
            return
        view.watchers.remove(watcher)
        self.count -= 1
        self._woken.discard(watcher)
        bucket = bucket_of(view.resource)
        views = self._views[bucket]
        if not view.watchers:
            at = (view.resource.group, view.resource.version, view.selection)
            if views.get(at) is view:
                del views[at]
        if not views and bucket in self._unlisten:
            self._unlisten.pop(bucket)()

    def end_all(self, bucket: Bucket | None = None) -> None:
        """End the watches of a bucket, or all: the server stops, or the kind is no longer served."""
        for kept, views in self._views.items():
            if bucket in (None, kept):
                for view in views.values():
                    for watcher in view.watchers:
                        watcher.end()

    def _happened(self, event: Event) -> None:
        for view in self._views[event.bucket].values():
            change = view.change(event)
            if change is not None:
                for watcher in view.watchers:
                    watcher.add(change)
                self._woken |= view.watchers
        if self._woken and not self._flush_due:
            self._plan_flush()

    def _plan_flush(self) -> None:
        self._flush_due = True
        loop = asyncio.get_running_loop()
        wait = min(_LONGEST_WAIT, _WAIT_PER_WATCH * len(self._woken))
        rested = loop.time() - self._last_flush
        if rested >= wait:
            loop.call_soon(self._flush)
        else:
            loop.call_later(wait - rested, self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        self._last_flush = asyncio.get_running_loop().time()
        woken, self._woken = self._woken, set()
        for watcher in woken:
            watcher.wake()
