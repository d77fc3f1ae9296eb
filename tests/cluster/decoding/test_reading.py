from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.decoding import decode
from poblano.cluster.decoding.reading import Undecodable, read_json, summary
from poblano.cluster.decoding.syntax import syntax_error
from poblano.cluster.decoding.yaml_documents import BadYAML, duplicate_keys, read_yaml
from poblano.cluster.status import StatusError

JSON = "application/json"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)

SYNTAX = [
    ("{not json", "invalid character 'n' looking for beginning of object key string"),
    ("", "unexpected end of JSON input"),
    ("{", "unexpected end of JSON input"),
    ('{"a" 1}', "invalid character '1' after object key"),
    ('{"a":1 2}', "invalid character '2' after object key:value pair"),
    ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
    ("[1 2]", "invalid character '2' after array element"),
    ("[1,]", "invalid character ']' looking for beginning of value"),
    ("1 1", "invalid character '1' after top-level value"),
    ("01", "invalid character '1' after top-level value"),
    ("-x", "invalid character 'x' in numeric literal"),
    ("1.x", "invalid character 'x' after decimal point in numeric literal"),
    ("1e+x", "invalid character 'x' in exponent of numeric literal"),
    ("tru", "unexpected end of JSON input"),
    ("trux", "invalid character 'x' in literal true (expecting 'e')"),
    ('"\\q"', "invalid character 'q' in string escape code"),
    ('"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"),
    ('"a\nb"', "invalid character '\\n' in string literal"),
    ("'a'", "invalid character '\\'' looking for beginning of value"),
]


@pytest.mark.parametrize(("text", "said"), SYNTAX)
def test_what_is_no_json_is_refused_in_the_words_of_go(text: str, said: str):
    assert syntax_error(text) == said
    with pytest.raises(Undecodable, match="couldn't get version/kind; json parse error"):
        read_json(text.encode())


@given(VALUES)
def test_json_is_read_as_it_was_written(value: Any):
    assert read_json(json.dumps(value).encode()) == value
    assert syntax_error(json.dumps(value)) is None


@given(st.text(st.sampled_from('{}[]",:0-1.eE+tfn \\ua'), max_size=12))
def test_the_scanner_and_the_parser_refuse_the_same_texts(text: str):
    try:
        read_json(text.encode())
    except Undecodable:
        assert syntax_error(text) is not None
    else:
        assert syntax_error(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"9007199254740993", 9007199254740993),
        (b"9223372036854775808", float(2**63)),
        (b"1.0", 1),
        (b"1.5", 1.5),
        (b"1e3", 1000),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\ud800"', "\ufffd"),
        (b'"\xff"', "\ufffd"),
    ],
)
def test_numbers_and_texts_are_what_go_makes_of_them(text: bytes, value: object):
    found = read_json(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("body", [b"[" * 20000, b'{"a":' * 20000])
def test_a_body_that_is_nested_too_deeply_is_refused(body: bytes):
    with pytest.raises(Undecodable):
        read_json(body)


OTHERS = [
    (b"[]", "json: cannot unmarshal array into Go value of type struct { APIVersion string"),
    (b'"x"', "json: cannot unmarshal string into Go value of type struct"),
    (b'{"kind":1}', "json: cannot unmarshal number into Go struct field .kind of type string"),
    (b"{not json", "({not json)"),
    (b"", "(<empty>)"),
    (b"\x00\x01", "(0001)"),
    (b"{" + b"x" * 50, "({" + "x" * 29 + " ...)"),
]


@pytest.mark.parametrize(("body", "said"), OTHERS)
def test_a_body_that_is_no_object_is_refused_with_its_beginning(body: bytes, said: str):
    with pytest.raises(StatusError) as refusal:
        decode(body, JSON, kind="Pod")
    assert (refusal.value.code, refusal.value.reason) == (400, "BadRequest")
    assert refusal.value.message.startswith("the object provided is unrecognized (must be of type Pod): ")
    assert said in refusal.value.message


def test_null_is_an_object_without_anything():
    assert decode(b"null", JSON) == {}


def test_a_long_body_is_cut():
    assert summary(b"x" * 31) == "78" * 30 + " ..."


# ---- YAML

YAML = [
    ("a: 1", {"a": 1}),
    ("a: yes\nb: off\nc: y", {"a": True, "b": False, "c": True}),
    ("80: a\ntrue: b\n1.5: c", {"80": "a", "true": "b", "1.5": "c"}),
    ("a: 2024-01-01\nb: 12:30:45", {"a": "2024-01-01", "b": "12:30:45"}),
    ("a: 1e3\nb: 0x1f\nc: 0o17\nd: 017\ne: 1_000", {"a": 1000, "b": 31, "c": 15, "d": 15, "e": 1000}),
    ("a: ~\nb:\nc: null", {"a": None, "b": None, "c": None}),
    ("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2", {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}),
    ("a: |\n  b\n  c\n", {"a": "b\nc\n"}),
    ("---\na: 1\n---\nb: 2\n", {"a": 1}),
    ("a: !!binary aGk=", {"a": "aGk="}),
    ("", None),
    ('{"a": [1, "b"]}', {"a": [1, "b"]}),
]


@pytest.mark.parametrize(("text", "value"), YAML)
def test_yaml_is_read_as_the_api_server_reads_it(text: str, value: object):
    try:
        assert read_yaml(text.encode()) == value
    except BadYAML as error:
        pytest.fail(str(error))


@pytest.mark.parametrize(
    "text", ["a: b: c", "a: [1", "\tb: 1", "a: *nobody", "? [a, b]\n: 1", "a: !!python/object:os.system x", "a: .nan"]
)
def test_what_is_no_yaml_is_refused(text: str):
    with pytest.raises(BadYAML, match="yaml"):
        read_yaml(text.encode())


def test_a_bomb_of_aliases_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadYAML, match="excessive aliasing"):
        read_yaml("\n".join(lines).encode())


def test_keys_that_stand_twice_in_yaml_are_told_by_line():
    said = 'yaml: unmarshal errors:\n  line 3: key "a" already set in map'
    assert duplicate_keys(b"a: 1\nb: {c: 1}\na: 2\n") == [said]
    assert duplicate_keys(b"a: 1\nb: {a: 1}\n") == []


@given(VALUES)
def test_json_is_yaml_too_but_for_halves_of_a_character(value: Any):
    raw = json.dumps(value)
    if "\\ud8" not in raw and "\\ud9" not in raw and "\\uda" not in raw and "\\udb" not in raw:
        assert read_yaml(raw.encode()) == value
