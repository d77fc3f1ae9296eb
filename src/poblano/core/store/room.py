"""How much there may be in a store, and in how many objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poblano.core.store.buffer import Buffer, Intent
from poblano.core.store.contents import Contents, Layer
from poblano.core.store.keeping import StoreFull
from poblano.core.store.layout import Layout
from poblano.core.store.snapshot import HEAD, Snapshot, home
from poblano.core.store.writing import MOST_KEYS, cost_of


@dataclass(frozen=True, slots=True)
class Sharding:
    """When a store is spread over several objects, and how large they may be.

    Attributes:
        parts: how many objects there are beside the head.
        spread_at: bytes of the head, from which on its items go to the parts.
        limit: bytes of an object. etcd takes 1.5 MiB in a request, and a Secret has 1 MiB: what several processes write at the
            same moment, none knowing of the others, must fit in as well.
    """

    parts: int = 16
    spread_at: int = 384_000
    limit: int = 800_000

    @property
    def quota(self) -> int:
        """Bytes of a store."""
        return self.parts * self.limit

    @property
    def load(self) -> int:
        """Bytes of a patch, unless a single item has more."""
        return self.limit // 2


SHARDING = Sharding()


def part_name(name: str, number: int) -> str:
    """The object of a part. No capability's name has a dot, so it is no other store's.

    >>> part_name("poblano-hello-shop", 3)
    'poblano-hello-shop.3'
    """
    return name if number == HEAD else f"{name}.{number}"


class Room:
    """What may still be written to a store.

    Args:
        name: of the store.
        layout: how it is kept.
        sharding: how much may be where.
    """

    def __init__(self, name: str, layout: Layout, sharding: Sharding) -> None:
        self._name, self._layout, self._sharding = name, layout, sharding
        self._counted: Snapshot | None = None
        self._bounds: dict[int, int] = {}
        self._costs: dict[int, tuple[Contents, int]] = {}

    def check(self, writes: Mapping[str, Intent], known: Snapshot, buffer: Buffer) -> None:
        """See whether these may be written too.

        Most of the time a bound is enough: all items are only counted when it is passed.

        Raises:
            StoreFull: there is no room.
        """
        if known is not self._counted:
            self._counted, self._bounds = known, self._bounds_of(known, buffer)
        for key, intent in writes.items():
            number = self._home(key, known)
            if intent is not None:
                self._bounds[number] = self._bounds.get(number, 0) + cost_of(key, intent, self._layout)
                if self._bounds[number] > self._sharding.limit:
                    self._counted = None
                    self._check_whole(number, key, writes, known, buffer)

    def check_transaction(self, writes: Mapping[str, Intent]) -> None:
        """See whether these fit into one patch. Raises `StoreFull`."""
        size = sum(cost_of(key, intent, self._layout) for key, intent in writes.items())
        if len(writes) > MOST_KEYS or size > self._sharding.limit:
            raise StoreFull(
                f"a transaction of the store {self._name} would write {len(writes)} items and {size} bytes at once, and "
                f"{MOST_KEYS} and {self._sharding.limit} are the most: write them in several"
            )

    def fits_head(self, writes: Mapping[str, Intent], known: Snapshot) -> bool:
        """Whether the head takes these now. What is only taken away is always taken."""
        if all(intent is None for intent in writes.values()):
            return True
        added = sum(cost_of(key, intent, self._layout) for key, intent in writes.items())
        return self.head(known) + added <= self._sharding.limit or not self.head(known)

    def head(self, known: Snapshot) -> int:
        """Bytes in the head."""
        return self._cost(HEAD, known.head)

    def wants_spreading(self, known: Snapshot) -> bool:
        """Whether the head has grown so large that its items are to go."""
        return self.head(known) > self._sharding.spread_at

    def size(self, items: Mapping[str, Intent]) -> int:
        """Bytes of items."""
        return sum(cost_of(key, item, self._layout) for key, item in items.items())

    def _home(self, key: str, known: Snapshot) -> int:
        return home(key, known.head.parts or self._sharding.parts)

    def _bounds_of(self, known: Snapshot, buffer: Buffer) -> dict[int, int]:
        """No part has more than so many bytes, or will have."""
        bounds = {number: self._cost(number, part) for number, part in known.parts.items()}
        written = [*known.head.leaving.items.items(), *known.head.items.items(), *buffer.pending.items()]
        for key, intent in written:
            number = self._home(key, known)
            bounds[number] = bounds.get(number, 0) + cost_of(key, intent, self._layout)
        return bounds

    def _cost(self, number: int, contents: Contents) -> int:
        """Bytes of an object, counted once."""
        held = self._costs.get(number)
        if held is None or held[0] is not contents:
            held = self._costs[number] = contents, sum(map(self._layer, (contents.current, contents.leaving)))
        return held[1]

    def _layer(self, layer: Layer) -> int:
        return self.size(layer.items) + self.size(dict.fromkeys(layer.removed))

    def _check_whole(
        self, number: int, key: str, writes: Mapping[str, Intent], known: Snapshot, buffer: Buffer
    ) -> None:
        after = {**buffer.over(known.merged()), **writes}
        size = self.size({one: item for one, item in after.items() if item and self._home(one, known) == number})
        if size > self._sharding.limit:
            raise StoreFull(
                f"the store {self._name} is full: with {key!r} the part of it that this belongs to would have {size} bytes, and "
                f"{self._sharding.limit} is the most of each of its {known.head.parts or self._sharding.parts} parts: "
                "keep less in it, give items a ttl, or spread them over several capabilities"
            )
