from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from poblano.cluster.discovery import Discovery
from poblano.cluster.resources import GroupVersionKind, Registry, Resource, Subresource

RECORDED = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "conformance" / "kubernetes-1.36" / "discovery.json").read_text()
)
STEPS = [step for step in RECORDED["steps"] if step["request"]["path"].startswith("/api")]
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


def cart(version: str = "v1", group: str = "shop.example.com") -> Resource:
    parts = {
        "status": Subresource("status", GroupVersionKind(group, version, "Cart"), ("get", "patch", "update")),
        "scale": Subresource("scale", GroupVersionKind("autoscaling", "v1", "Scale"), ("get", "patch", "update")),
    }
    return Resource(
        group,
        version,
        "carts",
        "cart",
        "Cart",
        "CartList",
        namespaced=True,
        verbs=CUSTOM_VERBS,
        subresources=parts,
        custom=object(),
    )


def answered(discovery: Discovery, path: str, accept: str = "") -> dict[str, Any]:
    answer = discovery.answer(path, accept=accept)
    assert answer is not None, path
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["request"]["path"] + "+" * ("headers" in step["request"]))
def test_every_document_is_the_recorded_one(step: dict[str, Any]) -> None:
    request, response = step["request"], step["response"]
    answer = Discovery(Registry(), "127.0.0.1:17443").answer(
        request["path"], accept=request.get("headers", {}).get("Accept", "")
    )
    if response["status"] == 404:
        assert answer is None
        return
    assert answer is not None
    assert answer.content_type == response["contentType"]
    assert json.loads(answer.body) == response["body"]


def test_the_version_has_the_recorded_fields_and_numbers() -> None:
    recorded = next(step for step in RECORDED["steps"] if step["request"]["path"] == "/version")["response"]["body"]
    made = answered(Discovery(Registry()), "/version")
    assert list(made) == list(recorded)
    assert (made["major"], made["minor"]) == (recorded["major"], recorded["minor"])
    assert made["gitVersion"].startswith(recorded["gitVersion"])


def test_a_custom_kind_is_listed_as_the_real_server_lists_it() -> None:
    registry = Registry()
    discovery = Discovery(registry)
    assert discovery.answer("/apis/shop.example.com") is None
    registry.define("carts.shop.example.com", [cart()])
    assert answered(discovery, "/apis/shop.example.com/v1")["resources"] == [
        {
            "name": "carts",
            "singularName": "cart",
            "namespaced": True,
            "kind": "Cart",
            "verbs": list(CUSTOM_VERBS),
            "storageVersionHash": "U7WB1ZZPlC0=",  # as recorded
        },
        {
            "name": "carts/status",
            "singularName": "",
            "namespaced": True,
            "kind": "Cart",
            "verbs": ["get", "patch", "update"],
        },
        {
            "name": "carts/scale",
            "singularName": "",
            "namespaced": True,
            "group": "autoscaling",
            "version": "v1",
            "kind": "Scale",
            "verbs": ["get", "patch", "update"],
        },
    ]
    registry.undefine("carts.shop.example.com")
    assert discovery.answer("/apis/shop.example.com/v1") is None


def test_custom_groups_come_last_by_name_and_their_versions_by_preference() -> None:
    registry = Registry()
    registry.define("b", [cart("v1beta1"), cart("v2"), cart("v1")])
    registry.define("a", [cart(group="a.example.com")])
    groups = answered(Discovery(registry), "/apis")["groups"]
    assert [one["name"] for one in groups[-2:]] == ["a.example.com", "shop.example.com"]
    assert [one["version"] for one in groups[-1]["versions"]] == ["v2", "v1", "v1beta1"]
    assert groups[-1]["preferredVersion"]["version"] == "v2"


def test_a_client_that_has_the_aggregated_document_is_told_so_until_it_changes() -> None:
    registry = Registry()
    discovery = Discovery(registry)
    first = discovery.answer("/apis", accept=AGGREGATED)
    assert first is not None
    again = discovery.answer("/apis", accept=AGGREGATED, if_none_match=first.headers["ETag"])
    assert again is not None
    assert (again.status, again.body) == (304, b"")
    registry.define("carts", [cart()])
    changed = discovery.answer("/apis", accept=AGGREGATED, if_none_match=first.headers["ETag"])
    assert changed is not None
    assert changed.status == 200
    item = json.loads(changed.body)["items"][-1]
    assert item["metadata"] == {"name": "shop.example.com"}
    assert item["versions"][0]["resources"][0]["responseKind"]["group"] == "shop.example.com"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "APIGroupList"),
        ("*/*", "APIGroupList"),
        ("application/json", "APIGroupList"),
        (f"application/json,{AGGREGATED}", "APIGroupList"),
        (f"{AGGREGATED},application/json", "APIGroupDiscoveryList"),
        (f"application/json;q=0.4,{AGGREGATED}", "APIGroupDiscoveryList"),
        (AGGREGATED.replace("v=v2", "v=v9") + ",application/json", "APIGroupList"),
        (AGGREGATED.replace("v=v2", "v=v2beta1"), "APIGroupDiscoveryList"),
    ],
)
def test_the_client_s_preference_decides_between_the_plain_and_the_aggregated(accept: str, kind: str) -> None:
    assert answered(Discovery(Registry()), "/apis", accept)["kind"] == kind


@pytest.mark.parametrize(
    "path", ["/api/v2", "/apis/nope", "/apis/apps/v9", "/apis/apps/v1/deployments", "/", "/apis//v1"]
)
def test_what_is_not_discovery_or_not_served_is_left_to_the_caller(path: str) -> None:
    assert Discovery(Registry()).answer(path) is None


def test_a_trailing_slash_makes_no_difference() -> None:
    discovery = Discovery(Registry())
    assert answered(discovery, "/apis/apps/") == answered(discovery, "/apis/apps")
