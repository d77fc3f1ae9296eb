"""Replicas share objects, on real Leases: on the embedded cluster and on a real control plane."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from poblano.client import Resources, connect
from poblano.core.cache import Key
from poblano.core.errors import LeadershipLost
from poblano.core.lease import LeaseTimes
from poblano.watch.leases import LEASE
from poblano.watch.sharding import Sharing
from poblano.watch.standing import own_identity
from tests.watch.clusters import space_of, until

KEYS = [Key("shop", f"item-{number}") for number in range(60)]
ENDLESS = LeaseTimes(duration=600, renew=400, retry=0.2)


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


def member(kubeconfig, space, times=ENDLESS, **rest):
    return Sharing(
        lambda: connect(kubeconfig), namespace=space, group="poblano-shop", identity=own_identity(), times=times, **rest
    )


@asynccontextmanager
async def taking_part(sharing, gained=None, busy=frozenset):
    sharing.follow((lambda mine: gained.extend(filter(mine, KEYS))) if gained is not None else lambda mine: None, busy)
    acquiring = asyncio.create_task(sharing.acquired())
    await asyncio.sleep(0)
    try:
        yield sharing
    finally:
        acquiring.cancel()
        await sharing.release()


def of(sharing):
    return {key for key in KEYS if sharing.may(key)}


async def shared(*members):
    def is_shared():
        parts = [of(one) for one in members]
        return set().union(*parts) == set(KEYS) and sum(map(len, parts)) == len(KEYS) and all(parts)

    await until(is_shared, "each key is one member's", 90)


async def test_three_share_all_keys_and_what_one_gives_back_is_the_others_at_once(kubeconfig, space):
    one, two, three = (member(kubeconfig, space) for _ in range(3))
    gained = []
    async with taking_part(one, gained), taking_part(two):
        await shared(one, two)
        async with taking_part(three):
            await shared(one, two, three)
            before, gained[:] = of(one), []
        await shared(one, two)
        assert before <= of(one)
        assert set(gained) == of(one) - before


async def test_a_key_that_is_worked_on_goes_to_another_only_when_the_run_has_ended(kubeconfig, space):
    one, two, busy = member(kubeconfig, space), member(kubeconfig, space), set(KEYS)
    async with taking_part(one, busy=lambda: frozenset(busy)):
        await until(lambda: of(one) == set(KEYS), "it works on everything")
        async with taking_part(two):
            await until(lambda: len(of(one)) < len(KEYS), "it begins nothing more on what is to go")
            await until(lambda: two._member._shown is not None, "the other has looked")
            assert of(two) == set()
            kept = of(one)
            busy &= kept
            await shared(one, two)
            assert of(one) == kept


async def test_a_member_whose_lease_is_taken_away_has_lost(api, kubeconfig, space):
    one = member(kubeconfig, space)
    async with taking_part(one):
        await until(lambda: of(one), "it works")
        await api.delete(LEASE, one.name, space)
        await until(one.lost.is_set, "it knows")
        assert of(one) == set()
        assert isinstance(one.failure(), LeadershipLost)


async def test_leases_that_nobody_holds_any_more_are_cleaned_up(api, kubeconfig, space):
    left = {
        "metadata": {"name": "poblano-shop-old", "namespace": space, "labels": {"poblano.dev/group": "poblano-shop"}},
        "spec": {"holderIdentity": "", "leaseDurationSeconds": 1},
    }
    await api.create(LEASE, left)
    one = member(kubeconfig, space)
    async with taking_part(one):

        async def gone():
            listing = await api.list(LEASE, space)
            return [item["metadata"]["name"] for item in listing.items] == [one.name]

        await until(lambda: of(one), "it works")
        one._member._others["poblano-shop-old"].at -= 10_000
        async with asyncio.timeout(60):
            while not await gone():
                await asyncio.sleep(0.1)
