"""What pruning, defaulting and validation promise for any schema and any value."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.custom.defaulting import default, drop_nulls
from poblano.cluster.custom.pruning import prune
from poblano.cluster.custom.values import validate
from poblano.core.jsonvalue import copied, same

NAMES = st.sampled_from(["a", "b", "c", "metadata"])
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from([0.5, -1.5]), st.sampled_from(["", "a", "abc", "80"])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


def leaf_schemas() -> st.SearchStrategy[dict[str, Any]]:
    more = st.fixed_dictionaries(
        {},
        optional={
            "nullable": st.booleans(),
            "minimum": st.integers(-3, 3),
            "maxLength": st.integers(0, 3),
            "pattern": st.sampled_from(["^a", "c$", "[0-9]+"]),
            "enum": st.lists(LEAVES, min_size=1, max_size=3),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
            "format": st.sampled_from(["int32", "date-time", "ipv4", "nobody-knows"]),
        },
    )
    kinds = st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer"},
            {"type": "number"},
            {"type": "boolean"},
            {"x-kubernetes-int-or-string": True},
        ]
    )
    return st.builds(lambda kind, rest: {**kind, **rest}, kinds, more)


def containers(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    keeps = st.sampled_from([{}, {}, {"x-kubernetes-preserve-unknown-fields": True}])
    structs = st.builds(
        lambda properties, more, required: {"type": "object", "properties": properties, "required": required, **more},
        st.dictionaries(NAMES, inner, min_size=1, max_size=3),
        keeps,
        st.lists(NAMES, max_size=2),
    )
    maps = st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner | st.just(True))
    lists = st.builds(lambda items, most: {"type": "array", "items": items, "maxItems": most}, inner, st.integers(0, 4))
    return structs | maps | lists


@st.composite
def with_defaults(draw: st.DrawFn) -> dict[str, Any]:
    schema = draw(st.recursive(leaf_schemas(), containers, max_leaves=6))
    for node in nodes(schema):
        if draw(st.booleans()):
            value = draw(VALUES)
            default(value, node)
            node["default"] = value
    return {"type": "object", "properties": {"a": schema, "b": draw(leaf_schemas())}}


def nodes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = [*schema.get("properties", {}).values()]
    found += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    return [schema, *(below for one in found for below in nodes(one))]


SCHEMAS = with_defaults()


def is_within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_within(item, whole[key]) for key, item in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(is_within, part, whole))
    return same(part, whole)


@given(SCHEMAS, OBJECTS)
def test_what_is_pruned_is_part_of_what_was_there_and_pruning_again_finds_nothing(schema, value):
    before = copied(value)
    gone = prune(value, schema)
    assert is_within(value, before)
    assert bool(gone) == (not same(value, before))
    assert prune(value, schema) == []


@given(SCHEMAS, OBJECTS)
def test_dropping_nulls_twice_drops_no_more(schema, value):
    drop_nulls(value, schema)
    once = copied(value)
    drop_nulls(value, schema)
    assert same(value, once)


@given(SCHEMAS, OBJECTS)
def test_defaulting_twice_changes_nothing_and_takes_nothing_away_but_nulls(schema, value):
    before = copied(value)
    default(value, schema)
    once = copied(value)
    default(value, schema)
    assert same(value, once)
    assert all(key in value for key in before)


@given(SCHEMAS, OBJECTS)
def test_a_schema_s_own_defaults_are_not_shared_with_objects(schema, value):
    before = copied(schema)
    default(value, schema)
    for item in value.values():
        if isinstance(item, list):
            item.append("more")
        if isinstance(item, dict):
            item["more"] = 1
    assert same(schema, before)


@given(SCHEMAS, OBJECTS)
def test_validation_says_the_same_after_a_trip_as_json(schema, value):
    again = json.loads(json.dumps(value))
    assert [str(one) for one in validate(again, schema)] == [str(one) for one in validate(value, schema)]


@given(SCHEMAS, OBJECTS)
def test_what_has_not_changed_is_not_held_against_an_update(schema, value):
    assert validate(value, schema, old=copied(value)) == []


@given(SCHEMAS, OBJECTS, OBJECTS)
def test_an_update_is_refused_for_nothing_that_a_create_is_not(schema, value, old):
    assert {str(one) for one in validate(value, schema, old=old)} <= {str(one) for one in validate(value, schema)}


@given(leaf_schemas(), VALUES)
def test_not_accepts_what_the_schema_refuses(schema, value):
    assert bool(validate(value, {"not": schema})) == (not validate(value, schema) and value is not None)


@given(st.lists(leaf_schemas(), min_size=1, max_size=3), VALUES)
def test_any_all_and_one_count_the_schemas_that_accept(schemas, value):
    if value is None:
        return
    accepting = sum(not validate(value, schema) for schema in schemas)
    assert bool(validate(value, {"anyOf": schemas})) == (accepting == 0)
    assert bool(validate(value, {"allOf": schemas})) == (accepting < len(schemas))
    assert bool(validate(value, {"oneOf": schemas})) == (accepting != 1)
