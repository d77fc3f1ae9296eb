from __future__ import annotations

import asyncio
from typing import Any

from tests.cluster.controllers.test_garbage import owned_by
from tests.cluster.controllers.world import World


async def define(here: World, plural: str = "carts", kind: str = "Cart", *, name: str = "") -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    spec: dict[str, Any] = {
        "group": "shop.example.com",
        "scope": "Namespaced",
        "names": {"plural": plural, "kind": kind, "singular": name or kind.lower()},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
    }
    await here.create("customresourcedefinitions", f"{plural}.shop.example.com", spec=spec)


async def served(here: World, plural: str = "carts") -> None:
    async def there() -> bool:
        return here.cluster.registry.find("shop.example.com", "v1", plural) is not None

    await here.until(there)


async def no_longer_served(here: World, plural: str = "carts") -> None:
    async def gone() -> bool:
        return here.cluster.registry.find("shop.example.com", "v1", plural) is None

    await here.until(gone)


async def test_a_definition_takes_its_objects_and_their_dependents_with_it(here: World) -> None:
    await define(here)
    await served(here)
    cart = await here.create("carts", "a")
    await here.create("secrets", "of-the-cart", metadata=owned_by(cart))
    await here.delete("customresourcedefinitions", "carts.shop.example.com")
    await here.until_gone("customresourcedefinitions", "carts.shop.example.com")
    await no_longer_served(here)
    assert not here.cluster.storage.count(("shop.example.com", "carts"))
    await here.until_gone("secrets", "of-the-cart")


async def test_it_waits_for_an_object_that_is_held_and_asks_nobody_meanwhile(here: World) -> None:
    await define(here)
    await served(here)
    await here.create("carts", "a", metadata={"finalizers": ["example.com/hold"]})
    await here.delete("customresourcedefinitions", "carts.shop.example.com")
    await here.rest()
    before = here.cluster.storage.revision
    await asyncio.sleep(0.5)
    assert here.cluster.storage.revision == before
    assert await here.get("carts", "a") is not None
    await here.patch("carts", "a", {"metadata": {"finalizers": None}})
    await here.until_gone("customresourcedefinitions", "carts.shop.example.com")


async def test_a_name_that_one_lets_go_is_granted_to_the_other_which_never_touches_its_objects(here: World) -> None:
    await define(here)
    await served(here)
    await here.create("carts", "a")
    await define(here, "wagons", "Cart")
    await here.rest()
    assert here.cluster.registry.find("shop.example.com", "v1", "wagons") is None
    await here.delete("customresourcedefinitions", "wagons.shop.example.com")
    await here.until_gone("customresourcedefinitions", "wagons.shop.example.com")
    assert await here.get("carts", "a") is not None
    await define(here, "wagons", "Cart")
    await here.delete("customresourcedefinitions", "carts.shop.example.com")
    await served(here, "wagons")
