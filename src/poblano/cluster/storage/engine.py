"""Every object, in memory, under one revision counter; and the log from which watches resume.

All of it is synchronous and belongs to one event loop: between two awaits nothing changes, so a write that compares the
revision it read is a compare-and-swap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from poblano.cluster.storage.journal import Journal, NoJournal, Unwritable
from poblano.cluster.storage.records import Bucket, Event, Record, record
from poblano.core.jsonvalue import Document

EVENTS_KEPT: Final = 50_000
"""How many events a watch can go back; older ones are compacted away, a tenth at a time."""
BYTES_KEPT: Final = 64 * 1024 * 1024
"""And how many bytes of objects they may hold in all."""


class Compacted(Exception):
    """The log no longer reaches back to that revision."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")


class Changed(Exception):
    """The object is not at the revision that the writer read: it was changed, deleted, or made meanwhile."""


class _Shelf:
    """The objects of one bucket, by key and in order."""

    __slots__ = ("changed", "events", "keys", "records")

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.keys: list[str] = []
        self.events: list[Event] = []
        self.changed = 0

    def put(self, kept: Record) -> None:
        if kept.key not in self.records:
            insort(self.keys, kept.key)
        self.records[kept.key] = kept

    def remove(self, key: str) -> None:
        del self.records[key]
        del self.keys[bisect_left(self.keys, key)]

    def within(self, prefix: str) -> list[str]:
        """The keys that begin with a prefix, in order."""
        if not prefix:
            return self.keys
        first = bisect_left(self.keys, prefix)
        return self.keys[first : bisect_left(self.keys, prefix + "\U0010ffff", lo=first)]


