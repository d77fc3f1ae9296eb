"""API servers take what is built and honour it: a real one of 1.20, and the embedded one of 1.36."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from poblano import Capability, a
from poblano.admission.webhooks import KINDS
from poblano.build.plan import Plan
from poblano.client import ApiClient, Resources, connect, find_access
from poblano.client.access import Impersonation
from poblano.cluster.serving.served import Settings as Serving
from poblano.core.entries import LABEL_NAMESPACE
from poblano.core.errors import AlreadyExists, ApiError
from poblano.core.registered import accounts, policies
from tests.build.asked import manifests, plan
from tests.build.judged import approve
from tests.cluster.serving_cluster import running
from tests.cluster.webhooks.listening import Listener, listening

MARK = "poblano.dev/reaches"
"""Only what bears it is asked about, so that nothing else in the cluster is."""

_numbers = itertools.count()


@dataclass
class Target:
    """An API server."""

    kubeconfig: Path
    version: tuple[int, int]


@pytest.fixture(scope="module", params=[(1, 36), (1, 20)], ids=["embedded", "real"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """One after the other."""
    if request.param == (1, 20):
        plane = request.getfixturevalue("control_plane")
        yield Target(plane.kubeconfig, plane.version)
    else:
        with running(Serving()) as cluster:
            yield Target(cluster.kubeconfig, (1, 36))


def module(own: str) -> Plan:
    one = Capability("shop", on_error="audit")
    one.when(a.ConfigMap).is_created().with_label(MARK).with_name("wanted").validate(approve)
    one.when(a.ConfigMap).is_created().with_label(MARK).with_name_regex("^also-").where(lambda each: True).mutate(
        lambda each: None
    )
    return plan(one, additional={f"{own}-apart": "Fail"}, namespace=own)


def for_version(planned: Plan, version: tuple[int, int]) -> Plan:
    return replace(planned, options=replace(planned.options, kubernetes=version))


def sent_to(listener: Listener, configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration, its webhooks called here, each by its name. The test's own server is not one of the cluster's."""
    here = copy.deepcopy(configuration)
    for one in here["webhooks"]:
        one["clientConfig"] = {"url": listener.url(one["name"]), "caBundle": listener.identity.bundle}
    return here


@asynccontextmanager
async def registered(api: Resources, listener: Listener, planned: Plan, own: str) -> AsyncGenerator[None]:
    """The module's webhooks in a cluster, for the length of the block."""
    kinds = {kind.kind: kind for kind in KINDS.values()}
    made = [sent_to(listener, one) for one in manifests(planned, own).values()]
    for one in made:
        one["metadata"]["name"] = own
        await api.create(kinds[one["kind"]], one, strict=True)
    try:
        yield
    finally:
        for one in made:
            await api.delete(kinds[one["kind"]], own)


@asynccontextmanager
async def labelled(api: Resources, *names: str) -> AsyncGenerator[None]:
    """Namespaces, which bear their names as labels: of an old server, they are given them."""
    existed = [one.metadata.name async for one in _namespaces(api)]
    for name in names:
        labels = {LABEL_NAMESPACE: name}
        await api.apply(a.Namespace, {"metadata": {"name": name, "labels": labels}}, force=True)
    try:
        yield
    finally:
        for name in names:
            if name in existed:
                await api.patch(a.Namespace, name, {"metadata": {"labels": {LABEL_NAMESPACE: None}}})
            else:
                await api.delete(a.Namespace, name)


async def _namespaces(api: Resources) -> AsyncGenerator[a.Namespace]:
    for item in (await api.list(a.Namespace)).items:
        yield a.Namespace.of(item)


async def post(api: Resources, namespace: str, name: str) -> None:
    """A ConfigMap that comes and goes."""
    metadata = {"name": name, "namespace": namespace, "labels": {MARK: "yes"}}
    await api.create(a.ConfigMap, {"metadata": metadata})
    await api.delete(a.ConfigMap, name, namespace)


def nowhere_left_out(own: str) -> Plan:
    """A selector of no namespace at all would have an empty list, which no server takes."""
    one = Capability("shop", on_error="audit", namespaces=["kube-system", own])
    one.when(a.ConfigMap).is_created().with_label(MARK).validate(approve)
    one.when(a.ConfigMap).is_created().with_label(MARK).mutate(lambda each: None)
    return plan(one, namespace=own)


@pytest.mark.parametrize("made", [module, nowhere_left_out])
async def test_a_server_takes_what_is_built_for_it_and_leaves_nothing_out(target: Target, made: Callable[[str], Plan]):
    own = f"taken-{next(_numbers)}"
    planned = for_version(made(own), target.version)
    async with connect(target.kubeconfig) as client:
        api = Resources(client)
        for phase, configuration in zip(KINDS, manifests(planned, own).values(), strict=True):
            configuration["metadata"]["name"] = own
            stored = await api.create(KINDS[phase], configuration, strict=True)
            await api.delete(KINDS[phase], own)

            assert stored["webhooks"] == configuration["webhooks"]


