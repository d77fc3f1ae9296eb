"""The order of merged lists is that of the configuration, around what it does not know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.managed.merging import merge
from poblano.cluster.managed.types import type_of
from tests.cluster.managed.shop import CART

LETTERS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


def merged(live: list[str], config: list[str]) -> list[str]:
    found = merge(type_of(CART), {"spec": {"tags": live}}, {"spec": {"tags": config}})
    tags: list[str] = found["spec"]["tags"]
    return tags


@pytest.mark.parametrize(
    ("live", "config", "found"),
    [
        ("abc", "d", "abcd"),
        ("abc", "cd", "abcd"),
        ("abc", "ca", "bca"),
        ("abcd", "xb", "axbcd"),
        ("abcd", "dxa", "bcdxa"),
        ("", "ba", "ba"),
        ("ba", "", "ba"),
        ("1234", "4321", "4321"),
        ("123", "1a2b3c", "1a2b3c"),
        ("1234", "a2b", "1a234b"),
    ],
)
def test_lists_are_merged_in_the_known_order(live: str, config: str, found: str) -> None:
    assert "".join(merged(list(live), list(config))) == found


@given(LETTERS, LETTERS)
def test_both_sides_are_there_once_and_the_configuration_in_its_own_order(live: list[str], config: list[str]) -> None:
    found = merged(live, config)
    assert sorted(found) == sorted(set(live) | set(config))
    assert [item for item in found if item in config] == config
    assert [item for item in found if item not in config] == [item for item in live if item not in config]


def test_what_the_live_list_holds_twice_is_replaced_by_the_one() -> None:
    live = {"spec": {"items": [{"name": "a", "price": 1}, {"name": "a", "price": 2}]}}
    found = merge(type_of(CART), live, {"spec": {"items": [{"name": "a", "price": 3}]}})
    assert found["spec"]["items"] == [{"name": "a", "price": 3}]
    assert merge(type_of(CART), live, {"spec": {"owner": "x"}})["spec"]["items"] == live["spec"]["items"]
