from __future__ import annotations

import pytest

from poblano import AlreadyExists, ApiError, Conflict, Forbidden, Invalid, K8s, MalformedObject, NotFound, a
from poblano.client import connect
from tests.client.loopback import client_of, serving


async def test_what_is_created_comes_back_as_it_was_stored(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)

    made = await maps.create(a.ConfigMap(metadata={"name": "made"}, data={"a": "b"}))

    assert made.metadata.uid
    assert made.data == {"a": "b"}
    with pytest.raises(AlreadyExists):
        await maps.create({"metadata": {"name": "made"}})


async def test_a_dry_run_stores_nothing(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)

    made = await maps.create({"metadata": {"name": "made"}}, dry_run=True)
    applied = await maps.apply({"metadata": {"name": "made"}}, dry_run=True)

    assert made.metadata.uid
    assert applied.metadata.uid
    assert await maps.with_name("made").list() == []


async def test_w1_an_apply_makes_changes_and_gives_up_and_writes_nothing_when_nothing_changes(client, space):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)

    await maps.apply({"metadata": {"name": "x"}, "data": {"a": "1", "b": "2"}})
    applied = await maps.apply({"metadata": {"name": "x"}, "data": {"b": "3"}})
    again = await maps.apply(applied)

    assert applied.data == {"b": "3"}
    assert again.metadata.resource_version == applied.metadata.resource_version


async def test_w1_the_fields_of_others_are_taken_over_by_force_only_and_named(client, space, ambient):
    maps = K8s(a.ConfigMap, client=client).in_namespace(space)
    await maps.apply({"metadata": {"name": "x"}, "data": {"a": "1"}})

    with ambient():
        mine = K8s(a.ConfigMap).in_namespace(space)
        with pytest.raises(Conflict, match="force") as refused:
            await mine.apply({"metadata": {"name": "x"}, "data": {"a": "2"}})
        assert refused.value.owners == ((".data.a", "poblano"),)
        taken = await mine.apply({"metadata": {"name": "x"}, "data": {"a": "2"}}, force=True)

    assert taken.data == {"a": "2"}
    assert [entry.manager for entry in taken.metadata.managed_fields] == ["poblano-tests"]


async def test_a_field_that_the_kind_does_not_have_is_an_error(embedded, space):
    async with connect(embedded.kubeconfig) as client:
        await K8s(a.Namespace, client=client).apply({"metadata": {"name": space}})
        maps = K8s(a.ConfigMap, client=client).in_namespace(space)
        for write in (maps.create, maps.apply):
            with pytest.raises(ApiError, match="dta"):
                await write({"metadata": {"name": "x"}, "dta": {"a": "b"}})


async def test_what_is_not_allowed_names_the_rule_to_add(control_plane, space):
    async with connect(control_plane.kubeconfig_for("stranger")) as client:
        with pytest.raises(
            Forbidden, match=r"give stranger the rule .*configmaps.*list.* in a Role in namespace"
        ) as refused:
            await K8s(a.ConfigMap, client=client).in_namespace(space).list()
    assert refused.value.status == 403


async def test_what_is_invalid_says_where(client, space):
    with pytest.raises(Invalid) as refused:
        await (
            K8s(a.Service, client=client)
            .in_namespace(space)
            .create({"metadata": {"name": "x"}, "spec": {"ports": [{"port": 99999}]}})
        )
    assert [cause.field for cause in refused.value.causes] == ["spec.ports[0].port", "spec.ports[0].targetPort"]


async def test_the_namespace_that_is_missing_is_named(client):
    with pytest.raises(NotFound, match="create the Namespace nowhere first"):
        await K8s(a.ConfigMap, client=client).in_namespace("nowhere").create({"metadata": {"name": "x"}})


async def test_a_status_may_be_applied_by_itself(client, space):
    pods = K8s(a.Pod, client=client).in_namespace(space).with_name("web")
    await pods.create({"spec": {"containers": [{"name": "one", "image": "one:1"}]}})

    applied = await pods.apply(
        {"metadata": {"labels": {"a": "b"}}, "status": {"message": "hello"}}, subresource="status"
    )

    assert applied.status.message == "hello"
    assert applied.spec.containers[0].image == "one:1"


async def test_the_chain_may_give_the_name(client, space):
    named = K8s(a.ConfigMap, client=client).in_namespace(space).with_name("x")

    assert (await named.apply({"data": {"a": "b"}})).metadata.name == "x"
    assert (await named.apply({"metadata": {"name": "x"}, "data": {"a": "b"}})).data == {"a": "b"}


async def test_a_chain_that_says_something_else_than_the_object_is_refused():
    async with serving() as server, client_of(server.url) as client:
        maps = K8s(a.ConfigMap, client=client).in_namespace("shop")
        for chain, obj in [
            (maps.with_name("x"), {"metadata": {"name": "y"}}),
            (maps.with_label("tier"), {"metadata": {"name": "y"}}),
            (maps, {"metadata": {"name": "y", "namespace": "elsewhere"}}),
        ]:
            for write in (chain.create, chain.apply):
                with pytest.raises(MalformedObject):
                    await write(obj)
            with pytest.raises(MalformedObject):
                await chain.replace(a.ConfigMap.of({"metadata": {"resourceVersion": "1", **obj["metadata"]}}))
    assert server.asked == []