class Storage:
    """The engine.

    Args:
        journal: what outlives the process.
        events_kept, bytes_kept: how far back a watch can go.
    """

    def __init__(
        self, journal: Journal | None = None, *, events_kept: int = EVENTS_KEPT, bytes_kept: int = BYTES_KEPT
    ) -> None:
        self._journal = journal or NoJournal()
        self._events_kept, self._bytes_kept = events_kept, bytes_kept
        contents = self._journal.load()
        self.revision = contents.revision
        self.compacted = contents.compacted
        self._shelves: dict[Bucket, _Shelf] = {}
        self._log: deque[Event] = deque()
        self._bytes = 0
        self._listeners: dict[Bucket | None, list[Callable[[Event], None]]] = {}
        for bucket, kept in contents.objects:
            self._shelf(bucket).put(kept)
            self._shelf(bucket).changed = max(self._shelf(bucket).changed, kept.revision)
        for event in contents.events:
            self._remember(event)
            self._shelf(event.bucket).changed = max(self._shelf(event.bucket).changed, event.revision)

    # ------------------------------------------------------------------ reading

    def get(self, bucket: Bucket, key: str) -> Record | None:
        """The newest record of one object, or None."""
        return self._shelf(bucket).records.get(key)

    def records(self, bucket: Bucket, prefix: str = "", *, revision: int | None = None) -> list[Record]:
        """The records whose keys begin with a prefix, in order of their keys, as they were at a revision (now).

        Raises:
            Compacted: the log does not reach back that far.
        """
        shelf = self._shelf(bucket)
        if revision is None or revision >= shelf.changed:
            return [shelf.records[key] for key in shelf.within(prefix)]
        return self._as_it_was(bucket, prefix, revision)

    def _as_it_was(self, bucket: Bucket, prefix: str, revision: int) -> list[Record]:
        """What is there now, with every later event undone."""
        shelf = self._shelf(bucket)
        found = {key: shelf.records[key] for key in shelf.within(prefix)}
        for event in reversed(self.since(bucket, revision)):
            key = event.record.key
            if not key.startswith(prefix):
                continue
            if event.previous is None:
                found.pop(key, None)
            else:
                found[key] = event.previous
        return [found[key] for key in sorted(found)]

    def changed(self, bucket: Bucket) -> int:
        """The revision of the last change in a bucket; 0 for none."""
        return self._shelf(bucket).changed

    def buckets(self) -> Iterator[Bucket]:
        """The buckets that hold or held anything."""
        return iter(tuple(self._shelves))

    def count(self, bucket: Bucket) -> int:
        """How many objects a bucket holds."""
        return len(self._shelf(bucket).keys)

    # ------------------------------------------------------------------ writing

    def create(self, bucket: Bucket, key: str, version: str, document: Document) -> Record:
        """Store a new object; its resourceVersion is set.

        Raises:
            Changed: there is one of that key already.
        """
        if key in self._shelf(bucket).records:
            raise Changed(key)
        revision = self.revision + 1
        made = record(key, version, document, revision=revision, created=revision)
        self._happened(Event("ADDED", revision, bucket, made, None))
        return made

    def update(self, bucket: Bucket, version: str, document: Document, *, read: Record) -> Record:
        """Store a new state of an object; its resourceVersion is set.

        Args:
            read: the record that the new state was made from.

        Raises:
            Changed: it is no longer the newest.
        """
        self._newest(bucket, read)
        made = record(read.key, version, document, revision=self.revision + 1, created=read.created)
        self._happened(Event("MODIFIED", made.revision, bucket, made, read))
        return made

    def delete(self, bucket: Bucket, *, read: Record) -> Record:
        """Remove an object; gives it as it was last, at the revision of its deletion.

        Raises:
            Changed: `read` is no longer the newest.
        """
        self._newest(bucket, read)
        last = record(read.key, read.version, read.document(), revision=self.revision + 1, created=read.created)
        self._happened(Event("DELETED", last.revision, bucket, last, read))
        return last

    def _newest(self, bucket: Bucket, read: Record) -> None:
        found = self._shelf(bucket).records.get(read.key)
        if found is None or found.revision != read.revision:
            raise Changed(read.key)

    def _happened(self, event: Event) -> None:
        self._journal.append(event)
        shelf = self._shelf(event.bucket)
        if event.type == "DELETED":
            shelf.remove(event.record.key)
        else:
            shelf.put(event.record)
        self.revision = shelf.changed = event.revision
        self._remember(event)
        for listener in (*self._listeners.get(event.bucket, ()), *self._listeners.get(None, ())):
            listener(event)
        if len(self._log) > self._events_kept or self._bytes > self._bytes_kept:
            # What is not forgotten now is forgotten with a later write; this one is kept.
            with suppress(Unwritable):
                self.compact(self._surplus())

    def _surplus(self) -> int:
        """The revision up to which events are forgotten, so that a tenth of their room is free again."""
        count, size = len(self._log), self._bytes
        for event in self._log:
            count, size = count - 1, size - _weight(event)
            if 10 * count <= 9 * self._events_kept and 10 * size <= 9 * self._bytes_kept:
                return event.revision
        return self.revision

    def _remember(self, event: Event) -> None:
        self._log.append(event)
        self._shelf(event.bucket).events.append(event)
        self._bytes += _weight(event)

    def _shelf(self, bucket: Bucket) -> _Shelf:
        found = self._shelves.get(bucket)
        if found is None:
            found = self._shelves[bucket] = _Shelf()
        return found

    # ------------------------------------------------------------------ the log

    def since(self, bucket: Bucket, revision: int) -> list[Event]:
        """The events of a bucket after a revision, oldest first.

        Raises:
            Compacted: the log does not reach back that far.
        """
        if revision < self.compacted:
            raise Compacted(revision, self.compacted)
        events = self._shelf(bucket).events
        return events[bisect_right(events, revision, key=_revision) :]

    def compact(self, revision: int) -> None:
        """Forget the events up to a revision.

        Raises:
            Unwritable: all are still there.
        """
        self._journal.compact(max(self.compacted, min(revision, self.revision)))
        while self._log and self._log[0].revision <= revision:
            self._bytes -= _weight(self._log.popleft())
        for shelf in self._shelves.values():
            del shelf.events[: bisect_right(shelf.events, revision, key=_revision)]
        self.compacted = max(self.compacted, min(revision, self.revision))

    def listen(self, bucket: Bucket | None, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Tell of each event as it happens, of all buckets for None; gives what ends that."""
        listeners = self._listeners.setdefault(bucket, [])
        listeners.append(listener)

        def end() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return end

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()


def _revision(event: Event) -> int:
    return event.revision


def _weight(event: Event) -> int:
    return len(event.record.value)
