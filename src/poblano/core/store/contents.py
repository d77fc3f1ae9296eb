"""What the object of a store says, and the patches that change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from poblano.core.jsonvalue import Document
from poblano.core.store.buffer import Batch, Item
from poblano.core.store.layout import Layout, Section

MOST_WRITERS = 64
"""Processes of which the newest write is remembered; those that came first are forgotten first."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A store, read from its object.

    Attributes:
        items: by key.
        writers: how many writes of each process have arrived.
        version: of the object.
        bases: the maps for parts that are there.
    """

    items: Mapping[str, Item] = field(default_factory=dict[str, Item], repr=False)
    writers: Mapping[str, int] = field(default_factory=dict[str, int])
    version: str = ""
    bases: frozenset[str] = frozenset()


def contents_of(document: Document, layout: Layout) -> Contents:
    """What an object says."""
    expires = dict(layout.parts("expires", document))
    items = {key: Item(text, _moment(expires.get(key))) for key, text in layout.parts("data", document)}
    writers = {key: int(text) for key, text in layout.parts("writers", document) if text.isdecimal()}
    version = str(document.get("metadata", {}).get("resourceVersion", ""))
    return Contents(items, writers, version, frozenset(base for base in layout.bases() if base in document))


def document_of(items: Mapping[str, Item], writers: Mapping[str, int], layout: Layout) -> Document:
    """An object that says this, without its metadata."""
    made: Document = {base: {} for base in layout.bases()}
    for section, key, text in _parts(items, writers):
        pointer = layout.pointer(section, key)
        base = pointer.split("/")[1]
        made[base][pointer.split("/", 2)[2].replace("~1", "/").replace("~0", "~")] = layout.written(section, text)
    return made


def registering(process: str, known: Contents, layout: Layout) -> list[Document]:
    """The patch after which writes of `process` are counted."""
    steps = [_add(f"/{base}", {}) for base in layout.bases() if base not in known.bases]
    if steps:
        steps.insert(0, _test("/metadata/resourceVersion", known.version))
    too_many = sorted(known.writers)[: max(0, len(known.writers) + 1 - MOST_WRITERS)]
    steps += [{"op": "remove", "path": layout.pointer("writers", name)} for name in too_many]
    return [*steps, _add(layout.pointer("writers", process), layout.written("writers", "0"))]


def flight(batch: Batch, known: Contents, layout: Layout) -> list[Document]:
    """The patch that a batch is.

    Args:
        batch: what to write.
        known: what the object was when it was last seen.
        layout: how it is kept.
    """
    steps: list[Document] = []
    if batch.cleared:
        # What this process has not seen is not taken away: nobody knew of it when it was cleared.
        for key in known.items:
            if key not in batch.writes:
                steps += _removal(key, layout)
    for key, intent in batch.writes.items():
        steps += _removal(key, layout) if intent is None else _setting(key, intent, layout)
    return steps


def exchange(
    before: Mapping[str, Item | None], after: Mapping[str, Item | None], known: Contents, layout: Layout
) -> list[Document]:
    """The patch that writes `after` if all of `before` still holds; where a key was absent, if nothing has changed at all."""
    steps: list[Document] = []
    if any(item is None for item in before.values()):
        steps.append(_test("/metadata/resourceVersion", known.version))
    for key, item in before.items():
        if item is not None:
            steps.append(_test(layout.pointer("data", key), layout.written("data", item.text)))
    for key, intent in after.items():
        steps += _removal(key, layout) if intent is None else _setting(key, intent, layout)
    return steps


def expired(known: Contents, now: datetime) -> list[str]:
    """The keys of items that are no longer values."""
    return [key for key, item in known.items.items() if not item.lives(now)]


def cleaning(keys: Sequence[str], known: Contents, layout: Layout) -> list[Document]:
    """The patch that takes items away that have expired, if they are what they were."""
    steps: list[Document] = []
    for key in keys:
        item = known.items[key]
        steps.append(_test(layout.pointer("data", key), layout.written("data", item.text)))
        if item.expires is not None:
            steps.append(_test(layout.pointer("expires", key), layout.written("expires", _text(item.expires))))
    return [*steps, *(step for key in keys for step in _removal(key, layout))]


def size_of(items: Mapping[str, Item]) -> int:
    """About how many bytes an object of these items has."""
    return sum(len(key.encode()) + len(item.text.encode()) + 8 for key, item in items.items())


def _setting(key: str, item: Item, layout: Layout) -> list[Document]:
    steps = [_add(layout.pointer("data", key), layout.written("data", item.text))]
    if item.expires is None:
        return [*steps, *_removed("expires", key, layout)]
    return [*steps, _add(layout.pointer("expires", key), layout.written("expires", _text(item.expires)))]


def _removal(key: str, layout: Layout) -> list[Document]:
    return [*_removed("data", key, layout), *_removed("expires", key, layout)]


def _removed(section: Section, key: str, layout: Layout) -> list[Document]:
    """A removal of what need not be there: RFC 6902 knows none, so it is made first."""
    pointer = layout.pointer(section, key)
    epoch = _text(datetime.fromtimestamp(0, UTC))
    return [_add(pointer, layout.written(section, epoch)), {"op": "remove", "path": pointer}]


def _test(path: str, value: object) -> Document:
    return {"op": "test", "path": path, "value": value}


def _add(path: str, value: object) -> Document:
    return {"op": "add", "path": path, "value": value}


def _parts(items: Mapping[str, Item], writers: Mapping[str, int]) -> Iterable[tuple[Section, str, str]]:
    for key, item in items.items():
        yield "data", key, item.text
        if item.expires is not None:
            yield "expires", key, _text(item.expires)
    for name, number in writers.items():
        yield "writers", name, str(number)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
