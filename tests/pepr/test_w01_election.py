"""W1: Pepr's README promises leader election, and there is none: one replica, no standby, a gap at every rollout."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from poblano import a
from poblano.client import connect
from poblano.watch.election import Election
from tests.pepr.watchers import idle, shop_in, until, watching
from tests.watch.clusters import write


@pytest.fixture
async def replicas(embedded, space):
    """Makes replicas of a module that notes who has run for which object."""
    ran = []
    async with AsyncExitStack() as stack:

        async def replica(number):
            shop = shop_in(space)

            @shop.when(a.ConfigMap).with_name_regex("^item").reconcile
            async def note(one, ctx):
                ran.append((number, one.metadata.name))

            client = await stack.enter_async_context(connect(embedded.kubeconfig))
            election = Election(
                lambda: connect(embedded.kubeconfig), namespace=space, name="poblano-hello", identity=f"pod-{number}"
            )
            return watching(client, shop, leadership=election)

        yield replica, ran


async def test_w1_one_of_several_replicas_works(replicas, api, space):
    replica, ran = replicas
    async with await replica(0) as first:
        await until(lambda: first.leadership.leads, "the first one leads")
        async with await replica(1) as second:
            for number in range(20):
                await write(api, space, f"item-{number}")
            await until(lambda: {name for _, name in ran} >= {f"item-{number}" for number in range(20)}, "all are seen")
            await until(lambda: second.not_ready() is None, "the other one knows all, too")
            await asyncio.sleep(0.2)
            assert {who for who, _ in ran} == {0}


async def test_w1_a_replica_with_warm_caches_takes_over_when_the_leader_goes(replicas, api, space):
    replica, ran = replicas
    await write(api, space, "item-0")
    async with await replica(1) as second:
        pass  # it leads for a moment, and lets go
    async with await replica(0) as first:
        await until(lambda: first.leadership.leads, "the first one leads")
        standby = await replica(1)
        async with standby as second:
            await until(lambda: second.not_ready() is None, "the standby knows all")
            assert not second.leadership.leads
            first.stop()
            await write(api, space, "item-1")
            await until(lambda: (1, "item-1") in ran, "the standby works")
            await idle(second)
