"""A transaction of a store: what was read, and what is to be written if that still holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from poblano.core.store.values import Codec

V = TypeVar("V")


class Transaction(Generic[V]):
    """The items of a store as they are when it begins, and what is to become of them when it ends."""

    def __init__(self, codec: Codec[V], items: dict[str, str]) -> None:
        self._codec = codec
        self._items = items
        self.reads: dict[str, str | None] = {}
        self.writes: dict[str, str | None] = {}

    def get(self, key: str) -> V | None:
        """The value, as this transaction sees it."""
        if key in self.writes:
            text = self.writes[key]
        else:
            text = self.reads[key] = self._items.get(key)
        return None if text is None else self._codec.read(text, key)

    def __getitem__(self, key: str) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        for key in {**self._items, **self.writes}:
            if self.get(key) is not None:
                yield key

    def __setitem__(self, key: str, value: V) -> None:
        self.writes[checked_key(key)] = self._codec.written(value, key)

    def __delitem__(self, key: str) -> None:
        if self.get(key) is None:
            raise KeyError(key)
        self.writes[key] = None


KEY_LIMIT = 512
"""Characters."""


def checked_key(key: object) -> str:
    """`key`, if an item can have it. Raises `TypeError`."""
    if not isinstance(key, str) or not key or len(key) > KEY_LIMIT:
        what = f"{len(key)} characters long" if isinstance(key, str) else repr(key)
        raise TypeError(f"the key of an item is {what}: use a text of 1 to {KEY_LIMIT} characters")
    return key
