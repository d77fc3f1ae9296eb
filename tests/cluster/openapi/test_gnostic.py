from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.openapi.gnostic import encode_definition, encode_document, encode_path, encode_schema
from poblano.cluster.openapi.swagger import PREAMBLE
from tests.cluster.openapi.protobuf_reader import read, schema

WORDS = st.text(min_size=1, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "$ref": WORDS,
        "type": st.sampled_from(["string", "object", "array"]),
        "format": WORDS,
        "title": WORDS,
        "description": WORDS,
        "pattern": WORDS,
        "default": JSON,
        "example": JSON,
        "enum": st.lists(JSON, min_size=1, max_size=3),
        "required": st.lists(WORDS, min_size=1, max_size=3),
        "maximum": st.floats(0.5, 100),
        "minimum": st.floats(0.5, 100),
        "multipleOf": st.floats(0.5, 100),
        "exclusiveMaximum": st.just(True),
        "exclusiveMinimum": st.just(True),
        "uniqueItems": st.just(True),
        "maxLength": st.integers(1, 2**40),
        "minLength": st.integers(1, 9),
        "maxItems": st.integers(1, 9),
        "minItems": st.integers(1, 9),
        "maxProperties": st.integers(1, 9),
        "minProperties": st.integers(1, 9),
        "x-kubernetes-list-type": st.sampled_from(["map", "set"]),
        "x-any": JSON,
    },
)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    within = st.fixed_dictionaries(
        {},
        optional={
            "items": inner,
            "additionalProperties": inner | st.booleans(),
            "properties": st.dictionaries(WORDS, inner, max_size=3),
        },
    )
    return st.builds(lambda outer, below: {**outer, **below}, LEAVES, within)


SCHEMAS = st.recursive(LEAVES, _nested, max_leaves=5)


@given(SCHEMAS)
def test_a_schema_is_read_back_by_an_independent_reader(node: dict[str, Any]) -> None:
    assert schema(read("Schema", encode_schema(node))) == node


@given(SCHEMAS)
def test_what_v2_does_not_know_is_left_out(node: dict[str, Any]) -> None:
    assert encode_schema({**node, "oneOf": [], "nullable": True}) == encode_schema(node)


def test_a_document_is_read_back() -> None:
    identity = {"group": "", "version": "v1", "kind": "A"}
    operation = {
        "tags": ["core"],
        "description": "update",
        "operationId": "patchA",
        "consumes": ["application/json-patch+json"],
        "produces": ["application/json"],
        "schemes": ["https"],
        "parameters": [
            {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/A"}},
            {"name": "dryRun", "in": "query", "description": "no", "type": "string", "uniqueItems": True},
        ],
        "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/A"}}},
        "x-kubernetes-group-version-kind": identity,
    }
    item = {"patch": operation, "parameters": [{"name": "name", "in": "path", "required": True, "type": "string"}]}
    document = read(
        "Document",
        encode_document(PREAMBLE, [encode_path("/a", item)], [encode_definition("A", {"type": "object"})]),
    )
    assert (document["swagger"], document["info"]["title"]) == ("2.0", "Kubernetes")
    (path,) = document["paths"]["path"]
    assert path["name"] == "/a"
    patch = path["value"]["patch"]
    assert (patch["operationId"], patch["consumes"]) == ("patchA", ["application/json-patch+json"])
    body, query = (one["parameter"] for one in patch["parameters"])
    assert body["body"] == {"name": "body", "in": "body", "required": 1, "schema": {"$ref": "#/definitions/A"}}
    assert query["other"]["query"]["name"] == "dryRun"
    assert path["value"]["parameters"][0]["parameter"]["other"]["path"]["required"] == 1
    assert patch["responses"]["code"][0]["name"] == "200"
    assert [one["name"] for one in patch["extension"]] == ["x-kubernetes-group-version-kind"]
    assert document["definitions"]["entry"] == [{"name": "A", "value": {"type": {"value": ["object"]}}}]
    assert document["security"][0]["entry"][0]["name"] == "BearerToken"
    assert document["securityDefinitions"]["entry"][0]["value"]["apiKey"]["in"] == "header"
