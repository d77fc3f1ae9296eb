"""A transaction of a store: what was read, and what is to be written if that still holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from poblano.core.store.checking import checked_key
from poblano.core.store.values import Codec

V = TypeVar("V")


class Transaction(Generic[V]):
    """The items of a store as they are when it begins, and what is to become of them when it ends."""

    def __init__(self, codec: Codec[V], items: Mapping[str, str], *, secret: bool = False) -> None:
        self._codec = codec
        self._items = items
        self._secret = secret
        self.reads: dict[str, str | None] = {}
        self.writes: dict[str, str | None] = {}
        self.keys: frozenset[str] | None = None
        """All keys that there were, if they were looked at: then none may have come or gone."""

    def get(self, key: str) -> V | None:
        """The value, as this transaction sees it."""
        text = self._text(key)
        return None if text is None else self._codec.read(text, key)

    def __getitem__(self, key: str) -> V:
        text = self._text(key)
        if text is None:
            raise KeyError(key)
        return self._codec.read(text, key)

    def __contains__(self, key: str) -> bool:
        return self._text(key) is not None

    def __iter__(self) -> Iterator[str]:
        self.keys = frozenset(self._items)
        for key in {**self._items, **self.writes}:
            if self.writes.get(key, self._items.get(key)) is not None:
                yield key

    def __setitem__(self, key: str, value: V) -> None:
        self.writes[checked_key(key, secret=self._secret)] = self._codec.written(value, key)

    def __delitem__(self, key: str) -> None:
        if self._text(key) is None:
            raise KeyError(key)
        self.writes[key] = None

    def _text(self, key: str) -> str | None:
        if key in self.writes:
            return self.writes[key]
        text = self.reads[key] = self._items.get(key)
        return text
