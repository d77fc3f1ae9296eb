"""How items leave the head of a store for its parts, in steps of which each may be tried by anybody, again, or by nobody any more.

1. `freezing`: one patch of the head sets items apart, as a new generation. From now on nobody changes these.
2. `bringing`: one patch of each part that some belong to writes them there, once: a part counts the generations it has seen.
3. `settling`: one patch of the head demands that generation of these parts from now on, and forgets what is in them.

What was written meanwhile is in the head, and goes before all of that. At each moment the head and the parts together say the same
as before.
"""

from __future__ import annotations

from poblano.core.jsonvalue import Document
from poblano.core.store.buffer import Item
from poblano.core.store.contents import Contents, Layer, added, counted, document_of, provided
from poblano.core.store.layout import SPREAD, Layout, Section
from poblano.core.store.snapshot import Snapshot, home
from poblano.core.store.writing import written_item

MOST_MOVED = 2000
"""Items of a generation; see `poblano.core.store.writing.MOST_KEYS`."""


def is_under_way(head: Contents) -> bool:
    """Whether something is on its way to the parts."""
    return head.generation > head.settled


def freezing(known: Snapshot, layout: Layout, parts: int, newest: int = 0) -> list[Document]:
    """The patch after which the newest items are on their way; none, if there are none or some are already.

    Args:
        known: the store as it is: of any other version, the patch is refused.
        layout: how it is kept.
        parts: over how many it is to be spread, if it is not yet.
        newest: a generation that is known of.
    """
    head = known.head
    if is_under_way(head) or not (head.items or head.current.removed):
        return []
    steps = [provided("/metadata/resourceVersion", head.version)]
    if not head.parts:
        steps += [added(f"/{base}", {}) for base in layout.bases(spread=True) if base not in head.bases]
        steps += [_state("parts", parts, layout), _state("settled", head.settled, layout)]
    steps.append(_state("generation", max(head.generation, newest) + 1, layout))
    for key in list(head.items)[:MOST_MOVED]:
        steps.append(_moved("data", "leaving", key, layout))
        if head.items[key].expires is not None:
            steps.append(_moved("expires", "leavingExpires", key, layout))
    gone = sorted(head.current.removed)[: max(0, MOST_MOVED - len(head.items))]
    return [*steps, *(_moved("removed", "leavingRemoved", key, layout) for key in gone)]


def pieces(head: Contents) -> dict[int, Layer]:
    """What goes to each part. What has been written anew meanwhile need not go any more."""
    items: dict[int, dict[str, Item]] = {}
    removed: dict[int, set[str]] = {}
    for key, item in head.leaving.items.items():
        items.setdefault(home(key, head.parts), {})[key] = item
    for key in head.leaving.removed:
        removed.setdefault(home(key, head.parts), set()).add(key)
    hidden = {**head.items, **dict.fromkeys(head.current.removed)}
    return {
        number: Layer(items.get(number, {}), frozenset(removed.get(number, ()))).without(hidden)
        for number in sorted(items.keys() | removed.keys())
    }


def bringing(part: Contents, generation: int, piece: Layer, layout: Layout) -> list[Document]:
    """The patch of a part that writes there what is on its way to it."""
    missing = [added(f"/{base}", {}) for base in layout.bases() if base not in part.bases]
    if missing or "spread" not in part.state:  # somebody has edited it
        steps = [provided("/metadata/resourceVersion", part.version), *missing, _state("spread", generation, layout)]
    else:
        steps = counted(layout.pointer("state", "spread"), part.spread, generation, layout)
    for key in piece.removed:
        steps += written_item(key, None, layout)
    for key, item in piece.items.items():
        steps += written_item(key, item, layout)
    return steps


def part_document(part: Contents, generation: int, piece: Layer, parts: int, layout: Layout) -> Document:
    """A part, as it is made: the first time, or of what is known when somebody has deleted it."""
    state = {"spread": generation, "parts": parts}
    return document_of(Contents(Layer(piece.over(part.items)), state=state), layout)


def settling(known: Snapshot, layout: Layout) -> list[Document]:
    """The patch after which what was on its way is only where it has gone; to be sent when it is there."""
    head = known.head
    steps = [
        provided(layout.pointer("state", "generation"), layout.written("state", str(head.generation))),
        *counted(layout.pointer("state", "settled"), head.settled, head.generation, layout),
        *(_state(f"part-{number}", head.generation, layout) for number in pieces(head)),
    ]
    _, leaving, expires, removed = SPREAD
    for key, item in head.leaving.items.items():
        steps.append(_away(leaving, key, layout))
        if item.expires is not None:
            steps.append(_away(expires, key, layout))
    return [*steps, *(_away(removed, key, layout) for key in sorted(head.leaving.removed))]


def _state(name: str, number: int, layout: Layout) -> Document:
    return added(layout.pointer("state", name), layout.written("state", str(number)))


def _moved(section: Section, to: Section, key: str, layout: Layout) -> Document:
    return {"op": "move", "from": layout.pointer(section, key), "path": layout.pointer(to, key)}


def _away(section: Section, key: str, layout: Layout) -> Document:
    return {"op": "remove", "path": layout.pointer(section, key)}
