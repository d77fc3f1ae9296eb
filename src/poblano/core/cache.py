"""What is known of a server's objects, as the bytes they came as, and what changed between two states of it.

>>> cache = Cache()
>>> web = Item(Key("shop", "web"), uid="1", resource_version="7", raw=b"{}")
>>> [change.type for change in cache.put(web)], [change.type for change in cache.put(web)]
(['ADDED'], [])
>>> [(change.type, change.tombstone) for change in cache.replace({})]
[('DELETED', True)]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from poblano.core.indexes import Indexer, Indexes

ChangeType: TypeAlias = Literal["ADDED", "MODIFIED", "DELETED"]


class Key(NamedTuple):
    """Where an object is; `namespace` is "" for what is in none.

    >>> str(Key("shop", "web")), str(Key("", "shop"))
    ('shop/web', 'shop')
    """

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Item(msgspec.Struct, frozen=True, gc=False):
    """An object, not decoded: who it is, which version, and its JSON."""

    key: Key
    uid: str
    resource_version: str
    raw: bytes


class Change(msgspec.Struct, frozen=True, gc=False):
    """How the cache became another.

    Attributes:
        type: what happened to the object.
        item: the object; of one that is gone, its last known state.
        old: what it was before; None for one that is new.
        tombstone: it was gone when somebody looked: its last state, and when it went, are not known.
    """

    type: ChangeType
    item: Item
    old: Item | None = None
    tombstone: bool = False


class Cache:
    """Objects by key. What is in it is never changed, only replaced."""

    def __init__(self) -> None:
        self._items: dict[Key, Item] = {}
        self._indexes = Indexes()

    def get(self, key: Key) -> Item | None:
        """The object, if it is there."""
        return self._items.get(key)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(tuple(self._items.values()))

    def add_index(self, name: str, indexer: Indexer) -> None:
        """Find objects by what they say, too: see `poblano.core.indexes.Indexes`."""
        self._indexes.add(name, indexer, self._items.values())

    def by_index(self, name: str, value: str) -> list[Item]:
        """The objects that the index has under `value`."""
        return [self._items[key] for key in self._indexes.keys(name, value)]

    def put(self, item: Item) -> list[Change]:
        """An object is there now. Nothing has changed when it is the version that was known."""
        old = self._items.get(item.key)
        if old is not None and (old.uid, old.resource_version) == (item.uid, item.resource_version):
            return []
        self._items[item.key] = item
        self._indexes.changed(old, item)
        if old is None:
            return [Change("ADDED", item)]
        if old.uid != item.uid:  # nobody saw the one go that had the name before
            return [Change("DELETED", old, old, tombstone=True), Change("ADDED", item)]
        return [Change("MODIFIED", item, old)]

    def remove(self, item: Item) -> list[Change]:
        """An object is gone; `item` is its last state."""
        old = self._items.pop(item.key, None)
        if old is None:
            return []
        self._indexes.changed(old, None)
        return [Change("DELETED", item, old)]

    def has(self, item: Item) -> bool:
        """Whether it is there as it is here: the version alone does not say so of a server that was set back."""
        old = self._items.get(item.key)
        if old is None or (old.uid, old.resource_version) != (item.uid, item.resource_version):
            return False
        return old is item or _same(old, item)

    def replace(self, items: Mapping[Key, Item]) -> list[Change]:
        """These are all the objects there are now: what was missed is found by comparison."""
        gone = [old for key, old in self._items.items() if key not in items]
        changes = [Change("DELETED", old, old, tombstone=True) for old in gone]
        for old in gone:
            del self._items[old.key]
            self._indexes.changed(old, None)
        for item in items.values():
            changes += self.put(item) or self._corrected(item)
        return changes

    def _corrected(self, item: Item) -> list[Change]:
        """The same version with another content: the server has an older state, and gives its versions a second time."""
        if self.has(item):
            return []
        old = self._items[item.key]
        self._items[item.key] = item
        self._indexes.changed(old, item)
        return [Change("MODIFIED", item, old)]


def _same(one: Item, other: Item) -> bool:
    """Whether they say the same. Lists, watches and answers to writes may spell it differently; they hardly ever do."""
    return one.raw == other.raw or msgspec.json.decode(one.raw) == msgspec.json.decode(other.raw)
