"""Path elements have one spelling, and are shown as the API server shows them."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.managed.elements import ElementError, canonical, element_of, go_json, shown, sort_key
from poblano.cluster.managed.types import DEDUCED, ListType

BY_NAME = ListType(atomic=False, keys=("name",), item=DEDUCED, sorted_keys=("name",))
PORTS = ListType(
    atomic=False,
    keys=("containerPort", "protocol"),
    item=DEDUCED,
    key_defaults={"protocol": "TCP"},
    sorted_keys=("containerPort", "protocol"),
)
SET = ListType(atomic=False, keys=(), item=DEDUCED)


@pytest.mark.parametrize(
    ("kind", "item", "element"),
    [
        (BY_NAME, {"name": "web", "image": "x"}, 'k:{"name":"web"}'),
        (BY_NAME, {"name": "<&>"}, 'k:{"name":"\\u003c\\u0026\\u003e"}'),
        (PORTS, {"containerPort": 80}, 'k:{"containerPort":80,"protocol":"TCP"}'),
        (PORTS, {"protocol": "UDP"}, 'k:{"protocol":"UDP"}'),
        (SET, "x", 'v:"x"'),
        (SET, 1.5, "v:1.5"),
        (SET, True, "v:true"),
    ],
)
def test_an_item_is_known_by_its_keys_or_its_value(kind: ListType, item: Any, element: str) -> None:
    assert element_of(kind, item) == element


@pytest.mark.parametrize(
    ("kind", "item", "message"),
    [
        (BY_NAME, None, "associative list with keys may not have a null element"),
        (BY_NAME, "x", "associative list with keys may not have non-map elements"),
        (
            BY_NAME,
            {"image": "x"},
            (
                'associative list with keys has an element that omits all key fields ["name"] '
                "(and doesn't have default values for any key fields)"
            ),
        ),
        (SET, {}, "associative list without keys has an element that's a map type"),
        (SET, [], "not supported: associative list with lists as elements"),
        (SET, None, "associative list without keys has an element that's an explicit null"),
    ],
)
def test_an_item_that_cannot_be_told_from_others_is_refused(kind: ListType, item: Any, message: str) -> None:
    with pytest.raises(ElementError) as refused:
        element_of(kind, item)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("given", "spelt"),
    [("f:a:b", "f:a:b"), ('k:{"b":1, "a":"x"}', 'k:{"a":"x","b":1}'), ('v: "x"', 'v:"x"'), ("i:007", "i:7")],
)
def test_an_element_of_a_client_is_spelt_in_the_one_way(given: str, spelt: str) -> None:
    assert canonical(given) == spelt


@pytest.mark.parametrize("wrong", ["", "f", "fx", "x:a", "i:one", "k:[", "k:[]", "v:"])
def test_what_is_no_element_is_refused(wrong: str) -> None:
    with pytest.raises(ElementError):
        canonical(wrong)


def test_paths_are_shown_as_the_real_server_shows_them() -> None:
    assert (
        shown(["f:spec", "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}'])
        == '.spec.ports[containerPort=80,protocol="TCP"]'
    )
    assert shown(["f:finalizers", 'v:"a/b"']) == '.finalizers[="a/b"]'
    assert shown(["f:args", "i:0"]) == ".args[0]"


def test_json_is_written_as_go_writes_it() -> None:
    assert go_json({"b": [1, None, "\u2028"], "a": "ü"}) == '{"a":"ü","b":[1,null,"\\u2028"]}'


def test_elements_of_mixed_kinds_have_an_order() -> None:
    mixed = ['v:{"a":1}', "v:[1]", "v:null", "v:true", 'v:"s"', "v:3"]
    assert sorted(mixed, key=sort_key) == ["v:null", "v:3", "v:true", 'v:"s"', "v:[1]", 'v:{"a":1}']
