"""Server-side apply: what it merges, who comes to own it, and what it is refused with."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.managed import apply
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, copied
from tests.cluster.managed.shop import CART, CONFIG_MAP, DEPLOYMENT, LATER, NOW, VERSION, applied, cart, owned, updated

NAMES = st.sampled_from("abc")
NESTED = st.dictionaries(NAMES, NAMES, max_size=2)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "owner": NAMES,
        "count": st.integers(0, 3),
        "tags": st.lists(NAMES, unique=True, max_size=3),
        "items": st.lists(
            st.fixed_dictionaries({"name": NAMES}, optional={"price": st.integers(0, 2)}),
            unique_by=lambda item: str(item["name"]),
            max_size=3,
        ),
        "steps": st.lists(NAMES, max_size=2),
        "notes": st.dictionaries(NAMES, NAMES, max_size=3),
        "address": st.fixed_dictionaries({"street": NAMES}),
        "any": st.dictionaries(NAMES, st.one_of(NAMES, NESTED), max_size=2),
        "size": st.one_of(st.integers(0, 2), NAMES),
    },
)


@given(SPECS)
def test_what_is_applied_to_nothing_is_there(spec: dict[str, Any]) -> None:
    found = applied(None, cart(**spec))
    assert found.get("spec", {}) == spec


@given(SPECS, SPECS)
def test_applying_twice_changes_nothing(live: dict[str, Any], spec: dict[str, Any]) -> None:
    once = applied(applied(None, cart(**live), "other"), cart(open=True, **spec), force=True)
    assert applied(once, cart(open=True, **spec), now=LATER) == once


@given(SPECS, SPECS)
def test_what_was_applied_is_what_the_applier_owns_even_beside_another(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    both = applied(applied(None, cart(**left), "left"), cart(**right), "right", force=True)
    alone = applied(None, cart(**right), "right")
    assert owned(both).get("right") == owned(alone).get("right")


@given(SPECS, SPECS)
def test_who_applies_nothing_owns_nothing_and_leaves_what_others_own(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    mine = applied(None, cart(**left), "left")
    both = applied(mine, cart(**right), "right", force=True)
    gone = applied(both, cart(), "right")
    assert "right" not in owned(gone)
    assert owned(gone).get("left") == owned(both).get("left")


@given(SPECS, SPECS)
def test_an_apply_leaves_the_object_it_was_given(live: dict[str, Any], spec: dict[str, Any]) -> None:
    before, config = applied(None, cart(**live), "left"), cart(**spec)
    kept, kept_config = copied(before), copied(config)
    applied(before, config, "right", force=True)
    assert (before, config) == (kept, kept_config)


def test_a_field_no_longer_applied_goes() -> None:
    found = applied(
        applied(None, cart(owner="ann", count=1, notes={"a": "1", "b": "2"})), cart(owner="ann", notes={"a": "1"})
    )
    assert found["spec"] == {"owner": "ann", "notes": {"a": "1"}}


def test_a_field_that_another_applies_too_stays() -> None:
    both = applied(applied(None, cart(owner="ann", count=1)), cart(owner="ann"), "two")
    found = applied(both, cart(count=1))
    assert found["spec"] == {"owner": "ann", "count": 1}
    assert owned(found) == {"one": {"f:spec": {"f:count": {}}}, "two": {"f:spec": {"f:owner": {}}}}


def test_a_field_that_an_update_set_since_stays() -> None:
    first = applied(None, cart(owner="ann"))
    second = updated(first, {**copied(first), "spec": {"owner": "bob"}})
    assert applied(second, cart(count=1))["spec"] == {"owner": "bob", "count": 1}


def test_items_of_a_list_go_by_their_keys() -> None:
    first = applied(None, cart(items=[{"name": "a", "price": 1}, {"name": "b", "price": 2}], tags=["x", "y"]))
    second = applied(first, cart(items=[{"name": "c", "price": 3}], tags=["z"]), "two")
    assert [item["name"] for item in second["spec"]["items"]] == ["a", "b", "c"]
    found = applied(second, cart(items=[{"name": "b", "price": 2}], tags=["y"]))
    assert found["spec"] == {"items": [{"name": "b", "price": 2}, {"name": "c", "price": 3}], "tags": ["y", "z"]}


def test_an_atomic_list_and_map_are_one_thing() -> None:
    first = applied(None, cart(steps=["a", "b"], address={"street": "x"}))
    assert owned(first)["one"] == {"f:spec": {"f:address": {}, "f:steps": {}}}
    with pytest.raises(StatusError, match=r'conflict with "one": .spec.steps'):
        applied(first, cart(steps=["a", "b", "c"]), "two")


def test_an_embedded_object_has_metadata_of_its_own() -> None:
    found = applied(
        None, cart(template={"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "1"}}, "spec": {"x": 1}})
    )
    template = owned(found)["one"]["f:spec"]["f:template"]
    assert template["f:metadata"] == {"f:labels": {"f:a": {}}}


def test_the_owner_of_an_empty_map_owns_nothing_that_comes_into_it() -> None:
    live = applied(None, cart(owner="ann", notes={}))
    live = applied(live, cart(notes={"a": "1"}), "two")
    live = applied(live, cart(count=1), "three")
    assert owned(live)["one"]["f:spec"]["f:notes"] == {}


def test_several_conflicts_are_told_by_owner() -> None:
    live = applied(applied(None, cart(owner="ann", tags=["x"])), cart(count=1), "two")
    live = updated(live, {**copied(live), "spec": {**live["spec"], "open": True}}, "three")
    with pytest.raises(StatusError) as refused:
        applied(live, cart(owner="bob", count=2, open=False), "four")
    status = refused.value.document()
    assert status["message"] == (
        'Apply failed with 3 conflicts: conflicts with "one":\n- .spec.owner\nconflicts with "three" using shop.example.com/v1:\n'
        '- .spec.open\nconflicts with "two":\n- .spec.count'
    )
    assert status["details"]["causes"][1] == {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "three" using shop.example.com/v1',
        "field": ".spec.open",
    }


def test_a_conflict_with_a_subresource_says_so() -> None:
    live = applied(None, cart(owner="ann"))
    live = updated(live, {**copied(live), "status": {"phase": "x"}}, "kubelet", subresource="status")
    config = {**cart(), "status": {"phase": "y"}}
    with pytest.raises(
        StatusError, match=r'conflict with "kubelet" with subresource "status" using shop.example.com/v1: .status.phase'
    ):
        apply(live, config, schema=CART, manager="a", force=False, api_version=VERSION, subresource="status", now=NOW)


def test_force_takes_and_the_loser_keeps_the_rest() -> None:
    live = applied(None, cart(owner="ann", count=1))
    found = applied(live, cart(owner="bob"), "two", force=True)
    assert owned(found) == {"one": {"f:spec": {"f:count": {}}}, "two": {"f:spec": {"f:owner": {}}}}


def test_what_was_there_before_the_first_apply_has_an_owner() -> None:
    live = {**cart(owner="ann", count=1), "metadata": {"name": "c", "uid": "1", "labels": {"a": "1"}}}
    found = applied(live, cart(owner="ann"))
    assert owned(found) == {
        "one": {"f:spec": {"f:owner": {}}},
        "before-first-apply": {
            "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {".": {}, "f:count": {}, "f:owner": {}},
        },
    }
    with pytest.raises(StatusError, match='conflict with "before-first-apply" using'):
        applied(live, cart(owner="bob"))


def test_an_apply_that_changes_nothing_keeps_the_time_of_the_last() -> None:
    live = applied(None, cart(owner="ann"))
    assert applied(live, cart(owner="ann"), now=LATER)["metadata"]["managedFields"][0]["time"] == NOW
    joined = applied(live, cart(owner="ann"), "two", now=LATER)["metadata"]["managedFields"]
    assert [entry.get("time") for entry in joined] == [None, NOW]


def test_the_main_resource_does_not_own_the_status() -> None:
    found = applied(None, {**cart(owner="ann"), "status": {"phase": "x"}})
    assert owned(found) == {"one": {"f:spec": {"f:owner": {}}}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"apiVersion": "shop.example.com/v2"}, "invalid object type: shop.example.com/v2, Kind=Cart"),
        ({"apiVersion": None}, "invalid object type: /, Kind=Cart"),
        ({"kind": "Basket"}, "invalid object type: shop.example.com/v1, Kind=Basket"),
        ({"metadata": {"name": "c", "managedFields": []}}, "metadata.managedFields must be nil"),
    ],
)
def test_a_configuration_of_another_type_or_with_owners_is_a_bad_request(change: Document, message: str) -> None:
    with pytest.raises(StatusError) as refused:
        apply(
            None, {**cart(), **change}, schema=CART, manager="m", force=False, api_version=VERSION, now=NOW, kind="Cart"
        )
    assert (refused.value.code, refused.value.message) == (400, message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"nope": 1}, ".spec.nope: field not declared in schema"),
        ({"count": "1"}, ".spec.count: expected numeric (int or float), got string"),
        ({"owner": 1}, ".spec.owner: expected string, got &value.valueUnstructured{Value:1}"),
        ({"open": "yes"}, ".spec.open: expected boolean, got &{yes}"),
        ({"notes": 1}, ".spec.notes: expected map, got &{1}"),
        ({"steps": {"a": 1}}, ".spec.steps: expected list, got &{map[a:1]}"),
        ({"items": [{"name": "a"}, {"name": "a"}]}, '.spec.items: duplicate entries for key [name="a"]'),
        (
            {"items": [{"price": 1}]},
            (
                '.spec.items: element 0: associative list with keys has an element that omits all key fields ["name"]'
                " (and doesn't have default values for any key fields)"
            ),
        ),
        (
            {"owner": {"a": 1}, "count": "1"},
            (
                'errors:\n  .spec.owner: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":1}}'
                "\n  .spec.count: expected numeric (int or float), got string"
            ),
        ),
    ],
)
def test_a_configuration_that_does_not_fit_its_schema_is_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(StatusError) as refused:
        applied(None, {**cart(**spec), "metadata": {"name": "c", "namespace": "ns"}})
    assert refused.value.code == 500
    assert (
        refused.value.message
        == f"failed to create typed patch object (ns/c; shop.example.com/v1, Kind=Cart): {message}"
    )


def test_null_in_a_configuration_of_a_built_in_kind_says_nothing() -> None:
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "labels": None},
        "data": {"a": None},
        "immutable": None,
    }
    found = apply(None, config, schema=CONFIG_MAP, manager="m", force=False, api_version="v1", now=NOW)
    assert found["metadata"].get("labels") is None
    assert found["data"] == {"a": ""}
    assert "immutable" not in found


def test_ports_of_a_container_are_told_apart_by_the_default_protocol() -> None:
    container = {"name": "web", "image": "nginx", "ports": [{"containerPort": 80}]}
    live = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "w", "uid": "1"},
        "spec": {
            "template": {"spec": {"containers": [{**container, "ports": [{"containerPort": 80, "protocol": "TCP"}]}]}}
        },
    }
    config = {**live, "metadata": {"name": "w"}, "spec": {"template": {"spec": {"containers": [container]}}}}
    found = apply(live, config, schema=DEPLOYMENT, manager="m", force=True, api_version="apps/v1", now=NOW)
    assert found["spec"] == live["spec"]


def test_without_a_schema_maps_merge_and_lists_are_whole() -> None:
    live = {**cart(a={"b": 1}, c=[1]), "metadata": {"name": "c", "uid": "1"}}
    found = apply(live, cart(a={"d": 2}, c=[2]), schema=None, manager="m", force=True, api_version=VERSION, now=NOW)
    assert found["spec"] == {"a": {"b": 1, "d": 2}, "c": [2]}
