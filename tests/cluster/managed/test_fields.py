"""Sets of fields behave as sets of paths do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.managed.entries import read_fields
from poblano.cluster.managed.fields import (
    SELF,
    Fields,
    as_member,
    at,
    difference,
    has,
    in_order,
    intersection,
    paths,
    union,
    without,
)

Paths = frozenset[tuple[str, ...]]

ELEMENTS = ["f:a", "f:b", 'k:{"name":"x"}', 'k:{"containerPort":80,"protocol":"TCP"}', 'v:"x"', "v:2", "v:10", "i:3"]
PATHS = st.frozensets(st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=3).map(tuple), max_size=8)


def tree(found: Paths) -> Fields:
    fields: Fields = {}
    for path in sorted(found):
        fields = union(fields, at(*path))
    return fields


def model(fields: Fields) -> Paths:
    return frozenset(paths(fields))


@given(PATHS)
def test_a_set_holds_the_paths_it_was_made_of(found: Paths) -> None:
    assert model(tree(found)) == found
    assert all(has(tree(found), *path) for path in found)


@given(PATHS, PATHS)
def test_set_operations_are_those_of_sets_of_paths(left: Paths, right: Paths) -> None:
    one, other = tree(left), tree(right)
    assert union(one, other) == tree(left | right)
    assert difference(one, other) == tree(left - right)
    assert intersection(one, other) == tree(left & right)


@given(PATHS, PATHS)
def test_a_recursive_difference_takes_what_is_below_too(left: Paths, right: Paths) -> None:
    kept = frozenset(path for path in left if not any(path[:length] in right for length in range(1, len(path) + 1)))
    assert without(tree(left), tree(right)) == tree(kept)


@given(PATHS, PATHS)
def test_a_difference_that_takes_nothing_is_the_very_same_set(left: Paths, right: Paths) -> None:
    fields = tree(left)
    assert (difference(fields, tree(right)) is fields) == (not left & right)


@given(PATHS)
def test_what_is_written_is_read_back(found: Paths) -> None:
    fields = tree(found)
    text = in_order(fields)
    assert text == fields
    assert list(paths(text)) == list(paths(fields))
    assert read_fields(text) is text


@given(PATHS)
def test_no_operation_changes_its_operands(found: Paths) -> None:
    fields, whole = tree(found), tree(found)
    for operation in (union, difference, intersection, without):
        operation(fields, {"f:a": {"f:b": {}}, 'v:"x"': {}})
    assert fields == whole


def test_the_written_order_is_names_then_keys_then_values_then_indices() -> None:
    fields: Fields = {
        element: {} for element in ["i:3", "v:10", "v:2", 'v:"x"', 'k:{"port":443}', 'k:{"port":80}', "f:b"]
    }
    ordered = list(in_order({**fields, SELF: {}}))
    assert ordered == [SELF, "f:b", 'k:{"port":80}', 'k:{"port":443}', "v:2", "v:10", 'v:"x"', "i:3"]


def test_a_node_becomes_a_member_once() -> None:
    assert as_member(None) == {}
    assert as_member({}) == {}
    assert as_member(as_member({"f:a": {}})) == {SELF: {}, "f:a": {}}