async def test_what_must_not_reach_a_webhook_does_not_and_all_else_does(target: Target):
    own = f"reach-{next(_numbers)}"
    apart, shop, system = f"{own}-apart", f"{own}-shop", "kube-system"
    planned = for_version(module(own), target.version)
    cel = planned.abilities.match_conditions
    path = "validate-ignore-10.hello.poblano.dev"
    mutating = "mutate-ignore-10.hello.poblano.dev"
    access = find_access(target.kubeconfig)
    watcher = Impersonation(user=accounts("hello", own)[1], groups=("system:masters",))
    itself = replace(access, user=replace(access.user, impersonate=watcher))
    with listening() as listener:
        async with connect(target.kubeconfig) as client, ApiClient(itself) as own_client:
            api, own_api = Resources(client), Resources(own_client)
            async with labelled(api, own, apart, shop, system), registered(api, listener, planned, own):
                await _known(api, listener, shop, {path, mutating})

                async def asked(namespace: str, name: str, who: Resources = api) -> set[str]:
                    listener.received.clear()
                    await post(who, namespace, name)
                    return set(listener.paths())

                both = {path} if cel else {path, mutating}
                assert await asked(shop, "wanted") == both
                assert await asked(shop, "unwanted") == (set() if cel else both)
                assert await asked(shop, "also-wanted") == ({mutating} if cel else both)
                assert await asked(own, "wanted") == set()
                assert await asked(system, "wanted") == set()
                assert await asked(apart, "wanted") == {f"{apart}.{one}" for one in both}
                assert await asked(shop, "wanted", own_api) == (set() if cel else both)


async def _known(api: Resources, listener: Listener, namespace: str, paths: set[str]) -> None:
    """A server hears of a configuration through a watch: ask until it calls."""
    async with asyncio.timeout(90):
        while not paths <= set(listener.paths()):
            await post(api, namespace, "wanted")
            await post(api, namespace, "also-wanted")
            await asyncio.sleep(0.02)


async def test_a_cluster_whose_admission_pods_are_all_gone_gets_up_by_itself(target: Target):
    """Armed, and nobody answers: the Service that is called is not even there. What is needed to have it back goes on."""
    own = f"gone-{next(_numbers)}"
    shop, system = f"{own}-shop", "kube-system"
    one = Capability("shop")
    one.when(a.Pod).is_created_or_updated().with_label(MARK).validate(approve)
    one.when(a.ConfigMap).is_created_or_updated().with_label(MARK).validate(name="configs")(approve)
    planned = for_version(plan(one, namespace=own), target.version)
    (configuration,) = manifests(planned, own).values()
    configuration["metadata"]["name"] = own
    armed = policies(planned.entries, "hello")["validate"]
    for webhook in configuration["webhooks"]:
        webhook["failurePolicy"] = armed[webhook["name"]]
    async with connect(target.kubeconfig) as client:
        api = Resources(client)
        async with labelled(api, own, shop, system):
            await _accounts(api, own, shop)
            async with registered_as_is(api, configuration):
                async with asyncio.timeout(90):
                    while await _allowed(api, _pod(shop)):
                        await asyncio.sleep(0.02)

                refused = [one for one in _needed(shop) if not await _allowed(api, one)]
                assert [one["kind"] for one in refused] == ["ConfigMap", "Pod"]
                for one in (*_needed(own), *_needed(system), *_of_the_cluster(own)):
                    assert await _allowed(api, one), one
                await api.apply(KINDS["validate"], configuration, force=True)  # it can be deployed anew


@asynccontextmanager
async def registered_as_is(api: Resources, configuration: dict[str, Any]) -> AsyncGenerator[None]:
    """The configuration as it is; at the end it is gone, and known to be."""
    await api.create(KINDS["validate"], configuration, strict=True)
    try:
        yield
    finally:
        await api.delete(KINDS["validate"], configuration["metadata"]["name"])


async def _accounts(api: Resources, *namespaces: str) -> None:
    """A Pod needs an account, which a namespace without controllers would not have."""
    for namespace in namespaces:
        metadata = {"name": "default", "namespace": namespace}
        with suppress(AlreadyExists):
            await api.create(a.ServiceAccount, {"metadata": metadata})


def _pod(namespace: str) -> dict[str, Any]:
    return _object(
        "v1",
        "Pod",
        namespace,
        spec={"containers": [{"name": "c", "image": "c"}], "automountServiceAccountToken": False},
    )


def _needed(namespace: str) -> list[dict[str, Any]]:
    """What pods are made of."""
    labels = {"app": "c"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": pod}
    return [
        _object("v1", "ConfigMap", namespace),
        _object("v1", "Secret", namespace),
        _object("v1", "ServiceAccount", namespace),
        _object("v1", "Service", namespace, spec={"ports": [{"port": 443}]}),
        _object("apps/v1", "Deployment", namespace, spec=spec),
        _object("coordination.k8s.io/v1", "Lease", namespace, spec={"holderIdentity": "me"}),
        _pod(namespace),
    ]


def _of_the_cluster(name: str) -> list[dict[str, Any]]:
    return [
        _object("v1", "Node", "", name),
        _object("v1", "Namespace", "", f"{name}-more"),
        _object("rbac.authorization.k8s.io/v1", "ClusterRole", "", name, rules=[]),
    ]


def _object(api_version: str, kind: str, namespace: str, name: str = "needed", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "labels": {MARK: "yes"}, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


async def _allowed(api: Resources, document: dict[str, Any]) -> bool:
    """Whether it can be made; nothing is."""
    kind = getattr(a, document["kind"])
    try:
        await api.create(kind, document, dry_run=True)
    except ApiError as error:
        if "failed calling webhook" not in str(error):
            raise
        return False
    return True
