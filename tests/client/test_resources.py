"""The verbs against a real API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import pytest

from poblano.client.deleting import Preconditions
from poblano.client.discovery import discover, server_version
from poblano.client.resources import Resources
from poblano.client.transport import ApiClient, connect
from poblano.core.context import Running, running
from poblano.core.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    MalformedObject,
    NotFound,
    Unauthorized,
)
from poblano.core.kinds import Kind
from poblano.core.objects import Resource
from tests.client.loopback import Reply, client_of, serving, status

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane

NAMESPACE = "client-tests"
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
PODS = Kind("", "v1", "Pod", "pods")
CRDS = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)


class ConfigMap(Resource, group="", version="v1", plural="configmaps"):
    pass


def config(name: str, **data: str) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "data": data}


@pytest.fixture
async def client(control_plane: ControlPlane) -> AsyncGenerator[ApiClient]:
    async with connect(control_plane.kubeconfig) as opened:
        yield opened


@pytest.fixture
async def api(client: ApiClient) -> AsyncGenerator[Resources]:
    """The verbs, in a namespace that is empty of config maps again afterwards."""
    resources = Resources(client, field_manager="poblano-tests")
    await resources.apply(NAMESPACES, {"metadata": {"name": NAMESPACE}})
    yield resources
    await resources.delete_collection(ConfigMap, NAMESPACE)


async def test_what_is_created_can_be_got_listed_and_deleted(api: Resources):
    created = await api.create(ConfigMap, config("one", a="1"))

    assert await api.get(ConfigMap, "one", NAMESPACE) == created
    listing = await api.list(ConfigMap, NAMESPACE, field_selector="metadata.name=one")
    assert listing.items == [created]
    assert int(listing.resource_version) >= int(created["metadata"]["resourceVersion"])
    await api.delete(ConfigMap, "one", NAMESPACE)
    with pytest.raises(NotFound, match='configmaps "one" not found') as caught:
        await api.get(ConfigMap, "one", NAMESPACE)
    assert (caught.value.status, caught.value.reason, caught.value.method) == (404, "NotFound", "GET")
    assert caught.value.path == f"/api/v1/namespaces/{NAMESPACE}/configmaps/one"


async def test_a_view_is_written_like_its_document(api: Resources):
    created = await api.create(ConfigMap, ConfigMap(metadata={"name": "view", "namespace": NAMESPACE}))

    assert created["kind"] == "ConfigMap"


async def test_a_name_that_is_taken_is_already_exists(api: Resources):
    await api.create(ConfigMap, config("taken"))

    with pytest.raises(AlreadyExists, match="update or apply it instead"):
        await api.create(ConfigMap, config("taken"))


async def test_the_server_may_make_a_name_up(api: Resources):
    created = await api.create(ConfigMap, {"metadata": {"generateName": "made-"}}, NAMESPACE)

    assert created["metadata"]["name"].startswith("made-")


async def test_a_stale_replace_is_a_conflict(api: Resources):
    first = await api.create(ConfigMap, config("stale", a="1"))
    second = await api.replace(ConfigMap, {**first, "data": {"a": "2"}})

    with pytest.raises(Conflict, match="read it again") as caught:
        await api.replace(ConfigMap, {**first, "data": {"a": "3"}})

    assert not isinstance(caught.value, AlreadyExists)
    assert (await api.get(ConfigMap, "stale", NAMESPACE))["data"] == second["data"] == {"a": "2"}


async def test_a_mapping_is_a_merge_patch_and_a_list_a_json_patch(api: Resources):
    await api.create(ConfigMap, config("patched", a="1", b="2"))

    await api.patch(ConfigMap, "patched", {"data": {"a": None}}, NAMESPACE)
    patched = await api.patch(ConfigMap, "patched", [{"op": "add", "path": "/data/c", "value": "3"}], NAMESPACE)

    assert patched["data"] == {"b": "2", "c": "3"}


async def test_a_json_patch_whose_test_fails_is_refused(api: Resources):
    await api.create(ConfigMap, config("tested", a="1"))

    with pytest.raises(Invalid):
        await api.patch(ConfigMap, "tested", [{"op": "test", "path": "/data/a", "value": "2"}], NAMESPACE)


async def test_apply_owns_its_fields_and_gives_them_up(api: Resources, client: ApiClient):
    await api.apply(ConfigMap, config("applied", ours="1", shared="1"))
    other = Resources(client, field_manager="somebody-else")

    with pytest.raises(Conflict, match=r"take it over: \.data\.shared \(poblano-tests\)"):
        await other.apply(ConfigMap, config("applied", shared="2"))
    taken = await other.apply(ConfigMap, config("applied", shared="2"), force=True)
    assert taken["data"] == {"ours": "1", "shared": "2"}
    assert (await api.apply(ConfigMap, config("applied")))["data"] == {"shared": "2"}


async def test_what_was_read_can_be_applied_without_its_managed_fields(api: Resources):
    read = await api.apply(ConfigMap, config("again", a="1"))

    again = await api.apply(ConfigMap, read)

    assert again["metadata"]["resourceVersion"] == read["metadata"]["resourceVersion"]


async def test_a_status_is_a_subresource(api: Resources):
    namespace = await api.get(NAMESPACES, NAMESPACE)

    replaced = await api.replace(NAMESPACES, namespace, subresource="status")

    assert replaced["metadata"]["name"] == NAMESPACE


@pytest.mark.parametrize("by_context", (False, True))
async def test_a_dry_run_changes_nothing(api: Resources, *, by_context: bool):
    await api.create(ConfigMap, config("dry", a="1"))
    token = running.set(Running("shop", "rule", dry_run=by_context))
    asked = {"dry_run": not by_context}
    try:
        assert (await api.create(ConfigMap, config("new"), **asked))["metadata"]["uid"]
        assert (await api.apply(ConfigMap, config("new"), **asked))["metadata"]["uid"]
        assert (await api.replace(ConfigMap, config("dry", a="2"), **asked))["data"] == {"a": "2"}
        assert (await api.patch(ConfigMap, "dry", {"data": {"a": "3"}}, NAMESPACE, **asked))["data"] == {"a": "3"}
        await api.delete(ConfigMap, "dry", NAMESPACE, **asked)
        await api.delete_collection(ConfigMap, NAMESPACE, **asked)
    finally:
        running.reset(token)

    assert (await api.get(ConfigMap, "dry", NAMESPACE))["data"] == {"a": "1"}
    with pytest.raises(NotFound):
        await api.get(ConfigMap, "new", NAMESPACE)


async def test_a_delete_keeps_to_its_preconditions(api: Resources):
    created = await api.create(ConfigMap, config("precious"))

    with pytest.raises(Conflict):
        await api.delete(ConfigMap, "precious", NAMESPACE, preconditions=Preconditions(uid="another"))
    uid = created["metadata"]["uid"]
    await api.delete(
        ConfigMap, "precious", NAMESPACE, preconditions=Preconditions(uid), propagation="Foreground", grace_seconds=0
    )


async def test_a_collection_is_deleted_by_its_labels(api: Resources):
    for name, tier in (("one", "data"), ("two", "data"), ("three", "web")):
        await api.create(ConfigMap, {"metadata": {"name": name, "namespace": NAMESPACE, "labels": {"tier": tier}}})

    await api.delete_collection(ConfigMap, NAMESPACE, label_selector="tier=data")

    names = {item["metadata"]["name"] for item in (await api.list(ConfigMap, NAMESPACE, label_selector="tier")).items}
    assert names == {"three"}


async def test_a_list_is_whole_whatever_the_size_of_its_pages(api: Resources):
    for number in range(5):
        await api.create(
            ConfigMap,
            {**config(f"item-{number}"), "metadata": {"name": f"item-{number}", "labels": {"paged": ""}}},
            NAMESPACE,
        )

    listing = await api.list(ConfigMap, NAMESPACE, label_selector="paged", page=2)

    assert [item["metadata"]["name"] for item in listing.items] == [f"item-{number}" for number in range(5)]
    assert {(item["apiVersion"], item["kind"]) for item in listing.items} == {("v1", "ConfigMap")}


async def test_a_list_everywhere_sees_every_namespace(api: Resources):
    await api.create(ConfigMap, config("here"))

    listing = await api.list(ConfigMap, field_selector="metadata.name=here")

    assert [item["metadata"]["namespace"] for item in listing.items] == [NAMESPACE]


async def test_an_invalid_object_says_which_field(api: Resources):
    with pytest.raises(Invalid, match=r"metadata\.name"):
        await api.create(ConfigMap, config("Not a name"))


async def test_a_malformed_object_is_a_bad_request(api: Resources):
    with pytest.raises(BadRequest):
        await api.create(ConfigMap, {"metadata": {"name": "x"}, "data": [1]}, NAMESPACE)


async def test_a_kind_that_is_not_served_says_what_to_check(api: Resources):
    with pytest.raises(NotFound, match=r"CustomResourceDefinition nothings\.nobody\.example\.com is installed"):
        await api.list(Kind("nobody.example.com", "v1", "Nothing", "nothings"), NAMESPACE)


async def test_a_stranger_is_told_which_rule_is_missing(control_plane: ControlPlane):
    async with connect(control_plane.kubeconfig_for("stranger")) as client:
        with pytest.raises(Forbidden) as caught:
            await Resources(client).list(PODS, "default")

    wanted = (
        'give stranger the rule {apiGroups: [""], resources: ["pods"], verbs: ["list"]} in a Role in namespace default'
    )
    assert caught.value.remedy == wanted


async def test_an_unknown_token_is_unauthorized(control_plane: ControlPlane):
    async with connect(control_plane.kubeconfig_for("nobody", token="wrong")) as client:
        with pytest.raises(Unauthorized, match="log in again"):
            await server_version_and_pods(client)


async def server_version_and_pods(client: ApiClient) -> None:
    await server_version(client)
    await Resources(client).list(PODS, "default")


async def test_acting_as_somebody_needs_the_right_to(control_plane: ControlPlane, tmp_path):
    for user in ("admin", "stranger"):
        path = control_plane.kubeconfig_for(user)
        acting = tmp_path / user
        acting.write_text(
            path.read_text().replace("token:", "as: stranger\n    as-groups: [system:masters]\n    token:")
        )

    async with connect(tmp_path / "admin") as client:
        await Resources(client).list(PODS, "default")
    async with connect(tmp_path / "stranger") as client:
        with pytest.raises(Forbidden, match=r'resources: \["(users|groups)"\], verbs: \["impersonate"\]'):
            await Resources(client).list(PODS, "default")


async def test_a_gone_resource_version_is_expired(client: ApiClient):
    with pytest.raises((Expired, BadRequest)):
        await client.request("GET", "/api/v1/configmaps", query={"limit": "1", "continue": "gone"})


async def test_pages_that_expire_are_listed_whole():
    first = {"metadata": {"resourceVersion": "1", "continue": "next"}, "items": [{"metadata": {"name": "a"}}]}
    whole = {"metadata": {"resourceVersion": "2"}, "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}
    replies = [Reply(200, first), Reply(410, status(410, "Expired")), Reply(200, whole)]
    async with serving(*replies) as server, client_of(server.url) as client:
        listing = await Resources(client).list(ConfigMap, NAMESPACE, label_selector="a=b")

    assert len(listing.items) == 2
    assert listing.resource_version == "2"
    assert [asked.query for asked in server.asked] == [
        {"labelSelector": "a=b", "limit": "500"},
        {"labelSelector": "a=b", "limit": "500", "continue": "next"},
        {"labelSelector": "a=b"},
    ]


@pytest.mark.parametrize("answer", [b"<html></html>", b"null", b"[]", b"7", b"\xff"])
async def test_an_answer_that_is_no_object_is_an_error_that_says_so(answer):
    async with serving(*(Reply(200, answer) for _ in range(4))) as server, client_of(server.url) as client:
        api = Resources(client)
        for ask in (
            api.get(ConfigMap, "web", NAMESPACE),
            api.list(ConfigMap, NAMESPACE),
            api.patch(ConfigMap, "web", {}, NAMESPACE),
            api.delete(ConfigMap, "web", NAMESPACE),
        ):
            with pytest.raises(
                ApiError, match=r"what was answered is no .*check that its URL is that of an API server"
            ):
                await ask


async def test_a_delete_without_a_name_never_leaves_this_process():
    async with serving() as server, client_of(server.url) as client:
        api = Resources(client)
        with pytest.raises(MalformedObject):
            await api.delete(ConfigMap, "", NAMESPACE)
        with pytest.raises(MalformedObject):
            await api.apply(ConfigMap, {"metadata": {}}, NAMESPACE)
        with pytest.raises(MalformedObject):
            await api.delete_collection(ConfigMap)

    assert server.asked == []


async def test_the_servers_version_is_two_numbers(client: ApiClient, control_plane: ControlPlane):
    assert await server_version(client) == control_plane.version


async def test_a_vendors_version_loses_its_suffix():
    replies = [Reply(200, {"major": "1", "minor": "29+"}), Reply(200, {"gitVersion": "v1.30.4-gke.7"}), Reply(200, {})]
    async with serving(*replies) as server, client_of(server.url) as client:
        assert await server_version(client) == (1, 29)
        assert await server_version(client) == (1, 30)
        assert await server_version(client) == (0, 0)


async def test_discovery_knows_scope_verbs_and_subresources(client: ApiClient):
    served = {found.kind.kind: found for found in await discover(client, "apps", "v1")}
    core = {found.kind.kind: found for found in await discover(client, "", "v1")}

    assert served["Deployment"].kind == Kind("apps", "v1", "Deployment", "deployments")
    assert served["Deployment"].subresources == {"scale", "status"}
    assert served["Deployment"].short_names == ("deploy",)
    assert "patch" in served["Deployment"].verbs
    assert not core["Namespace"].kind.namespaced


async def test_a_custom_kind_is_discovered_once_its_definition_is_there(client: ApiClient, api: Resources):
    with pytest.raises(NotFound):
        await discover(client, "client.example.com", "v1")
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": "Mouse", "plural": "mice"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": "client.example.com", "names": names, "scope": "Cluster", "versions": versions}
    await api.apply(CRDS, {"metadata": {"name": "mice.client.example.com"}, "spec": spec})

    for _ in range(300):
        try:
            found = await discover(client, "client.example.com", "v1")
        except NotFound:
            found = ()
        if found:
            break
        await asyncio.sleep(0.1)

    assert [one.kind for one in found] == [Kind("client.example.com", "v1", "Mouse", "mice", namespaced=False)]
    await api.delete(CRDS, "mice.client.example.com")
