from __future__ import annotations

from typing import Any

from poblano.cluster.openapi.custom import custom_document, pattern_document
from poblano.cluster.openapi.recorded import opened
from poblano.cluster.resources import Resource
from tests.cluster.openapi.describing import SCHEMA, cart

NAME = "com.example.shop.v1.Cart"
COLLECTION = "/apis/shop.example.com/v1/namespaces/{namespace}/carts"


def document_of(resources: list[Resource]) -> dict[str, Any]:
    return custom_document(resources, pattern_document())


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation for item in document["paths"].values() for method, operation in item.items() if method != "parameters"
    ]


def test_a_custom_kind_has_the_paths_of_a_built_in_one() -> None:
    paths = document_of([cart()])["paths"]
    assert {path: sorted(item.keys() - {"parameters"}) for path, item in paths.items()} == {
        "/apis/shop.example.com/v1/carts": ["get"],
        COLLECTION: ["delete", "get", "post"],
        f"{COLLECTION}/{{name}}": ["delete", "get", "patch", "put"],
        f"{COLLECTION}/{{name}}/status": ["get", "patch", "put"],
        f"{COLLECTION}/{{name}}/scale": ["get", "patch", "put"],
    }


def test_a_cluster_wide_kind_has_no_namespaces() -> None:
    document = document_of([cart(namespaced=False)])
    assert "/apis/shop.example.com/v1/carts/{name}" in document["paths"]
    assert "namespace" not in str(list(document["paths"])).lower()
    for item in document["paths"].values():
        assert "namespace" not in {one["name"] for one in item["parameters"]}
    assert all("Namespaced" not in one["operationId"] for one in operations(document))


def test_nothing_in_it_speaks_of_leases() -> None:
    document = document_of([cart()])
    assert "Lease" not in str(document["paths"])
    assert "coordination" not in str(document["paths"])
    assert not [name for name in document["components"]["schemas"] if "coordination" in name]


def test_operations_are_named_as_the_real_server_names_them() -> None:
    identities = [one["operationId"] for one in operations(document_of([cart()]))]
    assert len(set(identities)) == len(identities)
    assert {
        "listShopExampleComV1NamespacedCart",
        "listShopExampleComV1CartForAllNamespaces",
        "createShopExampleComV1NamespacedCart",
        "deleteShopExampleComV1CollectionNamespacedCart",
        "patchShopExampleComV1NamespacedCartStatus",
        "replaceShopExampleComV1NamespacedCartScale",
    } <= set(identities)


def test_every_operation_names_its_kind_and_verb() -> None:
    document = document_of([cart()])
    for path, item in document["paths"].items():
        kind = ("autoscaling", "v1", "Scale") if path.endswith("/scale") else ("shop.example.com", "v1", "Cart")
        for method in item.keys() - {"parameters"}:
            assert tuple(item[method]["x-kubernetes-group-version-kind"].values()) == kind
            assert item[method]["x-kubernetes-action"]
            assert item[method]["tags"] == ["shopExampleCom_v1"]


def test_writes_can_be_tried_and_checked() -> None:
    paths = document_of([cart()])["paths"]
    patch = paths[f"{COLLECTION}/{{name}}"]["patch"]
    assert {"dryRun", "fieldManager", "fieldValidation", "force"} == {one["name"] for one in patch["parameters"]}
    assert set(patch["requestBody"]["content"]) == {
        "application/apply-patch+yaml",
        "application/json-patch+json",
        "application/merge-patch+json",
    }
    assert set(paths[COLLECTION]["post"]["requestBody"]["content"]) == {"application/json", "application/yaml"}


def test_the_schema_is_the_definition_s_with_what_every_object_has() -> None:
    schemas = document_of([cart()])["components"]["schemas"]
    made = schemas[NAME]
    assert made["description"] == SCHEMA["description"]
    assert made["properties"]["spec"]["properties"]["owner"] == SCHEMA["properties"]["spec"]["properties"]["owner"]
    meta = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    assert made["properties"]["metadata"]["allOf"] == [{"$ref": meta}]
    assert made["properties"]["spec"]["properties"]["template"]["properties"].keys() == {
        "apiVersion",
        "kind",
        "metadata",
    }
    assert made["x-kubernetes-group-version-kind"] == [{"group": "shop.example.com", "version": "v1", "kind": "Cart"}]
    assert schemas[f"{NAME}List"]["properties"]["items"]["items"] == {"$ref": f"#/components/schemas/{NAME}"}
    assert SCHEMA["properties"]["spec"]["properties"]["template"]["properties"] == {}, (
        "the definition itself is not changed"
    )


def test_a_kind_without_a_schema_may_be_anything() -> None:
    made = document_of([cart(schema=None)])["components"]["schemas"][NAME]
    assert made.keys() == {"type", "x-kubernetes-group-version-kind"}


def test_every_reference_leads_somewhere() -> None:
    document = document_of([cart()])
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    def references(node: Any) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(references, node))
        if not isinstance(node, dict):
            return set()
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))

    found = references(document["paths"]) | references(document["components"])
    assert len(found) > 10
    assert found <= known


def test_the_pattern_has_what_is_cut_from_it() -> None:
    pattern = opened("apis/coordination.k8s.io/v1")
    assert "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}" in pattern["paths"]
