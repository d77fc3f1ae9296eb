"""The official Python client, typed and dynamic, with the kubeconfig that the cluster wrote."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.leaderelection import electionconfig
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from tests.cluster.serving_cluster import Running

_numbers = itertools.count(1)
GROUP = "shop.example.com"


@pytest.fixture(scope="module")
def api(cluster: Running) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(str(cluster.kubeconfig)) as made:
        yield made


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture
def ns(core: client.CoreV1Api) -> str:
    name = f"official-{next(_numbers)}"
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    return name


def settings(name: str, **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"app": "x"}), data=data)


def web(replicas: int = 1) -> client.V1Deployment:
    pod = client.V1PodSpec(containers=[client.V1Container(name="main", image="nginx")])
    labels = {"app": "web"}
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels), spec=pod)
    spec = client.V1DeploymentSpec(
        replicas=replicas, selector=client.V1LabelSelector(match_labels=labels), template=template
    )
    return client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)


def test_typed_objects_are_made_read_replaced_and_deleted(core: client.CoreV1Api, ns: str):
    made = core.create_namespaced_config_map(ns, settings("a", x="1"))
    assert made.metadata.uid
    made.data["x"] = "2"
    replaced = core.replace_namespaced_config_map("a", ns, made)
    assert core.read_namespaced_config_map("a", ns) == replaced
    with pytest.raises(ApiException) as stale:
        core.replace_namespaced_config_map("a", ns, made)
    assert (stale.value.status, stale.value.reason) == (409, "Conflict")
    core.delete_namespaced_config_map("a", ns)
    with pytest.raises(ApiException) as gone:
        core.read_namespaced_config_map("a", ns)
    assert gone.value.status == 404


def test_a_list_is_read_in_pages(core: client.CoreV1Api, ns: str):
    for number in range(5):
        core.create_namespaced_config_map(ns, settings(f"s{number}"))
    seen: list[str] = []
    token = None
    while token != "":
        page = core.list_namespaced_config_map(ns, limit=2, _continue=token, label_selector="app=x")
        seen += [one.metadata.name for one in page.items]
        token = page.metadata._continue or ""
    assert seen == [f"s{number}" for number in range(5)]
    core.delete_collection_namespaced_config_map(ns, label_selector="app=x")
    assert core.list_namespaced_config_map(ns, label_selector="app=x").items == []


def test_a_deployment_keeps_its_types_and_is_scaled(api: client.ApiClient, ns: str):
    apps = client.AppsV1Api(api)
    made = apps.create_namespaced_deployment(ns, web())
    assert made.metadata.creation_timestamp.tzinfo is not None
    assert made.spec.strategy.rolling_update.max_surge == "25%"
    scale = apps.read_namespaced_deployment_scale("web", ns)
    scale.spec.replicas = 4
    apps.replace_namespaced_deployment_scale("web", ns, scale)
    apps.patch_namespaced_deployment_status("web", ns, {"status": {"replicas": 3}})
    now = apps.read_namespaced_deployment("web", ns)
    assert (now.spec.replicas, now.status.replicas) == (4, 3)


@pytest.mark.parametrize(
    ("content_type", "patch", "names"),
    [
        ("application/strategic-merge-patch+json", {"containers": [{"name": "b", "image": "b"}]}, {"main", "b"}),
        ("application/merge-patch+json", {"containers": [{"name": "b", "image": "b"}]}, {"b"}),
    ],
    ids=["strategic", "merge"],
)
def test_patches_of_every_type(api: client.ApiClient, ns: str, content_type: str, patch: Any, names: set[str]):
    apps = client.AppsV1Api(api)
    apps.create_namespaced_deployment(ns, web())
    body = {"spec": {"template": {"spec": patch}}}
    now = apps.patch_namespaced_deployment("web", ns, body, _content_type=content_type)
    assert {one.name for one in now.spec.template.spec.containers} == names
    operations = [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]
    assert apps.patch_namespaced_deployment("web", ns, operations).metadata.labels == {"a": "b"}


def test_server_side_apply_and_its_conflicts(core: client.CoreV1Api, ns: str):
    def applied(manager: str, *, force: bool = False, **data: str) -> client.V1ConfigMap:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}
        return core.patch_namespaced_config_map(
            "a", ns, body, field_manager=manager, force=force, _content_type="application/apply-patch+yaml"
        )

    applied("one", x="1", y="1")
    with pytest.raises(ApiException) as conflict:
        applied("two", x="2")
    assert conflict.value.status == 409
    applied("two", force=True, x="2")
    assert applied("one", z="1").data == {"x": "2", "z": "1"}


def test_a_watch_goes_on_where_another_ended(core: client.CoreV1Api, ns: str):
    core.create_namespaced_config_map(ns, settings("a"))
    first = watch.Watch()
    for event in first.stream(
        core.list_namespaced_config_map, ns, field_selector="metadata.name=a", timeout_seconds=90
    ):
        assert (event["type"], event["object"].metadata.name) == ("ADDED", "a")
        first.stop()
    core.patch_namespaced_config_map("a", ns, {"data": {"x": "1"}})
    core.create_namespaced_config_map(ns, settings("b"))
    core.delete_namespaced_config_map("a", ns)
    second, seen = watch.Watch(), []
    version = event["object"].metadata.resource_version
    for event in second.stream(core.list_namespaced_config_map, ns, resource_version=version, timeout_seconds=90):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            second.stop()
    assert [one for one in seen if one[1] in "ab"] == [("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def definition() -> dict[str, Any]:
    spec = {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1, "default": 3}}}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": free}}},
    }
    names = {"plural": "carts", "singular": "cart", "kind": "Cart", "listKind": "CartList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"carts.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]},
    }


@pytest.fixture(scope="module")
def carts(api: client.ApiClient) -> None:
    """A custom kind that is served."""
    extensions = client.ApiextensionsV1Api(api)
    extensions.create_custom_resource_definition(definition())
    for event in (watching := watch.Watch()).stream(extensions.list_custom_resource_definition, timeout_seconds=90):
        found = event["object"]
        accepted = (
            {one.type for one in found.status.conditions or [] if one.status == "True"} if found.status else set()
        )
        if found.metadata.name == f"carts.{GROUP}" and "Established" in accepted:
            watching.stop()


def cart(name: str, **spec: object) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": "Cart", "metadata": {"name": name}, "spec": spec}


@pytest.mark.usefixtures("carts")
def test_custom_objects(api: client.ApiClient, ns: str):
    custom = client.CustomObjectsApi(api)
    made = custom.create_namespaced_custom_object(GROUP, "v1", ns, "carts", cart("a", colour="red"))
    assert made["spec"] == {"size": 3}
    with pytest.raises(ApiException) as invalid:
        custom.create_namespaced_custom_object(GROUP, "v1", ns, "carts", cart("b", size=0))
    assert invalid.value.status == 422
    custom.patch_namespaced_custom_object_status(GROUP, "v1", ns, "carts", "a", {"status": {"full": True}})
    (only,) = custom.list_namespaced_custom_object(GROUP, "v1", ns, "carts")["items"]
    assert only["status"] == {"full": True}
    custom.delete_namespaced_custom_object(GROUP, "v1", ns, "carts", "a")


@pytest.mark.usefixtures("carts")
def test_the_dynamic_client_finds_every_kind(api: client.ApiClient, ns: str):
    found = dynamic.DynamicClient(api)
    pods = found.resources.get(api_version="v1", kind="Pod")
    assert (pods.name, pods.namespaced) == ("pods", True)
    kind = found.resources.get(api_version=f"{GROUP}/v1", kind="Cart")
    kind.create(body=cart("a"), namespace=ns)
    kind.patch(body={"spec": {"size": 5}}, name="a", namespace=ns, content_type="application/merge-patch+json")
    kind.server_side_apply(body=cart("a", size=6), name="a", namespace=ns, field_manager="me", force_conflicts=True)
    assert kind.get(name="a", namespace=ns).spec.size == 6
    assert [one.metadata.name for one in kind.get(namespace=ns).items] == ["a"]
    version = kind.get(namespace=ns).metadata.resourceVersion
    kind.delete(name="a", namespace=ns)
    events = kind.watch(namespace=ns, resource_version=version, timeout=90)
    assert next(events)["type"] == "DELETED"
    events.close()


def test_a_token_lets_its_service_account_in(api: client.ApiClient, core: client.CoreV1Api, cluster: Running, ns: str):
    core.create_namespaced_service_account(ns, client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="robot")))
    asked = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600))
    token = core.create_namespaced_service_account_token("robot", ns, asked).status.token
    settings_ = client.Configuration()
    settings_.host, settings_.ssl_ca_cert = cluster.url, api.configuration.ssl_ca_cert
    settings_.api_key = {"authorization": f"Bearer {token}"}
    with client.ApiClient(settings_) as robot:
        who = client.AuthenticationV1Api(robot).create_self_subject_review({})
        assert who.status.user_info.username == f"system:serviceaccount:{ns}:robot"
        with pytest.raises(ApiException) as forbidden:
            client.CoreV1Api(robot).list_namespaced_secret(ns)
    assert forbidden.value.status == 403


def test_a_leader_is_elected_with_a_lease(api: client.ApiClient, ns: str):
    lock = LeaseLock("leader", ns, "me")
    lock.api_instance = client.CoordinationV1Api(api)
    held: list[str] = []

    def lead() -> None:
        held.append(lock.api_instance.read_namespaced_lease("leader", ns).spec.holder_identity)
        raise RuntimeError("enough")  # which ends the election: it has no other end

    election = electionconfig.Config(
        lock,
        lease_duration=5,
        renew_deadline=3,
        retry_period=1,
        onstarted_leading=lead,
        onstopped_leading=lambda: held.append("-"),
    )
    LeaderElection(election).run()
    assert held == ["me", "-"]


def test_a_pod_is_evicted_and_versions_are_told(api: client.ApiClient, core: client.CoreV1Api, ns: str):
    pod = client.V1Pod(
        metadata=client.V1ObjectMeta(name="p"),
        spec=client.V1PodSpec(containers=[client.V1Container(name="main", image="nginx")]),
    )
    core.create_namespaced_pod(ns, pod)
    core.create_namespaced_pod_eviction("p", ns, client.V1Eviction(metadata=client.V1ObjectMeta(name="p")))
    assert core.list_namespaced_pod(ns).items == []
    assert client.VersionApi(api).get_code().minor == "36"
    assert "apps" in [group.name for group in client.ApisApi(api).get_api_versions().groups]
