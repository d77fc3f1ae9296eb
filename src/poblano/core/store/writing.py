"""The patches that write to a store: what changes goes to its head, so that it is done in one step, whatever it touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from poblano.core.jsonvalue import Document
from poblano.core.store.buffer import Batch, Item
from poblano.core.store.contents import added, provided, written
from poblano.core.store.layout import Layout, Section
from poblano.core.store.snapshot import Snapshot

MOST_KEYS = 1500
"""Of a patch. An API server takes 10 000 steps: apiserver, maxJSONPatchOperations."""

MOST_CLEANED = 500


def flight(batch: Batch, known: Snapshot, layout: Layout) -> list[Document]:
    """The patch that a batch is.

    Args:
        batch: what to write.
        known: what the store was when it was last seen.
        layout: how it is kept.
    """
    return _writes(expanded(batch, known).writes, known, layout)


def expanded(batch: Batch, known: Snapshot) -> Batch:
    """The same, key by key.

    What this process has not seen is not taken away: nobody knew of it when it was cleared.
    """
    if not batch.cleared:
        return batch
    return Batch(writes={**dict.fromkeys(known.merged(), None), **batch.writes})


def loads(batch: Batch, layout: Layout, most: int) -> Iterator[Batch]:
    """The same in several patches, if one would be too large.

    Args:
        batch: writes, one key each.
        layout: how they are kept.
        most: bytes of one, unless a single item has more.
    """
    load, size = Batch(), 0
    for key, intent in batch.writes.items():
        cost = cost_of(key, intent, layout)
        if load and (size + cost > most or len(load.writes) == MOST_KEYS):
            yield load
            load, size = Batch(), 0
        load.writes[key] = intent
        size += cost
    if load:
        yield load


def exchange(
    read: Iterable[str], after: Mapping[str, Item | None], known: Snapshot, layout: Layout, *, whole: bool = False
) -> list[Document]:
    """The patch that writes `after` if what was read still holds.

    Args:
        read: keys that must be what they are known to be. What is not in the head cannot be tested there, be it absent or in a
            part: then nothing at all may have changed.
        after: what to write.
        known: what the store is known to be.
        layout: how it is kept.
        whole: nothing at all may have changed: which keys there are was read, too.
    """
    steps = list(_conditions(read, known, layout, moments=False, whole=whole))
    return [*steps, *_writes(after, known, layout)]


def time_left(known: Snapshot, now: datetime) -> float | None:
    """Seconds until the first of the items that expire does, if any does."""
    until = min((item.expires for _, item in known.timed() if item.expires), default=None)
    return None if until is None else max(0.0, (until - now).total_seconds())


def expired(known: Snapshot, now: datetime) -> list[str]:
    """The keys of items that are no longer values; not too many at once."""
    return [key for key, item in known.timed() if not item.lives(now)][:MOST_CLEANED]


def cleaning(keys: Iterable[str], known: Snapshot, layout: Layout) -> list[Document]:
    """The patch that takes items away that have expired, if they are what they were."""
    taken = list(keys)
    return [
        *_conditions(taken, known, layout, moments=True),
        *_writes(dict.fromkeys(taken, None), known, layout),
    ]


def cost_of(key: str, item: Item | None, layout: Layout) -> int:
    """At most so many bytes does a write take in an object."""
    return layout.cost(key, "" if item is None else item.text, expires=item is not None and item.expires is not None)


def _conditions(
    keys: Iterable[str], known: Snapshot, layout: Layout, *, moments: bool, whole: bool = False
) -> Iterator[Document]:
    elsewhere = whole
    for key in keys:
        item = known.head.items.get(key)
        if item is None:
            elsewhere = True
            continue
        yield provided(layout.pointer("data", key), layout.written("data", item.text))
        if moments and item.expires is not None:
            yield provided(layout.pointer("expires", key), layout.written("expires", written(item.expires)))
    if elsewhere:
        yield provided("/metadata/resourceVersion", known.head.version)


def _writes(writes: Mapping[str, Item | None], known: Snapshot, layout: Layout) -> list[Document]:
    spread = known.head.parts > 0
    return [
        step
        for key, item in writes.items()
        for step in (*written_item(key, item, layout), *(_mark(key, item, layout) if spread else ()))
    ]


def written_item(key: str, item: Item | None, layout: Layout) -> list[Document]:
    """The steps after which a key is this, or is not there."""
    if item is None:
        return [*_removed("data", key, layout), *_removed("expires", key, layout)]
    steps = [added(layout.pointer("data", key), layout.written("data", item.text))]
    if item.expires is None:
        return [*steps, *_removed("expires", key, layout)]
    return [*steps, added(layout.pointer("expires", key), layout.written("expires", written(item.expires)))]


def _mark(key: str, item: Item | None, layout: Layout) -> list[Document]:
    """What hides an item that a part still has."""
    if item is not None:
        return _removed("removed", key, layout)
    return [added(layout.pointer("removed", key), layout.written("removed", ""))]


def _removed(section: Section, key: str, layout: Layout) -> list[Document]:
    """A removal of what need not be there: RFC 6902 knows none, so it is made first."""
    pointer = layout.pointer(section, key)
    epoch = written(datetime.fromtimestamp(0, UTC))
    return [added(pointer, layout.written(section, epoch)), {"op": "remove", "path": pointer}]
