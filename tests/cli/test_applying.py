"""Applying samples as kubectl does, against a real listener of the embedded cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from poblano.cli.applying import Applier
from poblano.client import connect
from poblano.cluster.serving.served import Served, Settings
from poblano.core.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@pytest.fixture
async def applier() -> AsyncGenerator[Applier]:
    async with Served(Settings()) as served, connect(served.kubeconfig) as client:
        yield Applier(client)


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}


async def test_what_is_new_is_created_and_what_is_there_applied_over(applier: Applier) -> None:
    assert await applier.is_new(config_map())
    await applier.apply(config_map(a="1"), new=True)
    assert not await applier.is_new(config_map())
    await applier.apply(config_map(b="2"), new=False)
    assert (await applier.read(config_map()))["data"] == {"a": "1", "b": "2"}


async def test_a_defined_kind_can_be_used_at_once(applier: Applier) -> None:
    cart = {"apiVersion": "shop.example.com/v1", "kind": "Cart", "metadata": {"name": "mine", "namespace": "default"}}
    with pytest.raises(NotFound, match='no matches for kind "Cart" in version '):
        await applier.is_new(cart)
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "carts.shop.example.com"},
        "spec": {
            "group": "shop.example.com",
            "scope": "Namespaced",
            "names": {"kind": "Cart", "plural": "carts"},
            "versions": [version, {**version, "name": "v2", "storage": False}],
        },
    }
    await applier.apply(definition, new=await applier.is_new(definition))
    assert await applier.is_new(cart)
    assert (await applier.apply(cart, new=True))["metadata"]["uid"]
    assert await applier.described(cart) == "Cart default/mine"
    assert await applier.described(definition) == "CustomResourceDefinition carts.shop.example.com"


async def test_a_name_that_is_yet_to_be_made_up_is_always_new(applier: Applier) -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}}
    assert await applier.is_new(document)
    assert await applier.described(document) == "ConfigMap default/x-…"
    assert (await applier.apply(document, new=True))["metadata"]["name"].startswith("x-")


async def test_trying_a_deletion_deletes_nothing(applier: Applier) -> None:
    stored = await applier.apply(config_map(), new=True)
    await applier.try_deletion(stored)
    assert not await applier.is_new(config_map())
