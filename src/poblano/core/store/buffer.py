"""What was written to a store and has not reached the API server: newest intents, and the one flight that is under way.

Reading looks here first, so that a process reads what it wrote. A flight that fails goes under what came since, so that
nothing is lost and nothing overtakes.

>>> buffer = Buffer()
>>> buffer.set("colour", Item("red"))
>>> flight = buffer.take()
>>> buffer.set("colour", Item("blue"))
>>> buffer.failed()
>>> buffer.take().writes
{'colour': Item('blue')}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Item:
    """A value as it is kept. What it says is not in its repr beyond a doctest's need: logs never have items.

    Args:
        text: the value.
        expires: when it is no longer one; None is never.
    """

    text: str
    expires: datetime | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"Item({self.text!r})" if len(self.text) < 8 else f"Item of {len(self.text)} characters"

    def lives(self, now: datetime) -> bool:
        """Whether it is still a value."""
        return self.expires is None or now < self.expires


Intent: TypeAlias = "Item | None"
"""What a key is to be; None takes it away."""


@dataclass(slots=True)
class Batch:
    """Writes that go together: first everything is taken away, if `cleared`, then each key is written."""

    cleared: bool = False
    writes: dict[str, Intent] = field(default_factory=dict[str, Intent])

    def __bool__(self) -> bool:
        return self.cleared or bool(self.writes)

    def over(self, earlier: Batch) -> Batch:
        """One batch that does what `earlier` does, and then this."""
        if self.cleared:
            return self
        return Batch(earlier.cleared, {**earlier.writes, **self.writes})

    def applied(self, items: Mapping[str, Item]) -> dict[str, Item]:
        """What `items` are after it."""
        found = {} if self.cleared else dict(items)
        for key, intent in self.writes.items():
            if intent is None:
                found.pop(key, None)
            else:
                found[key] = intent
        return found


class Buffer:
    """The writes of one process to one store."""

    def __init__(self) -> None:
        self._waiting = Batch()
        self._flying: Batch | None = None

    @property
    def dirty(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    @property
    def flying(self) -> bool:
        """Whether a flight is under way."""
        return self._flying is not None

    @property
    def pending(self) -> dict[str, Intent]:
        """What has been written, by key, and not arrived."""
        return {**(self._flying.writes if self._flying else {}), **self._waiting.writes}

    def waits(self, key: str, text: str, expires: datetime | None = None) -> bool:
        """Whether that is what `key` will be in any case: it waits to be sent, and nothing has come since."""
        item = self._waiting.writes.get(key)
        return item is not None and item.text == text and item.expires == expires

    def set(self, key: str, item: Item) -> None:
        """Have `key` be that."""
        self._waiting.writes[key] = item

    def remove(self, key: str) -> None:
        """Have no such key."""
        self._waiting.writes[key] = None

    def clear(self) -> None:
        """Have no key at all."""
        self._waiting = Batch(cleared=True)

    def take(self) -> Batch | None:
        """All that waits, as a flight; None when nothing does. One flight at a time: `landed` or `failed` ends it."""
        if self._flying is not None:
            raise RuntimeError("a flight is under way")
        if not self._waiting:
            return None
        self._flying, self._waiting = self._waiting, Batch()
        return self._flying

    def landed(self) -> None:
        """The flight has arrived."""
        self._flying = None

    def failed(self) -> None:
        """The flight has not: it waits again, under what came since."""
        if self._flying is not None:
            self._waiting = self._waiting.over(self._flying)
            self._flying = None

    def get(self, key: str, known: Mapping[str, Item]) -> Item | None:
        """What a key is, over what is known of the server."""
        for batch in (self._waiting, self._flying):
            if batch is None:
                continue
            if key in batch.writes:
                return batch.writes[key]
            if batch.cleared:
                return None
        return known.get(key)

    def over(self, known: Mapping[str, Item]) -> dict[str, Item]:
        """All there is, over what is known of the server."""
        found: Mapping[str, Item] = known
        if self._flying is not None:
            found = self._flying.applied(found)
        return self._waiting.applied(found)


def living(items: Mapping[str, Item], now: datetime) -> Iterator[tuple[str, Item]]:
    """Those that have not expired."""
    return ((key, item) for key, item in items.items() if item.lives(now))
