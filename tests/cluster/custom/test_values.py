from __future__ import annotations

import pytest

from poblano.cluster.custom.lists import validate_lists
from poblano.cluster.custom.values import validate

REPORTS = [
    ({"type": "string"}, None, 'a: Invalid value: "null": a in body must be of type string: "null"'),
    ({"type": "string", "nullable": True}, None, ""),
    ({"type": "integer"}, 1.5, 'a: Invalid value: "number": a in body must be of type integer: "number"'),
    ({"type": "integer"}, True, 'a: Invalid value: "boolean": a in body must be of type integer: "boolean"'),
    ({"type": "integer"}, 2.0, ""),
    ({"type": "number"}, 2, ""),
    ({"type": "object"}, [], 'a: Invalid value: "array": a in body must be of type object: "array"'),
    ({"x-kubernetes-int-or-string": True}, "80", ""),
    ({"type": "string", "minLength": 2}, "x", 'a: Invalid value: "x": a in body should be at least 2 chars long'),
    ({"type": "string", "maxLength": 2}, "xyz", "a: Too long: may not be more than 2 bytes"),
    ({"type": "string", "maxLength": 2}, "éé", ""),
    ({"type": "string", "pattern": "^[a-z]$"}, "x\n", "a: Invalid value: \"x\\n\": a in body should match '^[a-z]$'"),
    ({"type": "integer", "maximum": 1000000}, 1000001, "a: Invalid value: 1000001: a in body should be less than or equal to 1000000"),
    ({"type": "number", "maximum": 1000000}, 1000000.5, "a: Invalid value: 1000000.5: a in body should be less than or equal to 1e+06"),
    ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1, "a: Invalid value: 1: a in body should be greater than 1"),
    ({"type": "number", "multipleOf": 0.1}, 0.3, ""),
    ({"type": "integer", "multipleOf": 5}, 7, "a: Invalid value: 7: a in body should be a multiple of 5"),
    ({"type": "array", "minItems": 1}, [], "a: Invalid value: 0: a in body should have at least 1 items"),
    ({"type": "array", "maxItems": 1}, [1, 2], "a: Too many: 2: must have at most 1 item"),
    ({"type": "object", "minProperties": 1}, {}, "a: Invalid value: 0: a in body should have at least 1 properties"),
    ({"type": "object", "maxProperties": 0}, {"b": 1}, "a: Too many: 1: must have at most 0 items"),
    ({"type": "object", "required": ["b"]}, {}, "a.b: Required value"),
    ({"items": {"type": "integer"}}, [1, "x"], 'a[1]: Invalid value: "string": a[1] in body must be of type integer: "string"'),
    ({"type": "integer", "enum": [1, 2]}, 3, 'a: Unsupported value: 3: supported values: "1", "2"'),
    ({"type": "string", "format": "ipv4"}, "::1", 'a: Invalid value: "::1": a in body must be of type ipv4: "::1"'),
    ({"type": "string", "format": "made-up"}, "x", ""),
    ({"type": "integer", "format": "int32"}, 1.5, 'a: Invalid value: "double": a in body must be of type int32: "double"'),
    ({"not": {"required": ["b"]}, "type": "object"}, {"b": 1}, '<nil>: Invalid value: "": "a" must not validate the schema (not)'),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "said"), REPORTS)
def test_a_value_is_refused_in_the_words_of_the_real_server(schema, value, said):
    assert "; ".join(str(one) for one in validate(value, schema, "a")) == said


def test_a_complaint_of_any_of_comes_with_those_of_the_nearest_alternative():
    schema = {"anyOf": [{"required": ["x", "y"]}, {"required": ["x"]}]}
    assert [str(one) for one in validate({}, schema, "a")] == [
        '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
        "a.x: Required value",
    ]


def test_unchanged_parts_of_a_changed_object_are_not_looked_at_again():
    schema = {"type": "object", "properties": {"a": {"maximum": 1}, "b": {"maximum": 1}}}
    found = validate({"a": 5, "b": 6}, schema, old={"a": 5, "b": 5})
    assert [one.field for one in found] == ["b"]


def test_items_of_a_map_like_list_are_compared_with_those_of_the_same_keys():
    items = {"type": "object", "properties": {"n": {"type": "string"}, "v": {"maximum": 1}}}
    schema = {"type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]}
    old, new = [{"n": "a", "v": 5}], [{"n": "b", "v": 6}, {"n": "a", "v": 5}]
    assert [one.field for one in validate(new, schema, "l", old)] == ["l[0].v"]


def test_an_item_that_stands_in_a_set_three_times_is_told_of_once():
    schema = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}}
    assert [str(one) for one in validate_lists([1, 1, 1, 2], schema, "s")] == ["s[1]: Duplicate value: 1"]
