from __future__ import annotations

import enum
import json
from collections import ChainMap, OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import MAX_DEPTH, copied, identical, plain, same
from tests.core.values import JSON


class Tier(enum.Enum):
    DATA = "data"


class Size(enum.IntEnum):
    SMALL = 1


class Name(str):
    __slots__ = ()


@given(JSON)
def test_what_is_plain_is_returned_itself(value: Any):
    assert plain(value) is value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Tier.DATA, "data"),
        (Size.SMALL, 1),
        (Name("a"), "a"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ((1, (2,)), [1, [2]]),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        (ChainMap({"a": 1}, {"b": 2}), {"a": 1, "b": 2}),
        ({"a": [Tier.DATA, {"b": Name("c")}]}, {"a": ["data", {"b": "c"}]}),
    ],
)
def test_what_json_can_say_becomes_json(value: Any, expected: Any):
    made = plain(value)

    assert same(made, expected)
    assert type(made) is type(expected)


def test_making_json_changes_nothing_it_was_given():
    value = {"a": [(1, 2)], "b": {"c": Tier.DATA}}
    plain(value)

    assert value == {"a": [(1, 2)], "b": {"c": Tier.DATA}}


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        {1, 2},
        b"bytes",
        datetime(2026, 1, 1, tzinfo=UTC),
        Decimal(1),
        object(),
        1j,
        "\ud800",
        iter([1]),
        lambda: None,
        dict,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_say_is_named_with_its_place(value: Any):
    with pytest.raises(MalformedObject, match=r"at \.spec\.items\[1\]"):
        plain({"spec": {"items": [1, value]}})


@pytest.mark.parametrize("key", [1, None, ("a",), True, "\ud800"])
def test_only_text_is_a_key(key: Any):
    with pytest.raises(MalformedObject, match=r"at \.spec"):
        plain({"spec": {key: 1}})


def test_what_contains_itself_is_refused():
    cyclic: list[Any] = []
    cyclic.append({"again": cyclic})

    with pytest.raises(MalformedObject, match=f"more than {MAX_DEPTH} deep"):
        plain(cyclic)


@given(JSON, JSON)
def test_same_agrees_with_the_text_of_json(left: Any, right: Any):
    # Numbers that Python writes differently are different: 1, 1.0 and true; -0.0 alone is 0.0.
    one, other = (json.dumps(value, sort_keys=True).replace("-0.0", "0.0") for value in (left, right))

    assert same(left, right) is (one == other)


@given(JSON)
def test_a_copy_is_the_same_and_shares_nothing(value: Any):
    made = copied(value)

    assert same(made, value)
    assert not _containers(made) & _containers(value)


def _containers(value: Any) -> set[int]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = {id(value)} if isinstance(value, dict | list) else set[int]()
    return own.union(*map(_containers, inner))


@given(JSON, JSON)
def test_identical_is_the_same_found_faster(left: Any, right: Any):
    assert identical(left, right) is same(left, right)
    assert identical(left, copied(left))


@pytest.mark.parametrize(("left", "right"), [(1, True), (0, False), (1, 1.0), (2**70, float(2**70)), (True, 1.0)])
def test_identical_tells_neighbours_apart(left: Any, right: Any):
    assert not identical({"a": [left]}, {"a": [right]})
