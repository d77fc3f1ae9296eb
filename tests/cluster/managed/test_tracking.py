"""Who owns what after creates, updates and patches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from poblano.cluster.managed import track_update
from poblano.cluster.managed.entries import ANCIENT
from poblano.cluster.schema import Schema
from poblano.core.jsonvalue import Document, copied
from tests.cluster.managed.shop import (
    CONFIG_MAP,
    DEPLOYMENT,
    LATER,
    NOW,
    POD,
    VERSION,
    applied,
    cart,
    owned,
    updated,
)
from tests.cluster.managed.test_applying import SPECS


def entries(document: Document) -> list[Document]:
    found: list[Document] = document["metadata"].get("managedFields") or []
    return found


def test_a_create_owns_all_that_it_says_but_what_the_server_gives() -> None:
    new = {
        **cart(owner="ann", tags=["x"], notes={"a": "1"}, items=[{"name": "i", "price": 1}], address={"street": "s"}),
        "metadata": {
            "name": "c",
            "namespace": "n",
            "uid": "u",
            "generation": 1,
            "labels": {"l": "1"},
            "finalizers": ["a/b"],
        },
    }
    assert entries(updated(None, new, "me")) == [
        {
            "manager": "me",
            "operation": "Update",
            "apiVersion": VERSION,
            "time": NOW,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:finalizers": {".": {}, 'v:"a/b"': {}}, "f:labels": {".": {}, "f:l": {}}},
                "f:spec": {
                    ".": {},
                    "f:address": {},
                    "f:items": {".": {}, 'k:{"name":"i"}': {".": {}, "f:name": {}, "f:price": {}}},
                    "f:notes": {".": {}, "f:a": {}},
                    "f:owner": {},
                    "f:tags": {".": {}, 'v:"x"': {}},
                },
            },
        }
    ]


def test_a_manager_without_a_name_is_unknown() -> None:
    assert list(owned(updated(None, cart(owner="ann"), ""))) == ["unknown"]


def test_an_update_takes_what_it_changes_and_what_it_removes_is_nobodys() -> None:
    first = updated(None, cart(owner="ann", count=1, open=True), "one")
    second = updated(first, {**copied(first), "spec": {"owner": "ann", "count": 2}}, "two", now=LATER)
    assert owned(second) == {"one": {"f:spec": {".": {}, "f:owner": {}}}, "two": {"f:spec": {"f:count": {}}}}
    assert [entry["time"] for entry in entries(second)] == [NOW, LATER]


def test_what_one_manager_writes_twice_is_one_entry() -> None:
    first = updated(None, cart(owner="ann"), "one")
    second = updated(first, {**copied(first), "spec": {"owner": "ann", "count": 2}}, "one", now=LATER)
    assert [(entry["manager"], entry["time"]) for entry in entries(second)] == [("one", LATER)]


def test_a_subresource_has_an_entry_of_its_own_and_the_others_fields_are_not_its() -> None:
    first = updated(None, {**cart(owner="ann"), "status": {"phase": "Mine"}}, "one")
    assert owned(first) == {"one": {"f:spec": {".": {}, "f:owner": {}}}}
    second = updated(
        first, {**copied(first), "spec": {"owner": "bob"}, "status": {"phase": "Ready"}}, "one", subresource="status"
    )
    assert owned(second) == {"one": {"f:spec": {".": {}, "f:owner": {}}}, "one/status": {"f:status": {"f:phase": {}}}}


@given(SPECS, SPECS)
def test_a_write_of_what_is_there_changes_no_owner(left: dict[str, Any], right: dict[str, Any]) -> None:
    live = updated(applied(None, cart(**left), "one"), {**cart(**right), "metadata": {"name": "c", "uid": "1"}}, "two")
    assert updated(live, live, "three", now=LATER) == live


@given(SPECS, SPECS)
def test_every_field_that_is_there_has_an_owner_and_none_that_is_gone(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    live = updated(None, cart(open=True, **left), "one")
    changed = updated(live, {**cart(open=True, **right), "metadata": {"name": "c", "uid": "1"}}, "one")
    fresh = updated(None, cart(open=True, **right), "one")
    assert set(flat(owned(changed).get("one", {}))) == set(flat(owned(fresh).get("one", {})))


def flat(fields: Document, path: str = "") -> list[str]:
    found = [path] if not fields or "." in fields else []
    return found + [
        one for element, node in fields.items() if element != "." for one in flat(node, f"{path}/{element}")
    ]


@pytest.mark.parametrize("given_list", [[], [{}]])
def test_an_update_with_an_empty_list_clears_the_owners_for_good(given_list: list[Document]) -> None:
    live = updated(None, cart(owner="ann"), "one")
    clear = {**copied(live), "metadata": {**live["metadata"], "managedFields": given_list}}
    cleared = updated(live, clear, "two")
    assert entries(cleared) == []
    assert entries(updated(cleared, {**copied(cleared), "spec": {"owner": "bob"}}, "three")) == []


def test_an_update_without_owners_keeps_those_there_were() -> None:
    live = updated(None, cart(owner="ann"), "one")
    sent: Document = {**cart(owner="ann"), "metadata": {"name": "c", "uid": "1"}}
    assert entries(updated(live, sent, "two")) == entries(live)


def test_an_update_may_set_owners_itself() -> None:
    live = updated(None, cart(owner="ann"), "one")
    sent = copied(live)
    sent["metadata"]["managedFields"][0]["manager"] = "renamed"
    assert list(owned(updated(live, sent, "two"))) == ["renamed"]


@pytest.mark.parametrize(
    "wrong",
    [
        [{"manager": "x"}],
        [{"manager": "x", "operation": "Update"}],
        [{"manager": "x", "operation": "Update", "apiVersion": VERSION}],
        [{"manager": "x", "operation": "Update", "apiVersion": VERSION, "fieldsType": "FieldsV2"}],
        [
            {
                "manager": "x",
                "operation": "Update",
                "apiVersion": VERSION,
                "fieldsType": "FieldsV1",
                "fieldsV1": {"x": {}},
            }
        ],
        [
            {
                "manager": "x",
                "operation": "Update",
                "apiVersion": VERSION,
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:a": 1},
            }
        ],
        ["x"],
        7,
    ],
)
def test_owners_that_cannot_be_read_are_not_taken(wrong: Any) -> None:
    live = updated(None, cart(owner="ann"), "one")
    sent = {**copied(live), "metadata": {**live["metadata"], "managedFields": wrong}}
    assert entries(updated(live, sent, "two")) == entries(live)


def test_a_subresource_takes_no_owners_from_a_client() -> None:
    live = updated(None, cart(owner="ann"), "one")
    sent: Document = {**copied(live), "metadata": {**live["metadata"], "managedFields": []}}
    assert entries(updated(live, sent, "two", subresource="status")) == entries(live)


def test_more_than_ten_managers_of_updates_become_ten() -> None:
    live = updated(None, cart(owner="m00", notes={"m00": "x"}), "m00")
    for number in range(1, 12):
        name = f"m{number:02}"
        new = copied(live)
        new["spec"]["notes"][name] = "x"
        live = updated(live, new, name, now=f"2026-01-01T00:00:{number:02}Z")
    assert list(owned(live)) == [ANCIENT, *(f"m{number:02}" for number in range(3, 12))]
    assert owned(live)[ANCIENT] == {
        "f:spec": {".": {}, "f:notes": {".": {}, "f:m00": {}, "f:m01": {}, "f:m02": {}}, "f:owner": {}}
    }
    assert entries(live)[0]["time"] == "2026-01-01T00:00:02Z"


def test_the_cap_keeps_versions_apart_and_appliers_out() -> None:
    live = applied(None, cart(owner="ann"), "applier")
    for number in range(10):
        new = copied(live)
        new["spec"].setdefault("notes", {})[f"n{number}"] = "x"
        live = updated(live, new, f"m{number}", now=NOW)
    assert len(owned(live)) == 11
    old_version = copied(live["metadata"]["managedFields"])
    old_version[1]["apiVersion"] = "shop.example.com/v0"
    new = copied({**live, "metadata": {**live["metadata"], "managedFields": old_version}})
    new["spec"]["notes"]["last"] = "x"
    found = updated(live, new, "last", now=LATER)
    assert [(entry["manager"], entry["apiVersion"]) for entry in entries(found)][:2] == [
        ("applier", VERSION),
        (ANCIENT, VERSION),
    ]
    assert ("m0", "shop.example.com/v0") in [(entry["manager"], entry["apiVersion"]) for entry in entries(found)]


def test_items_that_a_list_holds_twice_are_owned_as_one() -> None:
    container = {"name": "c", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    first = tracked(None, pod, POD)
    env = first["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"c"}']["f:env"]
    assert env == {".": {}, 'k:{"name":"A"}': {}}
    second = copied(first)
    second["spec"]["containers"][0]["env"].pop()
    found = tracked(first, second, POD, "two")
    env = owned(found)["two"]["f:spec"]["f:containers"]['k:{"name":"c"}']["f:env"]
    assert env == {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}}


def tracked(old: Document | None, new: Document, schema: Schema, manager: str = "one") -> Document:
    found = copied(new)
    track_update(old, found, schema=schema, manager=manager, api_version=new["apiVersion"], now=NOW)
    found["metadata"]["uid"] = "1"
    return found


def test_fields_that_go_always_writes_are_nobodys_change() -> None:
    bare: Document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "w"},
        "spec": {"selector": {}},
    }
    full = copied(bare)
    full["spec"] |= {"template": {"metadata": {}, "spec": {"containers": None}}, "strategy": {}}
    first = tracked(None, bare, DEPLOYMENT)
    assert owned(first) == owned(tracked(None, full, DEPLOYMENT)) == {"one": {"f:spec": {"f:selector": {}}}}
    second = {**full, "metadata": first["metadata"]}
    assert owned(tracked(first, second, DEPLOYMENT, "two")) == owned(first)


def test_a_built_in_map_that_comes_into_being_is_owned_too() -> None:
    first = tracked(None, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, CONFIG_MAP)
    assert "managedFields" not in first["metadata"]
    made = tracked(None, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {}}, CONFIG_MAP)
    assert owned(made) == {"one": {"f:data": {}}}


def test_what_is_written_is_not_shared_with_what_was_read() -> None:
    first = updated(None, cart(owner="ann"), "one")
    second = updated(first, {**copied(first), "spec": {"owner": "ann", "count": 1}}, "one")
    second["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:owner"]["f:broken"] = {}
    third = updated(None, cart(owner="ann"), "one")
    assert owned(third) == owned(first) == {"one": {"f:spec": {".": {}, "f:owner": {}}}}


def test_items_of_a_list_that_cannot_be_told_apart_lose_all_owners() -> None:
    live = updated(None, cart(owner="ann"), "one")
    broken = {**copied(live), "spec": {"items": [{"price": 1}]}}
    found = updated(live, broken, "two")
    assert entries(found) == []


CHANGES: list[tuple[Any, Any]] = [
    ({"a": 1}, "x"),
    ("x", {"a": 1}),
    ([1], {"a": 1}),
    ({"a": 1}, [1]),
    (1, True),
    (None, {"a": 1}),
]


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_value_that_becomes_one_of_another_kind_is_owned_anew(before: Any, after: Any) -> None:
    live = updated(None, cart(any={"f": before}), "one")
    found = updated(live, {**copied(live), "spec": {"any": {"f": after}}}, "two")
    assert "f:f" in owned(found)["two"]["f:spec"]["f:any"]
    assert updated(found, found, "three") == found


def test_a_map_that_becomes_null_is_nobodys() -> None:
    live = updated(None, cart(any={"f": {"a": 1}}), "one")
    found = updated(live, {**copied(live), "spec": {"any": {"f": None}}}, "two")
    assert owned(found) == {"one": {"f:spec": {".": {}, "f:any": {".": {}, "f:f": {}}}}}


def test_one_and_one_point_zero_are_the_same_number() -> None:
    live = updated(None, cart(any={"f": 1}), "one")
    assert owned(updated(live, {**copied(live), "spec": {"any": {"f": 1.0}}}, "two")) == owned(live)
