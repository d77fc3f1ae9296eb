"""The jobs are functions: a test calls them, with a store in memory and a small cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
import upkeep

from poblano import K8s, a
from poblano.client import connect
from poblano.client.ambient import using
from poblano.cluster.serving.served import Served, Settings
from poblano.store.memory import in_memory

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@asynccontextmanager
async def cluster() -> AsyncGenerator[None]:
    """One of its own, which `K8s` means within."""
    async with Served(Settings()) as served, connect(served.kubeconfig) as client:
        with using(client), in_memory(upkeep.upkeep):
            yield


def config_map(name: str, until: str) -> a.ConfigMap:
    return a.ConfigMap(metadata={"name": name, "namespace": "default", "labels": {upkeep.KEEP_UNTIL: until}})


async def token() -> str:
    secret = await K8s(a.Secret).in_namespace("default").get("registry-token")
    return secret.data["token"]


def test_a_token_is_replaced_before_it_ends() -> None:
    assert not upkeep.lives_on(None, NOW)
    assert not upkeep.lives_on(upkeep.Token("x", NOW + timedelta(hours=1)), NOW)
    assert upkeep.lives_on(upkeep.Token("x", NOW + timedelta(hours=3)), NOW)


def test_a_second_run_hands_on_the_token_that_there_is() -> None:
    async def run() -> None:
        async with cluster():
            await upkeep.refresh_token()
            first, kept = await token(), upkeep.upkeep.store["registry"]
            await K8s(a.Secret).in_namespace("default").delete("registry-token")
            await upkeep.refresh_token()
            assert await token() == first
            assert upkeep.upkeep.store["registry"] == kept
            upkeep.upkeep.store.set_item("registry", upkeep.Token("old", datetime.now(UTC)))
            await upkeep.refresh_token()
            assert await token() != first

    asyncio.run(run())


@pytest.mark.parametrize(("until", "over"), [("2026-05-31", True), ("2026-06-01", False), ("some-day", False)])
def test_what_is_over_goes(until: str, over: bool) -> None:  # noqa: FBT001
    assert upkeep.is_over(config_map("x", until), date(2026, 6, 1)) is over


def test_the_clean_up_may_run_twice() -> None:
    async def run() -> None:
        async with cluster():
            for name, until in (("gone", "2020-01-01"), ("stays", "9999-01-01"), ("odd", "some-day")):
                await K8s(a.ConfigMap).create(config_map(name, until))
            for _ in range(2):
                await upkeep.clean_up()
                left = await K8s(a.ConfigMap).in_namespace("default").with_label(upkeep.KEEP_UNTIL).list()
                assert sorted(one.metadata.name for one in left) == ["odd", "stays"]

    asyncio.run(run())
