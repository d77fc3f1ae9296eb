"""Who leads, on a real Lease: on the embedded cluster and on a real control plane."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager

import pytest

from poblano.client import Resources, connect
from poblano.core.errors import Conflict, LeadershipLost, NotFound
from poblano.core.lease import LeaseTimes, Record
from poblano.watch.election import Election
from poblano.watch.leases import LEASE, Held, read_lease, wall
from poblano.watch.standing import own_identity
from tests.watch.acting import finally_
from tests.watch.clusters import on, space_of, until

# However slow the machine is, nobody loses what none has taken away.
ENDLESS = LeaseTimes(duration=600, renew=400, retry=0.2)
# For those alone who wait until one expires.
QUICK = LeaseTimes(duration=3, renew=2, retry=0.2)


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


def candidate(kubeconfig, space, name="poblano-hello", *, times=ENDLESS, identity="", **rest):
    identity = identity or own_identity()
    return Election(lambda: connect(kubeconfig), namespace=space, name=name, identity=identity, times=times, **rest)


@asynccontextmanager
async def standing(election):
    """It stands for election within the block, and gives back what it holds at its end."""
    acquiring = asyncio.create_task(election.acquired())
    await asyncio.sleep(0)
    try:
        yield acquiring
    finally:
        acquiring.cancel()
        await election.release()


async def holder(api, space):
    return (await api.get(LEASE, "poblano-hello", space))["spec"]["holderIdentity"]


async def test_one_of_three_leads_and_the_lease_names_it(api, kubeconfig, space):
    elections = [candidate(kubeconfig, space, identity=f"pod-{number}") for number in range(3)]
    async with standing(elections[0]), standing(elections[1]), standing(elections[2]):
        await until(lambda: any(one.leads for one in elections), "somebody leads")
        await until(lambda: len({one.holder for one in elections}) == 1, "all know who")
        leaders = [number for number, one in enumerate(elections) if one.leads]
        assert [f"pod-{number}" for number in leaders] == [await holder(api, space)]
        assert [one.trouble() for one in elections] == [None, None, None]


async def test_l2_the_others_take_it_although_a_clock_of_another_wrote_it(api, kubeconfig, space):
    spec = {"holderIdentity": "gone", "leaseDurationSeconds": 1, "renewTime": "2999-01-01T00:00:00.000000Z"}
    await api.create(LEASE, {"metadata": {"name": "poblano-hello", "namespace": space}, "spec": spec})
    election = candidate(kubeconfig, space, times=QUICK)
    async with standing(election) as acquiring, asyncio.timeout(60):
        await acquiring
        lease = await api.get(LEASE, "poblano-hello", space)
        assert lease["spec"]["leaseTransitions"] == 1


async def test_l3_what_others_wrote_into_the_lease_stays_and_the_leader_goes_on(api, kubeconfig, space):
    election = candidate(kubeconfig, space)
    async with standing(election) as acquiring:
        await asyncio.wait_for(acquiring, 60)
        await api.patch(LEASE, "poblano-hello", {"metadata": {"labels": {"owner": "shop"}}}, space)
        before = await api.get(LEASE, "poblano-hello", space)

        async def renewed():
            found = await api.get(LEASE, "poblano-hello", space)
            return found["spec"]["renewTime"] != before["spec"]["renewTime"] and found

        after = await finally_(renewed, "it is renewed")
        assert election.leads
        assert after["metadata"]["labels"] == {"owner": "shop"}
        assert after["spec"]["leaseTransitions"] == 0


async def test_l4_the_lease_is_renewed_while_the_loop_is_blocked(api, kubeconfig, space):
    election = candidate(kubeconfig, space)
    async with standing(election) as acquiring:
        await asyncio.wait_for(acquiring, 60)
        before, deadline = election._held.version, time.monotonic() + 60
        while election._held.version == before and time.monotonic() < deadline:
            time.sleep(0.1)  # noqa: ASYNC251 -- that is what a user's code does
        assert election.leads
        assert election._held.version != before


async def test_l4_a_leader_whose_lease_is_taken_away_has_lost(api, kubeconfig, space):
    ended = threading.Event()
    election = candidate(kubeconfig, space, abandon=ended.set)
    async with standing(election) as acquiring:
        await asyncio.wait_for(acquiring, 60)
        while True:  # the leader may write between our reading and our writing
            lease = await api.get(LEASE, "poblano-hello", space)
            lease["spec"]["holderIdentity"] = "somebody else"
            try:
                await api.replace(LEASE, lease, space)
                break
            except Exception:  # noqa: BLE001
                await asyncio.sleep(0.01)
        await until(election.lost.is_set, "it knows")
        assert not election.leads
        assert isinstance(election.failure(), LeadershipLost)
        await until(ended.is_set, "a process that lives on is ended")
    assert await holder(api, space) == "somebody else"


async def test_l4_a_leader_that_hears_nothing_any_more_stops_before_another_begins(embedded, client, space_name):
    space = await space_of(Resources(client), space_name)
    one = candidate(embedded.kubeconfig, space, times=QUICK)
    async with standing(one) as acquiring:
        await asyncio.wait_for(acquiring, 60)
        try:
            await on(embedded, lambda cluster: cluster.faults.refuse(503, plural="leases"))
            await until(one.lost.is_set, "it knows")
            assert not one.leads
            assert one.trouble()
            assert str(one.failure()).endswith(f" was not renewed in {QUICK.renew:g} s: {one.trouble()}"), "it says why"
        finally:
            await on(embedded, lambda cluster: cluster.faults.clear())


async def test_l5_what_is_given_back_is_taken_at_once(api, kubeconfig, space):
    """How long it takes is measured by `tests.watch.killing`; one that is not given back would last ten minutes here."""
    one, two = (candidate(kubeconfig, space) for _ in range(2))
    async with standing(one) as first:
        await asyncio.wait_for(first, 60)
        async with standing(two) as second:
            await until(lambda: two.holder, "the other knows who leads")
            await one.release()
            await asyncio.wait_for(second, 60)
            assert two.leads
            assert not one.leads


async def test_l5_who_only_waited_changes_nothing_when_it_goes(api, kubeconfig, space):
    one, two = candidate(kubeconfig, space, identity="one"), candidate(kubeconfig, space, identity="two")
    async with standing(one) as first:
        await asyncio.wait_for(first, 60)
        async with standing(two):
            await until(lambda: two.holder == "one", "the other knows who leads")
        assert await holder(api, space) == "one"
        assert one.leads
    assert await holder(api, space) == ""


def test_l6_no_two_processes_are_called_the_same():
    assert own_identity() != own_identity()
    assert own_identity().rpartition("_")[0]


async def test_a_missing_namespace_and_what_to_do_about_it_is_named(api, kubeconfig):
    election = candidate(kubeconfig, "not-there")
    async with standing(election):
        await until(election.trouble, "it is in trouble")
        assert "kubectl create namespace not-there" in election.trouble()
    with pytest.raises(NotFound):
        await api.get(LEASE, "poblano-hello", "not-there")


@pytest.mark.control_plane
async def test_missing_rights_and_what_to_do_about_them_are_named_and_when_they_come_it_leads(
    control_plane, space_name
):
    async with connect(control_plane.kubeconfig) as client:
        space = await space_of(Resources(client), space_name)
    election = candidate(control_plane.kubeconfig_for("stranger"), space)
    async with standing(election) as acquiring:
        await until(election.trouble, "it is in trouble")
        assert "get, list, create, update and delete leases" in election.trouble()
        resource = "--resource=leases.coordination.k8s.io"
        control_plane.kubectl("create", "role", "leads", "-n", space, "--verb=get,list,create,update", resource)
        control_plane.kubectl("create", "rolebinding", "leads", "-n", space, "--role=leads", "--user=stranger")
        await asyncio.wait_for(acquiring, 60)
        assert election.trouble() is None


async def test_what_cannot_even_be_asked_ends_the_waiting():
    def fails():
        raise RuntimeError("no client")

    election = Election(fails, namespace="shop", name="poblano-hello", identity="a")
    async with standing(election):
        await until(election.lost.is_set, "it knows")
        assert str(election.failure()) == "no client"


async def test_l3_what_others_wrote_meanwhile_is_never_written_over(api, space):
    now = wall()
    record = Record("one", 15, 0, now, now)
    seen = await Held().written(api, space, "contested", record, "")
    await seen.written(api, space, "contested", Record("two", 15, 1, now, now), seen.version)
    with pytest.raises(Conflict):
        await seen.written(api, space, "contested", Record("three", 15, 1, now, now), seen.version)
    with pytest.raises(Conflict):
        await Held().written(api, space, "contested", record, "")
    assert (await read_lease(api, space, "contested")).record.holder == "two"
