"""What a store asks of whoever keeps it, and what can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol

from poblano.core.errors import PoblanoError


class StoreNotRunning(PoblanoError):
    """A store was used where no module runs."""


def on_another_loop(name: str) -> StoreNotRunning:
    """What is said to who awaits a store where its connections are not."""
    return StoreNotRunning(
        f"the store {name} is awaited on another event loop than the module's: in a function that runs in a thread, "
        'write wait(shop.store.set("key", "value")) with wait from poblano, and no asyncio.run'
    )


class StoreUnacknowledged(PoblanoError):
    """The API server has not acknowledged a write in time. It is sent all the same, as soon as that is possible."""


class StoreFull(PoblanoError):
    """A store would be larger than an object may be. Nothing was written."""


class Keeper(Protocol):
    """What a store reads from and writes to, in texts. It may be asked from any thread, but for what is awaited."""

    def items(self) -> Mapping[str, str]:
        """All there is, the own writes included."""
        ...

    def get(self, key: str) -> str | None:
        """What a key is, the own writes included."""
        ...

    def set(self, key: str, text: str, ttl: timedelta | None) -> None:
        """Write, some time. Raises `StoreFull`."""
        ...

    def remove(self, key: str) -> None:
        """Take away, some time."""
        ...

    def clear(self) -> None:
        """Take everything away, some time."""
        ...

    async def landed(self, timeout: float) -> None:
        """Have what was written sent now, and wait until it has arrived. Raises `StoreUnacknowledged`."""
        ...

    async def fresh(self) -> Mapping[str, str]:
        """What the API server has now, once what was written has arrived there."""
        ...

    async def exchange(
        self,
        before: Mapping[str, str | None],
        after: Mapping[str, str | None],
        ttl: timedelta | None = None,
        *,
        keys: frozenset[str] | None = None,
    ) -> None:
        """Write `after` if `before` still holds; None is absence. If `keys` are given, there must be these and no others.

        Raises:
            Conflict: it does not hold.
        """
        ...

    def subscribe(self, tell: Callable[[Mapping[str, str]], None]) -> Callable[[], None]:
        """Have `tell` called with all items whenever they have changed; returns what ends that."""
        ...

    def on_ready(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once what there is is known; at once if it is."""
        ...
