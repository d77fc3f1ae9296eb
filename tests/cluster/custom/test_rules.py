from __future__ import annotations

import pytest

from tests.cluster.custom.definitions import complaints, definition, strategy, thing, wrong


def ruled(*rules: object, **properties: object) -> dict[str, object]:
    made = [one if isinstance(one, dict) else {"rule": one} for one in rules]
    return {"type": "object", "properties": properties, "x-kubernetes-validations": made}


INTEGER, STRING = {"type": "integer"}, {"type": "string"}


def test_a_rule_that_does_not_hold_is_named():
    assert wrong(ruled("self.a > 1", a=INTEGER), {"a": 1}) == ["spec: Invalid value: failed rule: self.a > 1"]


def test_a_rule_says_what_its_message_expression_computes():
    rule = {"rule": "self.a > 1", "messageExpression": "'a is ' + string(self.a)", "message": "no"}
    assert wrong(ruled(rule, a=INTEGER), {"a": 0}) == ["spec: Invalid value: a is 0"]


def test_a_message_expression_that_fails_leaves_the_message():
    rule = {"rule": "self.a > 1", "messageExpression": "string(1 / self.a)", "message": "no"}
    assert wrong(ruled(rule, a=INTEGER), {"a": 0}) == ["spec: Invalid value: no"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("FieldValueForbidden", "spec.a: Forbidden: no"),
        ("FieldValueRequired", "spec.a: Required value: no"),
        ("FieldValueDuplicate", "spec.a: Duplicate value"),
    ],
)
def test_a_rule_has_a_reason_and_a_field(reason: str, said: str):
    rule = {"rule": "self.a > 1", "message": "no", "reason": reason, "fieldPath": ".a"}
    assert wrong(ruled(rule, a=INTEGER), {"a": 0}) == [said]


def test_a_rule_that_fails_says_why():
    said = "spec: Invalid value: no such key: a evaluating rule: self.a > 1"
    assert wrong(ruled("self.a > 1", a=INTEGER), {}) == [said]


def test_a_rule_over_a_number_or_text_says_that_it_does_not_fit():
    schema = ruled("self.a + 1 > 1", a={"x-kubernetes-int-or-string": True})
    said = "'no such overload': call arguments did not match a supported operator, function or macro signature for rule"
    assert wrong(schema, {"a": "x"}) == [f"spec: Invalid value: {said}: self.a + 1 > 1"]


def test_a_rule_about_the_old_value_is_silent_without_one():
    schema = ruled({"rule": "self.a == oldSelf.a", "message": "immutable"}, a=INTEGER)
    assert wrong(schema, {"a": 1}) == []
    assert wrong(schema, {"a": 2}, old={"a": 1}) == ["spec: Invalid value: immutable"]
    assert wrong(schema, {"a": 1}, old={"a": 1}) == []


def test_a_rule_may_take_the_old_value_as_optional():
    rule = {"rule": "oldSelf.hasValue() || self.a == 1", "message": "starts at 1", "optionalOldSelf": True}
    schema = ruled(rule, a=INTEGER)
    assert wrong(schema, {"a": 2}) == ["spec: Invalid value: starts at 1"]
    assert wrong(schema, {"a": 2}, old={"a": 1}) == []


