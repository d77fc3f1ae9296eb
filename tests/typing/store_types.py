"""A capability's store, as an editor sees it."""

from __future__ import annotations

from dataclasses import dataclass

from poblano import Capability, Store


@dataclass
class Price:
    amount: int


shop = Capability("shop")
prices = Capability("prices", store=Store(Price))
tokens = Capability("tokens", store=Store(secret=True))
counts = Capability("counts", store=Store(int, secret=True))

reveal_type(shop.store)  # revealed: Store[str]
reveal_type(prices.store)  # revealed: Store[Price]
reveal_type(tokens.store)  # revealed: Store[str]
reveal_type(counts.store)  # revealed: Store[int]
reveal_type(prices.store["tea"])  # revealed: Price
reveal_type(prices.store.get_item("tea"))  # revealed: Price | None
reveal_type(prices.store.get("tea"))  # revealed: Price | None
reveal_type(counts.store.get("tea", 0))  # revealed: int
reveal_type(prices.store.items())  # revealed: dict[str, Price]
reveal_type("tea" in prices.store)  # revealed: bool
shop.store.subscribe(lambda items: reveal_type(items))  # revealed: dict[str, str]


async def awaited() -> None:
    reveal_type(await counts.store.update("tea", lambda old: (old or 0) + 1))  # revealed: int | None
    reveal_type(await prices.store.set("tea", Price(3)))  # revealed: None
    async with counts.store.transaction() as items:
        reveal_type(items["tea"])  # revealed: int
        items["tea"] += 1


shop.store.set_item("tea", 3)  # error: arg-type | reportArgumentType
prices.store.set_item("tea", "3")  # error: arg-type | reportArgumentType
