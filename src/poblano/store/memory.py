"""Keeps stores in memory, for the tests of a module: nothing is sent anywhere, and every write arrives at once.

::

    with in_memory(shop):
        assert count(request).allowed
        assert shop.store["count"] == "1"
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from poblano.core.store.buffer import Item, living
from poblano.store.listening import Subscribers
from poblano.store.sending import faster

if TYPE_CHECKING:
    from poblano.capability import Capability


@contextmanager
def in_memory(*capabilities: Capability[Any], now: Callable[[], datetime] | None = None) -> Generator[None]:
    """Within this block the stores of these capabilities are there, and empty at its beginning.

    Args:
        capabilities: whose stores.
        now: the time, for items that expire.
    """
    for capability in capabilities:
        capability.store.bind(MemoryKeeper(capability.name, now or (lambda: datetime.now(UTC))))
    try:
        yield
    finally:
        for capability in capabilities:
            capability.store.bind(None)


class MemoryKeeper:
    """One store.

    Args:
        name: of the store.
        now: the time.
    """

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self._name, self._now = name, now
        self._items: dict[str, Item] = {}
        self._told = Subscribers()

    def items(self) -> dict[str, str]:
        """All there is."""
        return {key: item.text for key, item in living(self._items, self._now())}

    def get(self, key: str) -> str | None:
        """What a key is."""
        return self.items().get(key)

    def set(self, key: str, text: str, ttl: timedelta | None) -> None:
        """Write."""
        self._change({**self._items, key: Item(text, None if ttl is None else self._now() + ttl)})

    def remove(self, key: str) -> None:
        """Take away."""
        self._change({name: item for name, item in self._items.items() if name != key})

    def clear(self) -> None:
        """Take everything away."""
        self._change({})

    async def landed(self, timeout: float) -> None:
        """It has."""

    async def fresh(self) -> dict[str, str]:
        """All there is."""
        return self.items()

    async def exchange(
        self,
        before: Mapping[str, str | None],
        after: Mapping[str, str | None],
        ttl: timedelta | None = None,
        *,
        keys: frozenset[str] | None = None,
    ) -> None:
        """Write `after` if `before` still holds, and there are these `keys`."""
        held = self.items()
        if any(held.get(key) != text for key, text in before.items()) or (keys is not None and held.keys() != keys):
            raise faster(self._name)
        for key, text in after.items():
            if text is None:
                self.remove(key)
            else:
                self.set(key, text, ttl)

    def subscribe(self, tell: Callable[[Mapping[str, str]], None]) -> Callable[[], None]:
        """Have `tell` called with all items whenever they have changed."""
        return self._told.subscribe(tell)

    def on_ready(self, tell: Callable[[], None]) -> None:
        """It is."""
        tell()

    def _change(self, items: dict[str, Item]) -> None:
        self._items = items
        for tell in self._told:
            tell(self.items())
