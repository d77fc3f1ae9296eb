from __future__ import annotations

import pytest

from poblano import K8s, MalformedObject, a
from poblano.core.errors import NotFound


async def config(client, space, name, **labels):
    return await K8s(a.ConfigMap, client=client).create(
        a.ConfigMap(metadata={"name": name, "namespace": space, "labels": labels}, data={"a": "b"})
    )


async def test_one_object_by_its_name(client, space):
    made = await config(client, space, "one")
    chain = K8s(a.ConfigMap, client=client).in_namespace(space)

    for found in [await chain.get("one"), await chain.with_name("one").get(), await chain.get(made)]:
        assert isinstance(found, a.ConfigMap)
        assert found == made
        assert found.kind == "ConfigMap"


async def test_one_that_is_not_there_is_not_found(client, space):
    with pytest.raises(NotFound, match='configmaps "none" not found'):
        await K8s(a.ConfigMap, client=client).in_namespace(space).get("none")


async def test_a_list_is_what_labels_and_fields_choose(client, space):
    for name, tier in [("one", "data"), ("two", "web"), ("three", "data")]:
        await config(client, space, name, tier=tier)
    await config(client, space, "four")
    chain = K8s(a.ConfigMap, client=client).in_namespace(space)

    async def names(of):
        return sorted(found.metadata.name for found in await of.list() if found.metadata.name != "kube-root-ca.crt")

    assert await names(chain) == ["four", "one", "three", "two"]
    assert await names(chain.with_label("tier", "data")) == ["one", "three"]
    assert await names(chain.with_label("tier")) == ["one", "three", "two"]
    assert await names(chain.with_label("tier", "data").with_field("metadata.name", "one")) == ["one"]
    assert await names(chain.with_name("two")) == ["two"]
    assert await names(chain.with_label("tier", "data").with_label("tier", "web")) == []


async def test_pages_are_asked_for_one_after_the_other(client, space):
    for number in range(5):
        await config(client, space, f"page-{number}", mark="page")
    chain = K8s(a.ConfigMap, client=client).in_namespace(space).with_label("mark", "page")

    pages = [[found.metadata.name for found in page] async for page in chain.pages(2)]

    assert pages == [["page-0", "page-1"], ["page-2", "page-3"], ["page-4"]]
    assert [found.metadata.name for found in await chain.list()] == [name for page in pages for name in page]


async def test_a_generic_kind_is_read_by_its_names(client, space):
    await config(client, space, "one")
    chain = K8s(a.GenericKind, version="v1", kind="ConfigMap", client=client).in_namespace(space)

    found = await chain.get("one")

    assert isinstance(found, a.GenericKind)
    assert found["data"] == {"a": "b"}


async def test_labels_choose_among_many_and_so_not_one(client):
    with pytest.raises(MalformedObject, match="use list"):
        await K8s(a.Pod, client=client).in_namespace("x").with_label("a").get("b")
    with pytest.raises(MalformedObject, match="say which Pod"):
        await K8s(a.Pod, client=client).in_namespace("x").get()
    with pytest.raises(MalformedObject, match="lives in a namespace"):
        await K8s(a.Pod, client=client).get("x")
