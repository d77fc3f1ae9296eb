"""Values of a chart: each means one thing, and mistakes of ours are told before a chart is written."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.build.helm.chart import chart
from poblano.build.helm.templates import template
from poblano.build.helm.values import branches, slots, values_table, values_yaml
from poblano.build.tree import Merged, Part, Slot
from tests.build.planned import admitting, plan_of


def slot(path: str, default: Any = "x", about: str = "What it is for.") -> Slot:
    return Slot(path, default, {"type": "string"}, about)


def test_a_value_that_stands_in_several_places_is_one():
    parts = [Part("a", {"x": slot("a.b")}, when=(slot("c"),)), Part("b", {"y": [slot("a.b")]})]

    assert [one.path for one in slots(parts)] == ["c", "a.b"]


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ([slot("a.b"), slot("a.b", "y")], "a.b is two values in one chart"),
        ([slot("a"), slot("a.b")], "a.b lies in a, which is a value itself"),
        ([slot("a.b"), slot("a")], "a is the beginning of the path of another value"),
    ],
)
def test_a_path_that_means_two_things_is_a_mistake(places: list[Slot], says: str):
    with pytest.raises(ValueError, match=says):
        branches(slots([Part("part", places)]))


@pytest.mark.parametrize("path", ["", "a-b", "a..b", "a.0"])
def test_a_path_that_no_template_can_say_is_a_mistake(path: str):
    with pytest.raises(ValueError, match="cannot be a path in a template"):
        template(Part("part", {"x": slot(path)}))


def test_a_map_with_more_has_something_that_is_always_there():
    with pytest.raises(ValueError, match="has nothing that is always there"):
        template(Part("part", {"x": Merged({"a": slot("a")}, slot("b", {}))}))


@pytest.mark.parametrize(
    "part",
    [
        Part("one", {"kind": "CustomResourceDefinition", "x": slot("a")}, shared=True),
        Part("one", {"kind": "CustomResourceDefinition"}, shared=True, when=(slot("a"),)),
        Part("one", {"kind": "ConfigMap"}, shared=True),
    ],
)
def test_what_modules_share_has_no_values(part: Part):
    with pytest.raises(ValueError, match="one is shared, so it must be a definition, without places"):
        chart(plan_of(admitting()), [part])


def test_values_say_what_they_are_for():
    tree = branches([slot("pods.image", "a:1", f"{'a' * 90} {'b' * 20}"), slot("pods.more", "", "a | b\nc")])

    assert values_yaml(tree, "These are values.") == (
        f'# These are values.\n\npods:\n  # {"a" * 90}\n  # {"b" * 20}\n  image: a:1\n  # a | b\n  # c\n  more: ""\n'
    )
    assert values_table(tree).splitlines()[-1] == '| `pods.more` | `""` | a \\| b c |'
