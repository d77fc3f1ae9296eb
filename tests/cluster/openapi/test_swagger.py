from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from poblano.cluster.openapi.assembly import JSON, PROTOBUF, Assembly
from poblano.cluster.openapi.custom import custom_document, pattern_document
from poblano.cluster.openapi.recorded import opened, recorded_paths
from poblano.cluster.openapi.swagger import schema
from tests.cluster.openapi.describing import cart
from tests.cluster.openapi.protobuf_reader import read
from tests.cluster.openapi.protobuf_reader import schema as read_schema

ANYTHING = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Assembly().document([custom_document([cart()], pattern_document())], JSON))
    return found


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for below in node.values():
            yield from references(below)
    elif isinstance(node, list):
        for below in node:
            yield from references(below)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/definitions/{name}" for name in document["definitions"]}
    found = set(references(document))
    assert len(found) > 300
    assert found <= known


def test_it_has_every_path_and_kind_of_the_recorded_documents(document: dict[str, Any]) -> None:
    for path in recorded_paths():
        one = opened(path)
        assert document["paths"].keys() >= one["paths"].keys()
        assert document["definitions"].keys() >= one["components"]["schemas"].keys()


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """A schema and all below it."""
    yield node
    below = [
        *node.get("properties", {}).values(),
        *(node[key] for key in ("items", "additionalProperties") if key in node),
    ]
    for one in below:
        if isinstance(one, dict):
            yield from nodes(one)


def test_nothing_of_v3_is_left_in_it(document: dict[str, Any]) -> None:
    for definition in document["definitions"].values():
        for node in nodes(definition):
            assert not node.keys() & {"oneOf", "anyOf", "allOf", "nullable"}
    for item in document["paths"].values():
        for method in item.keys() - {"parameters"}:
            assert "requestBody" not in item[method]
            assert item[method]["produces"]


def test_a_patch_says_what_kubectl_looks_for(document: dict[str, Any]) -> None:
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert patch["x-kubernetes-action"] == "patch"
    assert {"dryRun", "fieldValidation", "force"} <= {one["name"] for one in patch["parameters"]}
    assert "application/strategic-merge-patch+json" in patch["consumes"]
    own = document["paths"]["/apis/shop.example.com/v1/namespaces/{namespace}/carts/{name}"]["patch"]
    assert own["x-kubernetes-group-version-kind"] == {"group": "shop.example.com", "version": "v1", "kind": "Cart"}
    assert "application/strategic-merge-patch+json" not in own["consumes"]


def test_protobuf_tells_the_same(document: dict[str, Any]) -> None:
    written = read("Document", Assembly().document([custom_document([cart()], pattern_document())], PROTOBUF))
    found = {one["name"]: read_schema(one["value"]) for one in written["definitions"]["entry"]}
    expected = dict(document["definitions"])
    assert found.pop(ANYTHING).keys() == expected.pop(ANYTHING).keys()
    assert {name: _without_nothing(node) for name, node in expected.items()} == found
    paths = {one["name"]: one["value"] for one in written["paths"]["path"]}
    assert paths.keys() == document["paths"].keys()
    for path, item in document["paths"].items():
        methods = item.keys() - {"parameters"}
        assert methods == paths[path].keys() - {"parameters"}
        for method in methods:
            assert paths[path][method]["operationId"] == item[method]["operationId"]
            assert len(paths[path][method].get("parameters", [])) == len(item[method].get("parameters", []))


def _without_nothing(node: Any) -> Any:
    """As proto3 has it: what is zero or empty is not there."""
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != "minimum" or value}
    for key in ("items", "additionalProperties"):
        if key in kept:
            kept[key] = _without_nothing(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: _without_nothing(below) for name, below in kept["properties"].items()}
    return {key: value for key, value in kept.items() if value != "" or key == "default"}


def test_what_may_be_anything_has_no_type() -> None:
    assert "type" not in schema({"type": "string", "nullable": True})
    assert "type" not in schema({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}]})
    loose = schema({"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}})
    assert loose == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def test_built_in_pieces_are_made_once() -> None:
    assembly = Assembly()
    first = assembly.document([], PROTOBUF)
    assert assembly.document([], PROTOBUF) == first