def test_items_are_told_from_the_old_ones_by_their_keys():
    items = ruled({"rule": "self.v >= oldSelf.v", "message": "grows"}, n=STRING, v=INTEGER)
    items["required"] = ["n"]
    listed = {"type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]}
    schema = {"type": "object", "properties": {"l": listed}}
    old = {"l": [{"n": "a", "v": 5}, {"n": "b", "v": 5}]}
    new = {"l": [{"n": "c", "v": 1}, {"n": "b", "v": 4}, {"n": "a", "v": 6}]}
    assert wrong(schema, new, old=old) == ["spec.l[1]: Invalid value: grows"]


def test_a_rule_that_was_broken_before_lets_an_update_of_something_else_pass():
    part = ruled("self.x > 1", x=INTEGER)
    schema = {"type": "object", "properties": {"part": part, "other": INTEGER}}
    assert wrong(schema, {"part": {"x": 0}, "other": 2}, old={"part": {"x": 0}, "other": 1}) == []


def test_values_of_a_map_have_their_keys_in_the_path():
    values = {
        "type": "object",
        "additionalProperties": {**STRING, "x-kubernetes-validations": [{"rule": "self != ''"}]},
    }
    said = "spec.m[k]: Invalid value: failed rule: self != ''"
    assert wrong({"type": "object", "properties": {"m": values}}, {"m": {"k": ""}}) == [said]


@pytest.mark.parametrize(
    ("schema", "rule", "value"),
    [
        ({"type": "string", "format": "date-time"}, "self > timestamp('2020-01-01T00:00:00Z')", "2021-01-01T00:00:00Z"),
        ({"type": "string", "format": "duration"}, "self < duration('1h')", "30m"),
        ({"type": "string", "format": "byte"}, "size(self) == 3", "AAEC"),
        ({"type": "number"}, "self > 1.5", 2),
        ({"x-kubernetes-int-or-string": True}, "type(self) == string ? self == '50%' : self > 1", "50%"),
        ({"type": "array", "items": STRING, "x-kubernetes-list-type": "set"}, "self == ['b', 'a']", ["a", "b"]),
        ({"type": "object", "properties": {"foo-bar": INTEGER}}, "self.foo__dash__bar == 1", {"foo-bar": 1}),
        ({"type": "object", "properties": {"namespace": STRING}}, "self.__namespace__ == 'x'", {"namespace": "x"}),
        ({"type": "object", "additionalProperties": INTEGER}, "self.all(k, self[k] > 0)", {"a": 1}),
        ({"type": "string"}, "quantity(self).isGreaterThan(quantity('1Gi'))", "2Gi"),
    ],
)
def test_a_value_has_the_type_of_its_schema(schema, rule, value):
    whole = {"type": "object", "properties": {"v": {**schema, "x-kubernetes-validations": [{"rule": rule}]}}}
    assert wrong(whole, {"v": value}) == []


def test_rules_of_the_root_see_the_name():
    body = definition({"type": "object", "properties": {}})
    root = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    root["x-kubernetes-validations"] = [{"rule": "self.metadata.name.startsWith('a')", "message": "starts with a"}]
    assert complaints(body) == []


WRONG = [
    ("", "rule: Required value: rule is not specified"),
    ("self.a > 'x'", "found no matching overload for '_>_' applied to '(int, string)'"),
    ("self.b", "undefined field 'b'"),
    ("self.a", "cel expression must evaluate to a bool"),
    ("nothing(self)", "undeclared reference to 'nothing' (in container '')"),
    ("self.a > 1 &&", "Syntax error: mismatched input '<EOF>' expecting"),
    ({"rule": "true", "message": " "}, "message: Invalid value: \" \": message must be non-empty if specified"),
    ({"rule": "true", "message": "a\nb"}, "message must not contain line breaks"),
    ({"rule": "true\n", "fieldPath": ".zzz"}, 'fieldPath: Invalid value: ".zzz": fieldPath must be a valid path'),
    ({"rule": "true", "messageExpression": "1"}, "messageExpression must evaluate to a string"),
    ({"rule": "true", "reason": "Because"}, 'reason: Unsupported value: "Because"'),
    ({"rule": "true", "optionalOldSelf": True}, "may not be set if oldSelf is not used in rule"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "said"), WRONG)
def test_a_definition_with_a_rule_that_cannot_be_right_is_refused(rule, said):
    (found,) = complaints(definition(ruled(rule, a=INTEGER)))
    assert said in found
    assert found.startswith("spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].")


def test_items_of_a_list_that_has_no_keys_have_no_old_values():
    items = {**INTEGER, "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}
    (found,) = complaints(definition({"type": "object", "properties": {"l": {"type": "array", "items": items}}}))
    where = "spec.validation.openAPIV3Schema.properties[spec].properties[l]"
    said = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {where}"
    assert found == f'{where}.items.x-kubernetes-validations[0].rule: Invalid value: "self >= oldSelf": {said}'


def test_a_rule_that_runs_for_ever_is_stopped():
    schema = ruled("self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))", l={"type": "array", "items": INTEGER})
    (found,) = [str(one) for one in strategy(schema).validate(thing({"l": list(range(200))}))]
    assert "operation cancelled: actual cost limit exceeded" in found
