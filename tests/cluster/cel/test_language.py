from __future__ import annotations

import pytest

from poblano.cluster.cel import CelError, CompileError, compile
from poblano.cluster.cel.types import BOOL, DYN, INT, STRING, Field, ObjectType, list_of, map_of, optional_of
from poblano.cluster.cel.values import UInt

VALUES = [
    ("1 + 2 * 3", 7),
    ("-7 / 2", -3),
    ("-7 % 2", -1),
    ("5u - 3u", 2),
    ("1.5 * 2.0", 3.0),
    ("0x1F", 31),
    ("1e3", 1000.0),
    ("-9223372036854775808", -(2**63)),
    ("'a' + \"b\" + '''c'''", "abc"),
    (r"'\u00e9\n\x41\101'", "é\nAA"),
    (r"r'\n'", "\\n"),
    (r"b'\xff\u00e9'", b"\xff\xc3\xa9"),
    ("[1, 2] + [3]", [1, 2, 3]),
    ("{'a': 1}.a", 1),
    ("{1: 'x'}[1]", "x"),
    ("{true: 'x'}[true]", "x"),
    ("1 in {1: 2}", True),
    ("dyn(1) in [1.0]", True),
    ("true ? 1 : 2", 1),
    ("dyn(1) == 1.0 && dyn(1u) == 1", True),
    ("dyn(true) == 1", False),
    ("dyn([1]) == [1.0]", True),
    ("{'a': [1]} == {'a': [1]}", True),
    ("type(1u) == uint && type([]) == list && type(null) == null_type", True),
    ("has({'a': 1}.a) && !has({'a': 1}.b)", True),
    ("[1, 2, 3].filter(x, x > 1).map(x, x * x)", [4, 9]),
    ("[1, 2, 3].map(x, x > 1, x * 10)", [20, 30]),
    ("{'a': 1, 'b': 2}.exists(k, k == 'b')", True),
    ("[1, 2, 2].exists_one(x, x == 1)", True),
    ("[3, 4].transformList(i, v, i > 0, i + v)", [5]),
    ("{'a': 1}.transformMap(k, v, k + string(v))", {"a": "a1"}),
    ("['a', 'b'].transformMapEntry(i, v, {v: i})", {"a": 0, "b": 1}),
    ("[1, 2].all(i, v, v == i + 1)", True),
    ("cel.bind(x, 2, x * x)", 4),
    ("{'a': {'b': 1}}.?a.?b.orValue(0)", 1),
    ("{'a': {}}.?a.?b.orValue(0)", 0),
    ("{'a': 1}[?'b'].hasValue()", False),
    ("[1][?1].or(optional.of(5)).value()", 5),
    ("optional.of(2).optMap(x, x + 1).value()", 3),
    ("optional.none().optMap(x, 1 / 0).hasValue()", False),
    ("optional.of(2).optFlatMap(x, optional.none()).hasValue()", False),
    ("[?optional.of(1), ?optional.none(), 2]", [1, 2]),
    ("{?'a': optional.none(), 'b': 1}", {"b": 1}),
    ("optional.ofNonZeroValue('').hasValue()", False),
    ("1 / 0 == 1 || true", True),
    ("false && 1 / 0 == 1", False),
    ("[0, 1].exists(x, 1 / x == 1)", True),
    ("timestamp('2024-02-29T12:00:00Z').getDayOfYear()", 59),
    ("timestamp('2024-03-03T00:00:00Z').getDayOfWeek()", 0),
    ("timestamp('2024-01-01T23:00:00Z').getHours('+02:30')", 1),
    ("timestamp('2024-01-01T00:00:00Z') + duration('90m') > timestamp('2024-01-01T01:00:00Z')", True),
    ("string(duration('90m'))", "5400s"),
    ("string(timestamp('2024-01-01T00:00:00.5Z'))", "2024-01-01T00:00:00.5Z"),
    ("duration('1.5s').getMilliseconds()", 500),
    ("int('42') + int(3.9) + int(2u)", 47),
    ("uint(3) == 3u && double('1.5') == 1.5 && bool('true')", True),
    ("string(1.0) + string(1e300) + string(true)", "11e+300true"),
    ("'a.b.c'.split('.')", ["a", "b", "c"]),
    ("// a comment\n1", 1),
]


@pytest.mark.parametrize(("source", "value"), VALUES)
def test_an_expression_has_its_value(source: str, value: object):
    found = compile(source).evaluate()
    assert (found, type(found) is bool) == (value, type(value) is bool)


