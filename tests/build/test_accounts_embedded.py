"""In an embedded cluster of the newest version, in which roles decide, the watchers of the examples are refused nothing.

It has no audit log: what is counted is what the client was answered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from poblano.cli.followers import watcher_of
from poblano.cli.keeping import kept
from poblano.cli.project import Project, load_project
from poblano.cli.replicas import leadership_of
from poblano.client import ApiClient, Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core.errors import NotFound
from poblano.core.kinds import Kind
from poblano.watch.counting import Counted
from tests.build.examples import EXAMPLES, plan_of_example
from tests.build.in_roles import access_as
from tests.cluster.serving_cluster import running
from tests.watch.clusters import CONFIGMAPS

WEBAPPS = Kind("examples.poblano.dev", "v1alpha1", "WebApp", "webapps")
STORES = Kind("poblano.dev", "v1", "PoblanoStore", "poblanostores")


@pytest.fixture(scope="module")
def cluster():
    with running(Settings(rbac=True, controllers=True)) as served:
        yield served


@asynccontextmanager
async def watching(cluster, example, *spaces, work="elected"):
    """Its watcher, with its account's token; yields whoever may do anything, and what was answered to the watcher."""
    answers = Counter()
    plan = plan_of_example(example, work=work)
    access = await access_as(cluster.kubeconfig, plan, "watcher", *spaces)
    project: Project = load_project(EXAMPLES / example)
    async with ApiClient(access, observe=lambda method, host, code, seconds: answers.update([code])) as client:
        watcher = watcher_of(project, client, leadership_of(project, access, work, Counted()))
        async with connect(cluster.kubeconfig) as anybody, kept(project, client):
            task = asyncio.create_task(watcher.run())
            try:
                yield Resources(anybody), answers
            finally:
                watcher.stop()
                await task


async def there(api, kind, name, space, holds=lambda one: True):
    """Wait until an object is there, and is so."""
    async with asyncio.timeout(90):
        while True:
            try:
                if holds(one := await api.get(kind, name, space)):
                    return one
            except NotFound:
                pass
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("work", ["elected", "shared"])
async def test_the_watcher_of_hello_is_refused_nothing(cluster, work):
    async with watching(cluster, "hello", "poblano-demo", "poblano-demo-2", work=work) as (api, answers):
        joke = {"name": work, "namespace": "poblano-demo", "labels": {"chuck-norris": "please"}}
        await api.create(CONFIGMAPS, {"metadata": joke})
        await there(api, CONFIGMAPS, work, "poblano-demo", lambda one: "chuck-says" in one.get("data", {}))
        await there(api, CONFIGMAPS, "poblano-ssa-demo", "poblano-demo-2")
        await there(api, STORES, "poblano-hello-hello", "poblano-system")
    assert "403" not in answers


async def test_the_watcher_of_the_operator_is_refused_nothing(cluster):
    async with watching(cluster, "operator", "pages") as (api, answers):
        await api.create(WEBAPPS, {"metadata": {"name": "page", "namespace": "pages"}, "spec": {"theme": "dark"}})
        await api.create(
            WEBAPPS, {"metadata": {"name": "1-names-no-service", "namespace": "pages"}, "spec": {"theme": "dark"}}
        )
        await there(api, WEBAPPS, "page", "pages", is_ready)
        await api.delete(WEBAPPS, "page", "pages")
        async with asyncio.timeout(90):
            while "page" in {one["metadata"]["name"] for one in (await api.list(WEBAPPS, "pages")).items}:
                await asyncio.sleep(0.05)
    assert "403" not in answers


def is_ready(app):
    return any(one["status"] == "True" for one in app.get("status", {}).get("conditions", ()))
