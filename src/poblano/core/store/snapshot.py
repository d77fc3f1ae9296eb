"""A store as it is to be seen: the newest objects that go together.

The head says which generation each part must have seen. So a head that has given items away is not looked at before the part
that has them, nor a part before the head that gave them: no key is ever missing, and no old value comes back.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from poblano.core.store.buffer import Item
from poblano.core.store.contents import Contents

HEAD = -1
"""In the place of the number of a part."""


def home(key: str, parts: int) -> int:
    """The part that a key belongs to.

    >>> home("colour", 16), home("colour", 16) == home("colour", 16)
    (14, True)
    """
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % parts


class Snapshot(Mapping[str, Item]):
    """All items at one moment, those that have expired included.

    Args:
        head: what it says goes before what the parts say.
        parts: by number.
    """

    __slots__ = ("head", "parts")

    def __init__(self, head: Contents = Contents(), parts: Mapping[int, Contents] | None = None) -> None:  # noqa: B008 -- frozen
        self.head, self.parts = head, parts or {}

    def __getitem__(self, key: str) -> Item:
        for layer in (self.head.current, self.head.leaving):
            if (item := layer.items.get(key)) is not None:
                return item
            if key in layer.removed:
                raise KeyError(key)
        if not self.head.parts:
            raise KeyError(key)
        part = self.parts.get(home(key, self.head.parts))
        if part is None:
            raise KeyError(key)
        return part.items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.merged())

    def __len__(self) -> int:
        return len(self.merged())

    def merged(self) -> dict[str, Item]:
        """All of it, as a dict of its own."""
        found: dict[str, Item] = {}
        if self.head.parts:
            for part in self.parts.values():
                found.update(part.items)
            found = self.head.leaving.over(found)
        return self.head.current.over(found)

    def timed(self) -> Iterator[tuple[str, Item]]:
        """The items that expire."""
        return ((key, item) for key, item in self.merged().items() if item.expires is not None)


class View:
    """What a process knows of the objects of a store, in whatever order it hears of them.

    Attributes:
        shown: the newest that goes together.
        lost: parts that are known, and that somebody has deleted.
    """

    def __init__(self) -> None:
        self.shown = Snapshot()
        self.lost: set[int] = set()
        self._head: Contents | None = None
        self._parts: dict[int, Contents] = {}
        self._reached: dict[int, int] = {}
        self._floor = 0

    @property
    def head(self) -> Contents:
        """The newest head."""
        return self._head if self._head is not None else _head_of(self._parts)

    def part(self, number: int) -> Contents | None:
        """The newest of a part."""
        return self._parts.get(number)

    def take_head(self, found: Contents, *, seen: int = 0, anew: bool = False) -> None:
        """A head that was heard of.

        Args:
            found: what it says.
            seen: the newest generation that any part was known to have before it was asked for, if it was: it knows of that.
            anew: it was made again, and its version says nothing.
        """
        if anew or self._head is None or is_newer(found.version, self._head.version):
            self._head = found
        self._floor = max(self._floor, seen)
        self._show()

    def take_part(self, number: int, found: Contents, *, reached: int = 0) -> None:
        """A part that was heard of.

        Args:
            number: which.
            found: what it says.
            reached: what the head demanded of it before it was asked for, if it was: more than it says is not to be had.
        """
        known = self._parts.get(number)
        if known is None or is_newer(found.version, known.version):
            self._parts = {**self._parts, number: found}
            self.lost.discard(number)  # what was asked for before it was deleted is no newer
        self._reach(number, max(reached, found.spread))

    def lose_part(self, number: int, *, reached: int = 0) -> None:
        """There is no such part, or no longer: what is known of it is all there is."""
        if number in self._parts:
            self.lost.add(number)
        self._reach(number, reached)

    def find_part(self, number: int) -> None:
        """A part that was taken for lost is there."""
        self.lost.discard(number)

    def wanted(self) -> list[int]:
        """What must be read for the newest to go together: numbers of parts, or `HEAD`."""
        head = self._head
        if head is None:
            return []
        if self.newest_spread > max(head.generation, self._floor):
            return [HEAD]
        return [part for part in range(head.parts) if head.demand(part) > self._reached.get(part, 0)]

    @property
    def newest_spread(self) -> int:
        """The newest generation that any part has seen."""
        return max((part.spread for part in self._parts.values()), default=0)

    def remade(self) -> Contents:
        """The head to make where there is none: of all that is known, the parts included."""
        head, newest = self.head, self.newest_spread
        if newest <= head.generation:
            return head
        # It is older than what the parts have: what is in both is newer there.
        newer = frozenset(key for part in self._parts.values() if part.spread > head.generation for key in part.items)
        state = {**head.state, **_head_of(self._parts).state}
        return Contents(head.current.above(head.leaving).without(newer), writers=head.writers, state=state)

    def _reach(self, number: int, generation: int) -> None:
        self._reached[number] = max(generation, self._reached.get(number, 0))
        self._show()

    def _show(self) -> None:
        if not self.wanted():
            self.shown = Snapshot(self.head, self._parts)


def is_newer(version: str, known: str) -> bool:
    """Resource versions of one kind can be compared: KEP-5504.

    >>> is_newer("10", "9"), is_newer("9", "10"), is_newer("7", "")
    (True, False, True)
    """
    if version.isdecimal() and known.isdecimal():
        return int(version) > int(known)
    return version != known


def _head_of(parts: Mapping[int, Contents]) -> Contents:
    """What the head must have said, of which there is none."""
    if not parts:
        return Contents()
    newest = max(part.spread for part in parts.values())
    state = {"parts": max(part.parts for part in parts.values()), "generation": newest, "settled": newest}
    return Contents(state=state | {f"part-{number}": part.spread for number, part in parts.items()})
