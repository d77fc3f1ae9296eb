"""Roles that are put together from others by label."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.cluster.access.aggregation import aggregated, selects
from tests.cluster.access.cluster import role, rule


def labelled(name: str, labels: dict[str, str], *rules: dict[str, Any], selects: str = "") -> dict[str, Any]:
    made = role(name, *rules)
    made["metadata"]["labels"] = labels
    if selects:
        made["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {"to": selects}}]}
    return made


GET, LIST = rule("get", "pods"), rule("list", "pods")


def test_parts_are_taken_by_name_and_each_rule_once() -> None:
    whole = labelled("whole", {}, selects="whole")
    parts = [labelled("b", {"to": "whole"}, LIST, GET), labelled("a", {"to": "whole"}, GET), labelled("c", {}, LIST)]
    assert aggregated(whole, [*parts, whole])["rules"] == [GET, LIST]


def test_what_a_part_gathers_is_gathered_and_a_circle_ends() -> None:
    one = labelled("one", {"to": "two"}, selects="one")
    two = labelled("two", {"to": "one"}, selects="two")
    leaf = labelled("leaf", {"to": "two"}, GET)
    roles = [one, two, leaf]
    assert aggregated(one, roles)["rules"] == aggregated(two, roles)["rules"] == [GET]


def test_rules_of_its_own_are_replaced_as_the_controller_does() -> None:
    assert aggregated(labelled("whole", {}, GET, selects="x"), [])["rules"] == []


@pytest.mark.parametrize(
    ("operator", "values", "labels", "expected"),
    [
        ("In", ["1", "2"], {"a": "1"}, True),
        ("In", ["1", "2"], {"a": "3"}, False),
        ("In", ["1", "2"], {}, False),
        ("NotIn", ["1"], {"a": "1"}, False),
        ("NotIn", ["1"], {"a": "2"}, True),
        ("NotIn", ["1"], {}, True),
        ("Exists", None, {"a": ""}, True),
        ("Exists", None, {}, False),
        ("DoesNotExist", None, {"a": ""}, False),
        ("DoesNotExist", None, {}, True),
        ("Unheard", None, {"a": ""}, False),
    ],
)
def test_expressions_select(operator: str, values: list[str] | None, labels: dict[str, str], expected: bool) -> None:
    selector = {"matchExpressions": [{"key": "a", "operator": operator, "values": values}]}
    assert selects(selector, labels) is expected


def test_an_empty_selector_selects_everything_and_all_parts_must_hold() -> None:
    assert selects({}, {"a": "1"})
    both = {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]}
    assert not selects(both, {"a": "1"})
    assert selects(both, {"a": "1", "b": ""})
