"""Strategic merge patches, directive by directive, and against a model of their own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.patching.strategic import strategic_merge
from poblano.cluster.schema import Schema, built_in
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, copied

POD = built_in()["io.k8s.api.core.v1.Pod"]
DEPLOYMENT = built_in()["io.k8s.api.apps.v1.Deployment"]
_ITEM = {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "string"}}}
MODEL = Schema(
    {
        "type": "object",
        "properties": {
            "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"},
            "items": {
                "type": "array",
                "items": _ITEM,
                "x-kubernetes-patch-strategy": "merge",
                "x-kubernetes-patch-merge-key": "name",
            },
            "list": {"type": "array", "items": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "whole": {"type": "object", "x-kubernetes-patch-strategy": "replace"},
        },
    }
)

NAMES = st.sampled_from("abcd")
SETS = st.lists(NAMES, unique=True, max_size=4)
ITEMS: st.SearchStrategy[list[Document]] = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"value": NAMES}),
    unique_by=lambda item: str(item["name"]),
    max_size=4,
)
OBJECTS: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {},
    optional={
        "set": SETS,
        "items": ITEMS,
        "list": SETS,
        "map": st.dictionaries(NAMES, NAMES),
        "whole": st.dictionaries(NAMES, NAMES),
    },
)


def model(original: Document, patch: Document) -> Document:
    """What a patch without directives does, order aside."""
    found = {**original, **patch}
    if "set" in original and "set" in patch:
        found["set"] = sorted({*original["set"], *patch["set"]})
    if "map" in original and "map" in patch:
        found["map"] = {**original["map"], **patch["map"]}
    if "items" in original and "items" in patch:
        named = {item["name"]: dict(item) for item in original["items"]}
        for item in patch["items"]:
            named[item["name"]] = {**named.get(item["name"], {}), **item}
        found["items"] = list(named.values())
    return found


def unordered(document: Document) -> Document:
    found = copied(document)
    for key in ("set", "items"):
        if key in found:
            found[key] = sorted(found[key], key=str)
    return {
        key: sorted(value, key=lambda item: str(item["name"])) if key == "items" else value
        for key, value in found.items()
    }


@given(OBJECTS, OBJECTS)
def test_without_directives_it_is_what_the_model_says(original: Document, patch: Document) -> None:
    kept, kept_patch = copied(original), copied(patch)
    found = strategic_merge(original, patch, MODEL)
    assert unordered(found) == unordered(model(original, patch))
    assert (original, patch) == (kept, kept_patch)


@given(OBJECTS, OBJECTS)
def test_merging_twice_is_merging_once(original: Document, patch: Document) -> None:
    once = strategic_merge(original, patch, MODEL)
    assert strategic_merge(once, patch, MODEL) == once


@given(SETS, SETS)
def test_the_patch_keeps_its_order_and_the_rest_keeps_the_originals(original: list[str], patch: list[str]) -> None:
    found: list[str] = strategic_merge({"set": original}, {"set": patch}, MODEL)["set"]
    assert [item for item in found if item in patch] == patch
    assert [item for item in found if item not in patch] == [item for item in original if item not in patch]


@given(SETS, SETS)
def test_what_is_deleted_from_a_set_is_gone(original: list[str], gone: list[str]) -> None:
    found = strategic_merge({"set": original}, {"$deleteFromPrimitiveList/set": gone}, MODEL)
    assert found == {"set": [item for item in original if item not in gone]}


@given(ITEMS, st.permutations("abcd"))
def test_an_order_orders(original: list[Document], order: list[str]) -> None:
    directive = [{"name": name} for name in order]
    found = strategic_merge({"items": [*original, {"name": "e"}]}, {"$setElementOrder/items": directive}, MODEL)
    names = [item["name"] for item in original]
    assert [item["name"] for item in found["items"] if item["name"] != "e"] == [name for name in order if name in names]


DIRECTIVES: list[tuple[Document, Document, Document]] = [
    ({"map": {"a": "1"}}, {"map": {"$patch": "replace", "b": "2"}}, {"map": {"b": "2"}}),
    ({"map": {"a": "1"}}, {"map": {"$patch": "delete"}}, {"map": {}}),
    ({"map": {"a": "1"}}, {"map": {"a": None, "b": None}}, {"map": {}}),
    ({"map": {"a": "1"}}, {"map": None}, {}),
    ({}, {"map": {"a": None, "b": "1"}}, {"map": {"b": "1"}}),
    ({}, {"list": [{"a": None}]}, {"list": [{}]}),
    ({}, {"$deleteFromPrimitiveList/set": ["a"]}, {}),
    ({"whole": {"a": "1"}}, {"whole": {"b": "2"}}, {"whole": {"b": "2"}}),
    ({"map": {"a": "1"}}, {"map": "x"}, {"map": "x"}),
    ({"items": [{"name": "a"}]}, {"items": [{"$patch": "replace"}]}, {"items": []}),
    ({"items": [{"name": "a"}]}, {"items": []}, {"items": [{"name": "a"}]}),
    ({"items": []}, {"items": []}, {"items": []}),
    (
        {"items": [{"name": "a"}, {"name": "b"}]},
        {"items": [{"name": "a", "$patch": "delete"}]},
        {"items": [{"name": "b"}]},
    ),
    ({"map": {"a": "1", "b": "2"}}, {"map": {"$retainKeys": ["a"]}}, {"map": {"a": "1"}}),
    ({"map": {"a": "1", "b": "2"}}, {"map": {"$retainKeys": ["c"], "c": "3", "b": None}}, {"map": {"c": "3"}}),
    (
        {"items": [{"name": "a"}, {"name": "b"}]},
        {
            "$setElementOrder/items": [{"name": "b"}, {"name": "c"}, {"name": "a"}],
            "items": [{"name": "c", "value": "1"}],
        },
        {"items": [{"name": "b"}, {"name": "c", "value": "1"}, {"name": "a"}]},
    ),
    ({}, {"$setElementOrder/set": ["b", "a"], "set": ["b", "a"]}, {"set": ["b", "a"]}),
    ({}, {"$setElementOrder/set": ["b", "a"]}, {}),
    ({"set": ["x", "a"]}, {"$setElementOrder/set": ["b", "a"], "set": ["b"]}, {"set": ["b", "x", "a"]}),
    ({"set": ["a"]}, {}, {"set": ["a"]}),
]


@pytest.mark.parametrize(("original", "patch", "found"), DIRECTIVES)
def test_directives(original: Document, patch: Document, found: Document) -> None:
    assert strategic_merge(original, patch, MODEL) == found


REFUSALS: list[tuple[Document, Any, int, str]] = [
    ({}, [], 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ({"map": {}}, {"map": {"$patch": "frob"}}, 500, "unknown patch type: frob in map: map[$patch:frob]"),
    ({"map": {}}, {"map": {"$patch": "merge"}}, 500, "unknown patch type: merge in map: map[$patch:merge]"),
    ({"map": {}}, {"map": {"$retainKeys": "x"}}, 400, "invalid patch format of retainKeys"),
    ({"map": {}}, {"map": {"$retainKeys": ["a"], "b": "1"}}, 400, "invalid patch format of retainKeys"),
    ({"set": ["a"]}, {"$deleteFromPrimitiveList": ["a"]}, 400, "invalid patch format of primitive list"),
    ({"set": ["a"]}, {"$setElementOrder": ["a"]}, 400, "invalid patch format of setElementOrder list"),
    ({"set": ["a"]}, {"$setElementOrder/set": "a"}, 500, "expected a []interface {}, but received a string"),
    (
        {"map": {}},
        {"$setElementOrder/map": ["a"]},
        500,
        "expected a []interface {}, but received a map[string]interface {}",
    ),
    ({"set": ["a"]}, {"set": [1]}, 500, "list element types are not identical: [[a] [1]]"),
    ({"set": []}, {"$setElementOrder/set": ["a"]}, 500, "no elements in any of the given slices"),
    (
        {"items": [{"name": "a"}]},
        {"items": [{"value": "b"}]},
        500,
        "map: map[value:b] does not contain declared merge key: name",
    ),
    (
        {"items": [{"name": "a"}]},
        {"items": [{"$patch": "delete"}]},
        500,
        "map: map[$patch:delete] does not contain declared merge key: name",
    ),
    (
        {"items": [{"name": "a"}]},
        {"items": [{"$patch": "merge", "name": "a"}]},
        500,
        "merging lists cannot yet be specified in the patch",
    ),
    (
        {"items": [{"name": "a"}]},
        {"items": [{"$patch": 1}]},
        500,
        "unknown patch type: %!s(1) in map: map[$patch:1]",
    ),
    (
        {"set": ["a"]},
        {"$setElementOrder/set": ["a", "b"], "set": ["b", "a"]},
        500,
        "The order in patch list:\n[b a]\n doesn't match $setElementOrder list:\n[a b]\n",
    ),
    ({"set": [{"a": 1}]}, {"set": [{"a": 2}]}, 500, "cannot merge lists without merge key for type map"),
    ({"set": [["a"]]}, {"set": [["b"]]}, 422, "the server rejected our request due to an error in our request"),
    (
        {"items": [{"name": "a"}]},
        {"$setElementOrder/items": ["a"], "items": [{"name": "a"}]},
        500,
        "expected a map[string]interface {}, but received a string",
    ),
]


@pytest.mark.parametrize(("original", "patch", "code", "message"), REFUSALS)
def test_a_patch_that_does_not_fit_is_refused_as_the_real_server_does(
    original: Document, patch: Any, code: int, message: str
) -> None:
    with pytest.raises(StatusError) as refused:
        strategic_merge(original, patch, MODEL)
    assert (refused.value.code, refused.value.message) == (code, message)


def test_keys_that_are_numbers_merge_too() -> None:
    ports = [{"containerPort": 80, "name": "http"}, {"containerPort": 443}]
    pod = {"spec": {"containers": [{"name": "c", "ports": ports}]}}
    patch = {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 443, "name": "https"}]}]}}
    found = strategic_merge(pod, patch, POD)
    assert found["spec"]["containers"][0]["ports"] == [ports[0], {"containerPort": 443, "name": "https"}]


def test_what_has_no_merge_strategy_is_replaced() -> None:
    pod = {"spec": {"containers": [{"name": "c", "args": ["a"]}], "tolerations": [{"key": "a"}]}}
    patch = {"spec": {"containers": [{"name": "c", "args": ["b"]}], "tolerations": [{"key": "b"}]}}
    assert strategic_merge(pod, patch, POD) == patch


def test_a_volume_may_change_its_source_with_retain_keys() -> None:
    live: Document = {"spec": {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}]}}
    patch = {"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "x"}}]}}
    found = strategic_merge(live, patch, POD)
    assert found["spec"]["volumes"] == [{"name": "v", "configMap": {"name": "x"}}, {"name": "w", "emptyDir": {}}]
