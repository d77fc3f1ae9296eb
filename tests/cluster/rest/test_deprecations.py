"""Whoever asks for what is to go is told so, with every answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.rest.asking import Asking, asking

SCHEMA = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}


async def define(ask: Asking) -> None:
    versions: list[dict[str, Any]] = [
        {"name": "v1", "served": True, "storage": True, "schema": SCHEMA},
        {"name": "v1beta1", "served": True, "storage": False, "schema": SCHEMA, "deprecated": True},
        {
            "name": "v1alpha1",
            "served": True,
            "storage": False,
            "schema": SCHEMA,
            "deprecated": True,
            "deprecationWarning": "go away",
        },
    ]
    names = {"plural": "olds", "kind": "Old"}
    spec = {"group": "x.example.com", "names": names, "scope": "Namespaced", "versions": versions}
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    async with ask.watching(definitions) as watch:
        await ask.create(definitions, "olds.x.example.com", spec=spec)
        while (event := await watch.next()) is not None:
            conditions = event["object"].get("status", {}).get("conditions") or ()
            if any((one["type"], one["status"]) == ("Established", "True") for one in conditions):
                return


@pytest.mark.parametrize(
    ("version", "warning"),
    [("v1", ""), ("v1beta1", '299 - "x.example.com/v1beta1 Old is deprecated"'), ("v1alpha1", '299 - "go away"')],
)
async def test_a_deprecated_version_warns_its_users(version: str, warning: str) -> None:
    async with asking() as ask:
        await define(ask)
        path = f"/apis/x.example.com/{version}/namespaces/default/olds"
        assert (await ask("GET", path)).header("warning") == warning
        document = {"apiVersion": f"x.example.com/{version}", "kind": "Old", "metadata": {"name": "a"}}
        assert (await ask("POST", path, document)).header("warning") == warning
        assert (await ask("GET", f"{path}/a")).header("warning") == warning


async def test_endpoints_are_deprecated() -> None:
    async with asking() as ask:
        told = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
        assert (await ask("GET", "/api/v1/endpoints")).header("warning") == told


async def test_a_binding_in_the_collection_binds_the_pod_of_its_name() -> None:
    async with asking() as ask:
        await ask.create("/api/v1/namespaces/default/serviceaccounts", "default")
        pods = "/api/v1/namespaces/default/pods"
        await ask.create(pods, "p", spec={"containers": [{"name": "c", "image": "i"}]})
        binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
        path = "/api/v1/namespaces/default/bindings"
        assert (await ask("POST", path, binding)).status == 201
        assert (await ask("GET", f"{pods}/p")).document["spec"]["nodeName"] == "n"
        assert (await ask("POST", path, {**binding, "metadata": {"name": "q"}})).status == 404


async def test_only_one_priority_class_may_be_the_default() -> None:
    async with asking() as ask:
        classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
        await ask.create(classes, "a", value=1, globalDefault=True)
        answer = await ask("POST", classes, {"metadata": {"name": "b"}, "value": 1, "globalDefault": True})
        assert answer.status == 403
        assert "PriorityClass a is already marked as default. Only one default can exist" in answer.document["message"]


async def test_nothing_new_is_made_of_a_kind_that_is_to_go() -> None:
    async with asking() as ask:
        await define(ask)
        path = "/apis/x.example.com/v1/namespaces/default/olds"
        definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/olds.x.example.com"
        document: dict[str, Any] = {"apiVersion": "x.example.com/v1", "kind": "Old", "metadata": {"name": "a"}}
        document["metadata"]["finalizers"] = ["x.example.com/hold"]
        assert (await ask("POST", path, document)).status == 201
        async with ask.watching(path) as watch:
            await ask("DELETE", definition)
            while (event := await watch.next()) is not None:
                if event["object"]["metadata"].get("deletionTimestamp"):
                    break
            answer = await ask("POST", path, {**document, "metadata": {"name": "b"}})
        assert answer.status == 405
        assert answer.document["message"] == "create not allowed while custom resource definition is terminating"
