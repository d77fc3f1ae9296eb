"""What an object of a store says: all of a small store, or the head or a part of one that is spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from poblano.core.jsonvalue import Document, as_map
from poblano.core.patch import escape
from poblano.core.store.buffer import Item
from poblano.core.store.layout import SPREAD, Layout, Section

MOST_WRITERS = 64
"""Processes of which the newest write is remembered; those that came first are forgotten first."""

LABEL = "poblano.dev/store"
"""Of every object of a store: whose it is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Writes that lie over others: what keys are to be, and which are to be nothing."""

    items: Mapping[str, Item] = field(default_factory=dict[str, Item], repr=False)
    removed: frozenset[str] = frozenset()

    def over(self, items: Mapping[str, Item]) -> dict[str, Item]:
        """What those under it look like through it."""
        return {**{key: item for key, item in items.items() if key not in self.removed}, **self.items}

    def above(self, lower: Layer) -> Layer:
        """Both as one."""
        removed = frozenset(key for key in lower.removed if key not in self.items) | self.removed
        return Layer(self.over(lower.items), removed)

    def without(self, keys: Mapping[str, object] | frozenset[str]) -> Layer:
        """The same, and nothing of these keys."""
        items = {key: item for key, item in self.items.items() if key not in keys}
        return Layer(items, frozenset(key for key in self.removed if key not in keys))


@dataclass(frozen=True, slots=True)
class Contents:
    """An object of a store.

    Attributes:
        current: the newest writes: all items, as long as the store is not spread, and in a part.
        leaving: in the head: what is on its way to the parts.
        writers: how many writes of each process have arrived.
        state: how far it is spread; see the properties.
        version: of the object.
        bases: the maps for parts that are there.
        labels: of the object.
    """

    current: Layer = Layer()
    leaving: Layer = Layer()
    writers: Mapping[str, int] = field(default_factory=dict[str, int])
    state: Mapping[str, int] = field(default_factory=dict[str, int])
    version: str = ""
    bases: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def items(self) -> Mapping[str, Item]:
        """The newest."""
        return self.current.items

    @property
    def parts(self) -> int:
        """Over how many parts the store is spread; 0 while its head has all."""
        return self.state.get("parts", 0)

    @property
    def generation(self) -> int:
        """How often something has left the head."""
        return self.state.get("generation", 0)

    @property
    def settled(self) -> int:
        """The generation that was the last to arrive. While it is another than `generation`, something is on its way."""
        return self.state.get("settled", 0)

    @property
    def spread(self) -> int:
        """In a part: the generation that was the last to arrive here."""
        return self.state.get("spread", 0)

    def demand(self, part: int) -> int:
        """In the head: which generation a part must have seen for it to say what is so."""
        return self.state.get(f"part-{part}", 0)


def contents_of(document: Document, layout: Layout) -> Contents:
    """What an object says."""

    def numbers(section: Section) -> dict[str, int]:
        return {key: int(text) for key, text in layout.parts(section, document) if text.isdecimal()}

    metadata = document.get("metadata", {})
    return Contents(
        _layer(document, layout, "data", "expires", "removed"),
        _layer(document, layout, "leaving", "leavingExpires", "leavingRemoved"),
        numbers("writers"),
        numbers("state"),
        str(metadata.get("resourceVersion", "")),
        frozenset(base for base in layout.bases(spread=True) if base in document),
        as_map(metadata.get("labels")) or {},
    )


def document_of(contents: Contents, layout: Layout) -> Document:
    """An object that says this, without its metadata."""
    made: Document = {base: {} for base in layout.bases(spread=bool(contents.parts) and not contents.spread)}
    for section, key, text in _parts(contents):
        _, base, rest = layout.pointer(section, key).split("/", 2)
        made[base][rest.replace("~1", "/").replace("~0", "~")] = layout.written(section, text)
    return made


def lacks(known: Contents, layout: Layout) -> list[str]:
    """The maps that a head has not, and that patches write into: somebody has taken them away."""
    return [base for base in layout.bases(spread=known.parts > 0) if base not in known.bases]


def is_whole(known: Contents, layout: Layout) -> bool:
    """Whether a head has all that patches write into."""
    return "parts" in known.state and not lacks(known, layout)


def registering(process: str, known: Contents, layout: Layout, label: str) -> list[Document]:
    """The patch after which writes of `process` are counted.

    Args:
        process: who.
        known: the head as it is.
        layout: how it is kept.
        label: whose object it is: the value of `LABEL`.
    """
    steps = [added(f"/{base}", {}) for base in lacks(known, layout)]
    if "parts" not in known.state:
        steps.append(added(layout.pointer("state", "parts"), layout.written("state", "0")))
    if steps:
        steps.insert(0, provided("/metadata/resourceVersion", known.version))
    if not known.labels:
        steps.append(added("/metadata/labels", {LABEL: label}))
    elif known.labels.get(LABEL) != label:
        steps.append(added(f"/metadata/labels/{escape(LABEL)}", label))
    too_many = sorted(known.writers)[: max(0, len(known.writers) + 1 - MOST_WRITERS)]
    steps += [{"op": "remove", "path": layout.pointer("writers", name)} for name in too_many]
    return [*steps, added(layout.pointer("writers", process), layout.written("writers", "0"))]


def stamp(process: str, number: int, known: Contents, layout: Layout) -> list[Document]:
    """What every patch of a head begins with: it is the next of this process, and made for a store that is spread like this one."""
    return [
        *counted(layout.pointer("writers", process), number - 1, number, layout),
        provided(layout.pointer("state", "parts"), layout.written("state", str(known.parts))),
    ]


def counted(path: str, before: int, after: int, layout: Layout) -> list[Document]:
    """A number that is to go from one to another."""
    return [
        provided(path, layout.written("writers", str(before))),
        added(path, layout.written("writers", str(after))),
    ]


def provided(path: str, value: object) -> Document:
    """Refuse the patch unless this is so."""
    return {"op": "test", "path": path, "value": value}


def added(path: str, value: object) -> Document:
    """Have this be so."""
    return {"op": "add", "path": path, "value": value}


def written(moment: datetime) -> str:
    """A moment, as a text.

    >>> written(datetime(2026, 1, 1, tzinfo=UTC))
    '2026-01-01T00:00:00.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _layer(document: Document, layout: Layout, data: Section, expires: Section, removed: Section) -> Layer:
    until = dict(layout.parts(expires, document))
    items = {key: Item(text, _moment(until.get(key))) for key, text in layout.parts(data, document)}
    return Layer(items, frozenset(key for key, _ in layout.parts(removed, document)))


def _parts(contents: Contents) -> Iterable[tuple[Section, str, str]]:
    yield from _layer_parts(contents.current, "data", "expires", "removed")
    yield from _layer_parts(contents.leaving, *SPREAD[1:])
    for name, number in contents.writers.items():
        yield "writers", name, str(number)
    for name, number in contents.state.items():
        yield "state", name, str(number)


def _layer_parts(layer: Layer, data: Section, expires: Section, removed: Section) -> Iterable[tuple[Section, str, str]]:
    for key, item in layer.items.items():
        yield data, key, item.text
        if item.expires is not None:
            yield expires, key, written(item.expires)
    for key in layer.removed:
        yield removed, key, ""


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
