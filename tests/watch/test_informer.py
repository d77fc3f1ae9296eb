"""An informer's cache is what the server has: on a server that works, and after each thing that goes wrong."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from poblano.client import Resources, connect
from poblano.core.kinds import Kind
from poblano.watch.counting import Counted
from poblano.watch.informer import Informer
from poblano.watch.informers import Informers
from tests.watch.acting import serve
from tests.watch.clusters import CONFIGMAPS, audited, on, space_of, until, write


@asynccontextmanager
async def informing(client, space, lasting=(25.0, 35.0)):
    """A running informer, and what it told."""
    informer, told = Informer(client, CONFIGMAPS, space, lasting=lasting), []
    informer.subscribe(lambda change: told.append((change.type, change.item.key.name)))
    task = asyncio.create_task(informer.run())
    try:
        async with asyncio.timeout(60):
            await informer.synced()
        yield informer, told
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def test_what_is_there_and_what_happens_is_told_and_known(kubeconfig, space_name):
    async with connect(kubeconfig) as client:
        api = Resources(client)
        space = await space_of(api, space_name)
        await write(api, space, "before", a="1")
        async with informing(client, space) as (informer, told):
            assert ("ADDED", "before") in told
            await write(api, space, "new", a="1")
            await write(api, space, "new", a="2")
            await api.delete(CONFIGMAPS, "before", space)
            await until(lambda: ("DELETED", "before") in told, "the deletion is told")
            seen = [one for one in told if one[1] in {"new", "before"}]
            assert seen == [("ADDED", "before"), ("ADDED", "new"), ("MODIFIED", "new"), ("DELETED", "before")]
            await audited(client, informer)
            assert informer.trouble is None


async def test_r1_items_of_a_list_say_what_they_are(kubeconfig, space_name):
    async with connect(kubeconfig) as client:
        api = Resources(client)
        space = await space_of(api, space_name)
        await write(api, space, "before", a="1")
        async with informing(client, space) as (informer, _):
            before = next(item for item in informer.cache if item.key.name == "before")
            document = msgspec.json.decode(before.raw)
            assert (document["apiVersion"], document["kind"], document["data"]) == ("v1", "ConfigMap", {"a": "1"})


async def test_r6_watches_that_end_are_followed_by_others_and_nothing_is_listed_anew(client, space_name):
    api = Resources(client)
    space = await space_of(api, space_name)
    async with informing(client, space, lasting=(3.0, 3.0)) as (informer, _):
        lists = informer.reflector.counts["lists"]
        watches = informer.reflector.counts["watches"]
        await until(lambda: informer.reflector.counts["watches"] >= watches + 2, "two watches later")
        assert informer.reflector.counts["lists"] == lists
        await write(api, space, "new")
        await audited(client, informer)


FAULTS = {
    "429": lambda faults: faults.refuse(429, times=2, retry_after=1, plural="configmaps", verb="watch"),
    "500": lambda faults: faults.refuse(500, times=2, plural="configmaps", verb="watch"),
    "503": lambda faults: faults.refuse(503, times=2, plural="configmaps", verb="watch"),
    "401": lambda faults: faults.refuse(401, times=1, plural="configmaps", verb="watch"),
    "403": lambda faults: faults.refuse(403, times=1, plural="configmaps", verb="watch"),
    "410": lambda faults: faults.refuse(410, times=1, plural="configmaps", verb="watch"),
    "reset": lambda faults: faults.reset(times=2, plural="configmaps", verb="watch"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_r7_whatever_a_watch_is_answered_with_nothing_is_missed(embedded, client, space_name, fault):
    api = Resources(client)
    space = await space_of(api, space_name)
    await write(api, space, "goes")
    async with informing(client, space) as (informer, told):
        errors = informer.reflector.counts["errors"]
        try:
            await on(embedded, lambda cluster: FAULTS[fault](cluster.faults))
            await on(embedded, lambda cluster: cluster.server.hub.end_all())
            await write(api, space, "comes")
            await api.delete(CONFIGMAPS, "goes", space)
            await until(lambda: informer.reflector.counts["errors"] > errors, "the fault is met")
            await audited(client, informer)
            assert {("ADDED", "comes"), ("DELETED", "goes")} <= set(told)
        finally:
            await on(embedded, lambda cluster: cluster.faults.clear())


async def test_r9_a_watch_that_says_nothing_is_noticed_and_what_it_kept_back_is_found(embedded, client, space_name):
    api = Resources(client)
    space = await space_of(api, space_name)
    await write(api, space, "goes")
    async with informing(client, space, lasting=(2.0, 2.0)) as (informer, told):
        try:
            await on(embedded, lambda cluster: cluster.faults.silence(plural="configmaps"))
            await write(api, space, "comes")
            await api.delete(CONFIGMAPS, "goes", space)
            await audited(client, informer)
            assert informer.reflector.counts["relists: silent"]
            assert {("ADDED", "comes"), ("DELETED", "goes")} <= set(told)
        finally:
            await on(embedded, lambda cluster: cluster.faults.clear())


async def test_r2_what_was_compacted_meanwhile_is_found_by_a_list(embedded, client, space_name):
    api = Resources(client)
    space = await space_of(api, space_name)
    await write(api, space, "goes")
    async with informing(client, space) as (informer, told):
        try:
            await on(embedded, lambda cluster: cluster.faults.reset(plural="configmaps", verb="watch", times=10_000))
            await on(embedded, lambda cluster: cluster.server.hub.end_all())
            await write(api, space, "comes")
            await api.delete(CONFIGMAPS, "goes", space)
            await on(embedded, lambda cluster: cluster.storage.compact(cluster.storage.revision))
            await on(embedded, lambda cluster: cluster.faults.clear())
            await audited(client, informer, seconds=120.0)
            assert informer.reflector.counts["relists: expired"]
            assert {("ADDED", "comes"), ("DELETED", "goes")} <= set(told)
        finally:
            await on(embedded, lambda cluster: cluster.faults.clear())


async def test_r7_that_a_kind_is_watched_at_last_is_said_at_once_and_not_when_its_first_watch_ends(client, capfd):
    latecomers = Kind("late.example.com", "v1", "Latecomer", "latecomers")
    informer = Informer(client, latecomers, "", lasting=(3600.0, 3600.0))
    task = asyncio.create_task(informer.run())
    try:
        await until(lambda: "cannot be watched" in capfd.readouterr().out, "nobody knows the kind yet")
        await serve(Resources(client), latecomers)
        await until(lambda: "is watched now" in capfd.readouterr().out, "it is known, and watched")
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_r16_what_an_informer_went_through_is_counted(embedded, client, space_name):
    api, counted, registry = Resources(client), Counted(), CollectorRegistry()
    counted.attach(registry)
    space = await space_of(api, space_name)
    await write(api, space, "goes")
    informer = Informers(client, metrics=counted).get(CONFIGMAPS, space)
    labels = {"resource": "configmaps", "namespace": space, "selector": "", "kept": "all"}

    def value(name, **more):
        return registry.get_sample_value(f"poblano_watch_{name}", {**labels, **more})

    task = asyncio.create_task(informer.run())
    try:
        async with asyncio.timeout(120):
            await informer.synced()
        assert (value("synced"), value("lists_total"), value("errors_total")) == (1, 0, 0)
        assert value("sync_seconds") > 0
        await on(embedded, lambda cluster: cluster.faults.refuse(410, times=1, plural="configmaps", verb="watch"))
        await on(embedded, lambda cluster: cluster.server.hub.end_all())
        await api.delete(CONFIGMAPS, "goes", space)
        await until(lambda: value("relists_total", reason="expired"), "it is listed anew", 120.0)
        await audited(client, informer, 120.0)
        assert value("lists_total") >= 1
        assert value("errors_total") >= 1
        assert value("watches_total") >= 2
        assert value("recovered_total") >= value("tombstones_total")
        assert value("objects") == len(informer.cache)
        assert value("quiet_seconds") >= 0
    finally:
        await on(embedded, lambda cluster: cluster.faults.clear())
        task.cancel()
        await asyncio.wait([task])
