"""What a cache has: the metadata alone, what we wrote ourselves, and what is told again; on both clusters."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from poblano import Capability, Context, Module, a
from poblano.client import Resources, connect
from poblano.core.marks import LabelIs
from poblano.core.projection import EVERY_FIELD, FULL, METADATA
from poblano.core.selectors import Selector
from poblano.watch.informer import Informer
from poblano.watch.watcher import Watcher
from tests.watch.clusters import CONFIGMAPS, audited, on, space_of, until, write
from tests.watch.informing import LONG, documents, informing


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, f"cached-{space_name}")


async def test_r14_of_metadata_alone_no_more_is_fetched_and_kept(api, space, monkeypatch):
    accepted, once = [], api._client.once

    def asked(path, **more):
        accepted.append(more["headers"].get("Accept", "all"))
        return once(path, **more)

    monkeypatch.setattr(api._client, "once", asked)
    await write(api, space, "before", much="x" * 10_000)
    async with informing(Informer(api._client, CONFIGMAPS, space, projection=METADATA)) as told:
        informer_of = {change.item.key.name: msgspec.json.decode(change.item.raw) for change in told}
        before = informer_of["before"]
        assert (before["kind"], before["apiVersion"]) == ("ConfigMap", "v1")
        assert set(before) == {"kind", "apiVersion", "metadata"}
        assert "managedFields" not in before["metadata"]
        assert before["metadata"]["uid"]
        await write(api, space, "new", much="x" * 10_000)
        await until(lambda: any(change.item.key.name == "new" for change in told), "the new one is told", LONG)
        (new,) = (change.item for change in told if change.item.key.name == "new")
        assert [one for one in accepted if "as=PartialObjectMetadata" not in one] == []
        assert len(new.raw) < 2_000
        assert set(msgspec.json.decode(new.raw)) == {"kind", "apiVersion", "metadata"}


async def test_r14_managed_fields_are_kept_for_who_wants_them(api, space):
    await write(api, space, "before", a="1")
    async with (
        informing(whole := Informer(api._client, CONFIGMAPS, space, projection=EVERY_FIELD)),
        informing(usual := Informer(api._client, CONFIGMAPS, space, projection=FULL)),
    ):
        kept, dropped = documents(whole)["before"], documents(usual)["before"]
        assert kept["metadata"].pop("managedFields")
        assert kept == dropped


async def test_r14_a_rule_about_metadata_is_given_metadata(api, space):
    shop, seen = Capability("shop", namespaces=[space]), []
    chain = shop.when(a.ConfigMap).with_name("web").metadata_only()
    chain.reconcile(lambda one, ctx: seen.append((one.metadata.name, dict(one.data))))
    await write(api, space, "web", a="1")
    watcher = Watcher(Module(shop).bindings, api._client, uuid="hello")
    task = asyncio.create_task(watcher.run())
    try:
        await until(lambda: seen or task.done(), "it is reconciled", LONG)
        assert seen[0] == ("web", {})
        assert [one.projection for one in watcher.informers] == [METADATA]
    finally:
        watcher.stop()
        await task


async def test_w4_a_cache_has_what_we_wrote_at_once_and_the_watch_says_it_no_second_time(api, space):
    async with informing(informer := Informer(api._client, CONFIGMAPS, space)) as told:
        written = await write(api, space, "ours", n="1")
        informer.wrote(written)
        assert documents(informer)["ours"]["data"] == {"n": "1"}
        await write(api, space, "theirs", n="1")
        await until(lambda: "theirs" in documents(informer), "the watch has come as far", LONG)
        about_ours = [change for change in told if change.item.key.name == "ours"]
        assert [change.type for change in about_ours] == ["ADDED"]
        await audited(api._client, informer, LONG)


async def test_w4_what_was_overtaken_when_we_hear_of_it_is_not_brought_back(api, space):
    async with informing(informer := Informer(api._client, CONFIGMAPS, space)):
        written = await write(api, space, "ours", n="1")
        await until(lambda: "ours" in documents(informer), "the watch says it first", LONG)
        await api.delete(CONFIGMAPS, "ours", space)
        await until(lambda: "ours" not in documents(informer), "it is gone", LONG)
        informer.wrote(written)
        assert "ours" not in documents(informer)


async def test_w4_what_is_none_of_a_caches_business_does_not_get_into_it(api, space):
    selected = Informer(api._client, CONFIGMAPS, space, selector=Selector.of(LabelIs("tier", frozenset({"data"}))))
    async with informing(selected), informing(elsewhere := Informer(api._client, CONFIGMAPS, "default")):
        metadata = {"name": "ours", "namespace": space, "labels": {"tier": "web"}}
        written = await api.apply(CONFIGMAPS, {"metadata": metadata}, force=True)
        for informer in (selected, elsewhere):
            informer.wrote(written)
            informer.wrote({**written, "kind": "Scale", "apiVersion": "autoscaling/v1"})
            assert "ours" not in documents(informer)
        labelled = {**metadata, "labels": {"tier": "data"}}
        selected.wrote(await api.apply(CONFIGMAPS, {"metadata": labelled}, force=True))
        assert "ours" in documents(selected)
        going = await api.apply(CONFIGMAPS, {"metadata": {**labelled, "name": "going"}}, force=True)
        going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        selected.wrote(going)
        assert ("going" in documents(selected)) is any(item.key.name == "going" for item in selected.cache)


async def test_r15_what_is_known_is_told_again_without_a_list(api, space):
    await write(api, space, "before", a="1")
    async with informing(informer := Informer(api._client, CONFIGMAPS, space, resync=0.2)) as told:
        lists = informer.reflector.counts["lists"]
        again = [("MODIFIED", "before")] * 3
        names = lambda: [(change.type, change.item.key.name) for change in told if change.item is change.old]  # noqa: E731
        await until(lambda: [one for one in names() if one[1] == "before"][:3] == again, "it is told three times", LONG)
        assert informer.reflector.counts["lists"] == lists


async def test_r15_what_cannot_be_told_again_is_told_the_next_time(api, space, capsys):
    await write(api, space, "before", a="1")
    informer, failing = Informer(api._client, CONFIGMAPS, space, resync=0.05), [1, 1]

    def tell(change):
        if change.item is change.old and failing:
            failing.pop()
            raise LookupError("what nobody has thought of")

    informer.subscribe(tell)
    async with informing(informer) as told:
        await until(lambda: not failing and any(change.item is change.old for change in told), "it is told", LONG)
    assert capsys.readouterr().out.count("what is known could not be told once more") == 2


async def test_r15_nothing_is_told_again_unless_that_is_asked_for(api, space):
    await write(api, space, "before", a="1")
    async with informing(informer := Informer(api._client, CONFIGMAPS, space)) as told:
        await write(api, space, "new", a="1")
        await until(lambda: "new" in documents(informer), "something else has happened", LONG)
        assert not [change for change in told if change.item is change.old]
        informer.resync()
        assert [change.item for change in told if change.item is change.old] == list(informer.cache)


async def test_w4_an_action_that_asks_for_what_it_made_is_told_of_it_at_once(api, space):
    shop, seen = Capability("shop", namespaces=[space]), []

    @shop.when(a.ConfigMap).with_label("makes", "three").owns(a.ConfigMap).reconcile
    async def make(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        for number in range(3):
            await ctx.apply(a.ConfigMap(metadata={"name": f"{one.metadata.name}-{number}"}))
            seen.append((number, sorted(child.metadata.name for child in await ctx.children(a.ConfigMap))))

    labelled = {"name": "web", "namespace": space, "labels": {"makes": "three"}}
    await api.apply(CONFIGMAPS, {"metadata": labelled}, force=True)
    watcher = Watcher(Module(shop).bindings, api._client, uuid="hello")
    task = asyncio.create_task(watcher.run())
    try:
        await until(lambda: len(seen) >= 3 or task.done(), "all three are made", LONG)
        assert seen[:3] == [(number, [f"web-{made}" for made in range(number + 1)]) for number in range(3)]
        assert len(watcher.informers) == 1
    finally:
        watcher.stop()
        await task


async def test_r11_a_list_of_what_is_known_keeps_what_is_kept(embedded, client, space_name):
    api = Resources(client)
    space = await space_of(api, f"kept-{space_name}")
    for number in range(5):
        await write(api, space, f"item-{number}", n=str(number))
    async with informing(informer := Informer(client, CONFIGMAPS, space)):
        before = {item.key: item for item in informer.cache}
        try:
            relists = informer.reflector.counts["relists: expired"]
            await on(embedded, lambda cluster: cluster.faults.refuse(410, times=1, plural="configmaps", verb="watch"))
            await on(embedded, lambda cluster: cluster.server.hub.end_all())
            await until(lambda: informer.reflector.counts["relists: expired"] > relists, "it is listed anew", LONG)
            await until(lambda: informer.trouble is None, "it is watched again", LONG)
            assert all(item is before[item.key] for item in informer.cache)
            assert informer.reflector.counts["recovered"] == 0
        finally:
            await on(embedded, lambda cluster: cluster.faults.clear())
