"""What is shown of stores: how much is in each, and what is still to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from poblano.store.keeper import ClusterKeeper


class StoreMetrics:
    """Looks when it is asked, for ``/metrics``.

    Args:
        registry: where the metrics are read.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Gauge

        names = ("capability",)
        self._items = Gauge("poblano_store_items", "Items of a store", names, registry=registry)
        self._bytes = Gauge(
            "poblano_store_bytes", "What the items of a store take of its 12.8 MB", names, registry=registry
        )
        self._unsent = Gauge(
            "poblano_store_unsent", "Whether anything waits to be sent: 1 if so", names, registry=registry
        )

        self._parts = Gauge(
            "poblano_store_parts", "Objects that a store is spread over; 0 while one has all", names, registry=registry
        )

    def follow(self, capability: str, keeper: ClusterKeeper) -> None:
        """Show one store."""
        self._items.labels(capability).set_function(lambda: len(keeper.items()))
        self._bytes.labels(capability).set_function(lambda: keeper.size)
        self._parts.labels(capability).set_function(lambda: keeper.parts)
        self._unsent.labels(capability).set_function(lambda: int(keeper.unsent))