FAILURES = [
    ("1 / 0", "division by zero"),
    ("1 % 0", "modulus by zero"),
    ("9223372036854775807 + 1", "integer overflow"),
    ("0u - 1u", "unsigned integer overflow"),
    ("[1][1]", "index out of bounds: 1"),
    ("{'a': 1}.b", "no such key: b"),
    ("{'a': 1}['b']", "no such key: b"),
    ("dyn(1) + 'a'", "no such overload"),
    ("optional.none().value()", "optional.none() dereference"),
    ("{'a': 1, 'a': 2}", "Failed with repeated key: a"),
    ("[1, 0].all(x, 1 / x > 0)", "division by zero"),
    ("timestamp('yesterday')", "type conversion error from 'string' to 'timestamp'"),
    ("'a'.matches('(')", "error parsing regexp"),
]


@pytest.mark.parametrize(("source", "said"), FAILURES)
def test_an_expression_without_a_value_says_why(source: str, said: str):
    with pytest.raises(CelError) as failure:
        compile(source).evaluate()
    assert said in str(failure.value)


def cart() -> ObjectType:
    return ObjectType(
        "cart", (), {"n": Field("n", INT), "tags": Field("tags", list_of(STRING)), "any": Field("any", DYN)}
    )


WRONG = [
    ("self.nope > 1", "ERROR: <input>:1:5: undefined field 'nope'\n | self.nope > 1\n | ....^"),
    ("self.n + 'a'", "ERROR: <input>:1:8: found no matching overload for '_+_' applied to '(int, string)'"),
    ("other", "ERROR: <input>:1:1: undeclared reference to 'other' (in container '')"),
    ("self.tags.upper()", "undeclared reference to 'upper' (in container '')"),
    ("self.n.startsWith('a')", "found no matching overload for 'startsWith' applied to 'int.(string)'"),
    (
        "self.n.all(x, true)",
        "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ),
    ("self.tags.all(t, t)", "expected type 'bool' but found 'string'"),
    ("self.tags.exists(t, t == 1)", "found no matching overload for '_==_' applied to '(string, int)'"),
    ("self.n.x", "type 'int' does not support field selection"),
    ("self.n ? 1 : 2", "found no matching overload for '_?_:_' applied to '(int, int, int)'"),
    ("1 == 1.0", "found no matching overload for '_==_' applied to '(int, double)'"),
    ("true ? 1 : 'a'", "found no matching overload for '_?_:_' applied to '(bool, int, string)'"),
    ("self.n == 1 ||", "Syntax error: mismatched input '<EOF>' expecting"),
    ("has(self)", "invalid argument to has() macro"),
    ("self.tags.all(1, true)", "argument must be a simple name"),
    ("99999999999999999999", "invalid int literal"),
    ("for == 1", "reserved identifier: for"),
    ("'a", "Syntax error: token recognition error at: ''a'"),
    ("self.n\n  + nope", "ERROR: <input>:2:5: undeclared reference to 'nope' (in container '')\n |   + nope\n | ....^"),
    ("(" * 400 + "1" + ")" * 400, "recursion limit exceeded"),
]


@pytest.mark.parametrize(("source", "said"), WRONG)
def test_an_expression_that_cannot_be_right_is_refused_before_it_runs(source: str, said: str):
    with pytest.raises(CompileError) as refusal:
        compile(source, {"self": cart()})
    assert said in str(refusal.value)


def test_several_mistakes_are_all_told_in_their_order():
    with pytest.raises(CompileError) as refusal:
        compile("self.b == self.a", {"self": cart()})
    assert [issue.message for issue in refusal.value.issues] == ["undefined field 'b'", "undefined field 'a'"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("self.n > 1", BOOL),
        ("self.tags", list_of(STRING)),
        ("self.any.whatever", DYN),
        ("self.?n", optional_of(INT)),
        ("self.tags.map(t, size(t))", list_of(INT)),
        ("{'a': 1}", map_of(STRING, INT)),
        ("[1, 'a']", list_of(DYN)),
        ("[]", list_of(DYN)),
        ("self.?n.orValue(1)", INT),
        ("self.tags.first()", optional_of(STRING)),
    ],
)
def test_an_expression_has_its_type(source: str, kind: object):
    assert compile(source, {"self": cart()}).type == kind


def test_a_program_names_its_variables_but_not_those_it_binds():
    program = compile("a.exists(x, x == b) && optional.of(c).hasValue() && cel.bind(d, 1, d == 1)")
    assert program.names == {"a", "b", "c", "cel"} - {"cel"}


def test_an_unsigned_integer_stays_one():
    assert isinstance(compile("1u + 2u").evaluate(), UInt)


def test_values_are_not_changed_by_what_is_computed_from_them():
    value = {"l": [3, 1, 2]}
    assert compile("(self.l + [0]).sort()").evaluate(self=value) == [0, 1, 2, 3]
    assert value == {"l": [3, 1, 2]}
