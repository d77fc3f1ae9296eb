"""What an informer makes of kinds, rights and namespaces that come and go; on both clusters."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from poblano.client import ApiClient, Resources, connect
from poblano.client.access import Impersonation
from poblano.client.kubeconfig import find_access
from poblano.cluster.serving.served import Settings
from poblano.core import backoff, trouble
from poblano.core.kinds import Kind
from poblano.watch.informer import Informer
from tests.cluster.serving_cluster import running
from tests.watch.clusters import CONFIGMAPS, audited, space_of, until, write
from tests.watch.informing import LONG, documents, informing, patiently

NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
DEFINITIONS = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
ROLES = Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)
BINDINGS = Kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, f"cached-{space_name}")


def definition(group):
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": [version]}
    return {"metadata": {"name": f"widgets.{group}"}, "spec": spec}


@pytest.fixture
def impatient(monkeypatch):
    """What is refused is asked for again soon; how long that is left alone is a promise of the reflector."""
    monkeypatch.setattr(trouble, "REFUSED_SECONDS", 0.1)
    monkeypatch.setattr(backoff, "FIRST", 0.1)


@pytest.mark.usefixtures("impatient")
async def test_r7_a_kind_that_is_installed_later_is_noticed_and_one_that_is_taken_away_and_put_back_as_well(api, space):
    group = f"{space}.example.com"
    widgets = Kind(group, "v1", "Widget", "widgets")
    web = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "web", "namespace": space}}

    async def made():
        return await patiently(lambda: api.apply(widgets, web, force=True))

    async with informing(informer := Informer(api._client, widgets, space), synced=False) as told:
        await until(lambda: "install what defines it" in (informer.trouble or ""), "the lack of it is said", LONG)
        assert informer.trouble.startswith(f"the API server has no widgets.{group} in version v1: ")
        await api.create(DEFINITIONS, definition(group))
        await made()
        await until(lambda: set(documents(informer)) == {"web"}, "it is noticed", LONG)
        await api.delete(DEFINITIONS, f"widgets.{group}")
        await until(lambda: informer.trouble is not None or not len(informer.cache), "it is noticed", LONG)
        await patiently(lambda: api.create(DEFINITIONS, definition(group)))
        again = await made()
        await until(lambda: [item.uid for item in informer.cache] == [again["metadata"]["uid"]], "it is back", LONG)
        assert [change.type for change in told] == ["ADDED", "DELETED", "ADDED"]
    await api.delete(DEFINITIONS, f"widgets.{group}")


@pytest.fixture(params=["embedded", pytest.param("control_plane", marks=pytest.mark.control_plane)])
def strict(request):
    """Clusters in which roles decide."""
    if request.param == "control_plane":
        yield request.getfixturevalue("control_plane").kubeconfig
    else:
        with running(Settings(rbac=True)) as cluster:
            yield cluster.kubeconfig


@pytest.mark.usefixtures("impatient")
async def test_r7_who_may_not_watch_is_told_the_rule_that_is_missing_and_goes_on_once_it_is_there(strict, space_name):
    user = f"clerk-{space_name}"
    access = find_access(strict, "")
    clerk = replace(access, user=replace(access.user, impersonate=Impersonation(user)))
    async with connect(strict) as client, ApiClient(clerk) as theirs:
        api = Resources(client)
        space = await space_of(api, f"ruled-{space_name}")
        await write(api, space, "before")
        async with informing(informer := Informer(theirs, CONFIGMAPS), synced=False):
            await until(lambda: "is forbidden" in (informer.trouble or ""), "the refusal is said", LONG)
            rule = r"ClusterRole with the rule \{apiGroups: \[(.*)\], resources: \[(.*)\], verbs: \[(.*)\]\}"
            said = re.search(rule, informer.trouble)
            assert said.groups() == ('""', '"configmaps"', '"list", "watch"')
            rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]}
            await api.create(ROLES, {"metadata": {"name": user}, "rules": [rule]})
            subject = {"kind": "User", "name": user, "apiGroup": ROLES.group}
            role = {"kind": "ClusterRole", "name": user, "apiGroup": ROLES.group}
            await api.create(BINDINGS, {"metadata": {"name": user}, "roleRef": role, "subjects": [subject]})
            await until(lambda: "before" in documents(informer), "it may, and does", LONG)


async def test_a_namespace_that_is_deleted_and_made_again_is_another_with_other_objects(client, space_name):
    api = Resources(client)
    space = await space_of(api, f"again-{space_name}")
    first = await write(api, space, "web")
    async with informing(informer := Informer(client, CONFIGMAPS, space)) as told:
        await api.delete(NAMESPACES, space)
        await until(lambda: not len(informer.cache), "all that was in it is gone", LONG)
        await patiently(lambda: space_of(api, space))
        second = await patiently(lambda: write(api, space, "web"))
        assert first["metadata"]["uid"] != second["metadata"]["uid"]
        await until(lambda: "web" in documents(informer), "the new one is known", LONG)
        about_web = [(change.type, change.item.uid) for change in told if change.item.key.name == "web"]
        uids = first["metadata"]["uid"], second["metadata"]["uid"]
        assert about_web == [("ADDED", uids[0]), ("DELETED", uids[0]), ("ADDED", uids[1])]
        await audited(client, informer, LONG)
