"""W6: where Pepr may not list, it watches from no version, and every object is reconciled anew at each resync."""

from __future__ import annotations

from collections import Counter

import pytest

from poblano import a
from poblano.client import ApiClient, Resources, connect, find_access
from poblano.cluster.serving.served import Settings
from tests.build.asked import plan
from tests.build.in_roles import access_as
from tests.cluster.serving_cluster import running
from tests.pepr.watchers import Counting, failing, idle, quick, shop_in, until, watching
from tests.watch.clusters import on, write


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    with quick(monkeypatch):
        yield


async def test_w6_who_may_not_list_says_so_and_runs_nothing_by_guess(embedded, api, space):
    shop, runs = shop_in(space), Counter()
    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(lambda one, ctx: runs.update([one.metadata.name]))
    for number in range(5):
        await write(api, space, f"item-{number}")
    async with Counting(find_access(embedded.kubeconfig)) as counting, watching(counting, shop) as watcher:
        await until(lambda: sum(runs.values()) == 5, "all are reconciled")
        old_server = [
            lambda faults: faults.refuse(400, verb="watch", plural="configmaps", times=1),
            lambda faults: faults.refuse(403, verb="list", plural="configmaps"),
        ]
        async with failing(embedded, *old_server):
            await on(embedded, lambda cluster: cluster.server.hub.end_all())
            before = len(counting.asked)
            await until(lambda: len(counting.asked) > before + 4, "it goes on asking")
        for _ in range(3):
            await on(embedded, lambda cluster: cluster.server.hub.end_all())
            await idle(watcher)

    assert runs == Counter({f"item-{number}": 1 for number in range(5)})


async def test_w6_at_the_start_nothing_is_watched_from_no_version(embedded, api, space):
    shop, runs = shop_in(space), Counter()
    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(lambda one, ctx: runs.update([one.metadata.name]))
    for number in range(5):
        await write(api, space, f"item-{number}")
    no_list = [
        lambda faults: faults.refuse(400, verb="watch", plural="configmaps", times=1),
        lambda faults: faults.refuse(403, verb="list", plural="configmaps"),
    ]
    async with Counting(find_access(embedded.kubeconfig)) as counting:
        async with failing(embedded, *no_list), watching(counting, shop) as watcher:
            (informer,) = watcher.informers
            await until(lambda: len(counting.asked) > 4, "it goes on asking")
            assert "fault" in (informer.trouble or "")
            assert "configmaps" in (watcher.not_ready() or "")
        assert not [query for _, query in counting.asked if query.get("watch") and not _has_start(query)]
        async with watching(counting, shop) as watcher:
            await until(lambda: len(runs) == 5, "all are reconciled once it may")
            for _ in range(3):
                await on(embedded, lambda cluster: cluster.server.hub.end_all())
                await idle(watcher)

    assert runs == Counter({f"item-{number}": 1 for number in range(5)})


async def test_w6_the_roles_that_are_built_allow_the_list_and_nothing_is_refused(space):
    """In a cluster in which roles decide, and which cannot stream what there is: that is listed."""
    shop, runs, answers = shop_in(space), Counter(), Counter()
    shop.when(a.ConfigMap).with_name_regex("^item").reconcile(lambda one, ctx: runs.update([one.metadata.name]))
    planned = plan(shop, namespace="home")
    with running(Settings(rbac=True)) as cluster:
        access = await access_as(cluster.kubeconfig, planned, "watcher", space)
        async with connect(cluster.kubeconfig) as client:
            await write(Resources(client), space, "item-1")
        await on(cluster, lambda inner: inner.faults.refuse(400, verb="watch", plural="configmaps", times=1))
        told = ApiClient(access, observe=lambda method, host, code, seconds: answers.update([code]))
        async with told, watching(told, shop) as watcher:
            await until(lambda: runs, "it is reconciled")
            await idle(watcher)
            await on(cluster, lambda inner: inner.server.hub.end_all())
            await idle(watcher)

    assert runs == Counter({"item-1": 1})
    assert "403" not in answers


def _has_start(query):
    return query.get("resourceVersion") or query.get("sendInitialEvents")
