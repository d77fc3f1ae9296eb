"""Objects of a cache by what they say: by owner, by node, by what they mention. Kept as the cache is changed.

>>> from poblano.core.cache import Item, Key
>>> indexes = Indexes()
>>> indexes.add("first letter", lambda item: [item.key.name[0]], ())
>>> web = Item(Key("shop", "web"), uid="1", resource_version="7", raw=b"{}")
>>> indexes.changed(None, web)
>>> indexes.keys("first letter", "w")
(Key(namespace='shop', name='web'),)
>>> indexes.changed(web, None)
>>> indexes.keys("first letter", "w")
()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from poblano.core.cache import Item, Key

Indexer: TypeAlias = "Callable[[Item], Iterable[str]]"
"""The values under which an object is to be found. It must say the same of the same object each time, and not raise."""


class Indexes:
    """Any number of indexes, by name."""

    def __init__(self) -> None:
        self._indexers: dict[str, Indexer] = {}
        self._keys: dict[str, dict[str, dict[Key, None]]] = {}

    def add(self, name: str, indexer: Indexer, items: Iterable[Item]) -> None:
        """Keep an index from now on.

        Args:
            name: how to ask for it.
            indexer: the values of an object.
            items: what is there already.

        Raises:
            ValueError: there is another of that name.
        """
        known = self._indexers.setdefault(name, indexer)
        if known is not indexer:
            raise ValueError(f"there is an index {name!r} already")
        self._keys[name] = {}
        for item in items:
            self._enter(name, item)

    def changed(self, old: Item | None, new: Item | None) -> None:
        """An object took the place of another version of it; None is for none."""
        for name in self._indexers:
            if old is not None:
                self._leave(name, old)
            if new is not None:
                self._enter(name, new)

    def keys(self, name: str, value: str) -> tuple[Key, ...]:
        """The objects that the index has under `value`, in the order they came.

        Raises:
            KeyError: there is no index of that name.
        """
        return tuple(self._keys[name].get(value, ()))

    def values(self, name: str) -> frozenset[str]:
        """All values under which the index has something."""
        return frozenset(self._keys[name])

    def _enter(self, name: str, item: Item) -> None:
        for value in self._indexers[name](item):
            self._keys[name].setdefault(value, {})[item.key] = None

    def _leave(self, name: str, item: Item) -> None:
        by_value = self._keys[name]
        for value in self._indexers[name](item):
            keys = by_value.get(value)
            if keys is not None:
                keys.pop(item.key, None)
                if not keys:
                    del by_value[value]
