"""W2: in Pepr each binding has a list, a watch and a cache of all objects, in all namespaces, of its own."""

from __future__ import annotations

import pytest

from poblano import Capability, a
from poblano.client import find_access
from tests.pepr.watchers import Counting, idle, shop_in, until, watching
from tests.watch.clusters import write


@pytest.fixture
async def counting(embedded):
    async with Counting(find_access(embedded.kubeconfig)) as client:
        yield client


async def test_w2_fifty_rules_of_a_kind_share_one_watch(counting, api, space):
    shop, seen = Capability("shop"), set()
    for number in range(50):
        shop.when(a.ConfigMap).with_name(f"w2-{space}").reconcile(name=f"rule-{number}")(
            lambda one, ctx, number=number: seen.add(number)
        )
    await write(api, space, f"w2-{space}")
    async with watching(counting, shop):
        await until(lambda: len(seen) == 50, "all rules are run")
        assert counting.most == 1


async def test_w2_a_rule_in_a_namespace_watches_that_one_only(counting, api, space):
    shop, seen = shop_in(space), []
    shop.when(a.ConfigMap).with_name("web").reconcile(lambda one, ctx: seen.append(one.metadata.name))
    await write(api, space, "web")
    async with watching(counting, shop) as watcher:
        await until(lambda: seen, "it is run")
        await idle(watcher)

    assert {path for path, _ in counting.asked} == {f"/api/v1/namespaces/{space}/configmaps"}
