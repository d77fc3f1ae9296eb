"""What becomes of values in a log line."""

from __future__ import annotations

import json
from collections import UserDict, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.context import Running
from poblano.core.objects import Resource
from poblano.core.requests import MutateRequest
from poblano.core.review import AdmissionRequest, GroupVersionKind
from poblano.redaction import LONGEST, WITHHELD, is_secret_key, redacted, text

IN_SECRET = Running("shop", "rule", "Secret")
POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "db", "namespace": "shop"}, "spec": {"x": 1}}
REFERENCE = {"kind": "Pod", "namespace": "shop", "name": "db"}


class Colour(Enum):
    RED = "red"


@dataclass
class Order:
    tier: str
    password: str
    pod: object


class Word(str):
    __slots__ = ()


class Hostile:
    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__
    __len__ = __repr__


class HostileMap(UserDict):
    def items(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "expected"),
    (
        ("text", "text"),
        (3, 3),
        (True, True),
        (None, None),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        (1 << 5000, "<a number of 5001 bits>"),
        (Colour.RED, "red"),
        (Word("word"), "word"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00+00:00"),
        (date(2026, 1, 1), "2026-01-01"),
        (timedelta(seconds=3), "0:00:03"),
        (Decimal("1.10"), "1.10"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (PurePosixPath("a/b"), "a/b"),
        (b"secret", "<6 bytes>"),
        (bytearray(b"secret"), "<6 bytes>"),
        (memoryview(b"secret"), "<6 bytes>"),
        (("a", 1), ["a", 1]),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        (frozenset({"a"}), ["a"]),
        (deque([1]), [1]),
        ({1: "a", (1,): "b"}, {"1": "a", "<tuple>": "b"}),
        (object(), "<object>"),
        (Hostile(), "<Hostile>"),
        (HostileMap(), "<HostileMap, which cannot be read>"),
        (len, "<builtin_function_or_method>"),
        (ValueError("no such tier"), "ValueError: no such tier"),
        (POD, REFERENCE),
        (UserDict(POD), REFERENCE),
        (Resource.of(POD), REFERENCE),
        ([POD], [REFERENCE]),
        (Order("data", "hunter2", POD), {"tier": "data", "password": WITHHELD, "pod": REFERENCE}),
        (GroupVersionKind("apps", "v1", "Deployment"), {"group": "apps", "version": "v1", "kind": "Deployment"}),
        (Resource.of(POD).metadata, "<ObjectMeta>"),
        (Resource.of({"metadata": {"labels": {"a": "b"}}}).metadata.labels, "<Entries of values, 1 long>"),
        (Resource.of({"metadata": {"finalizers": ["a"]}}).metadata.finalizers, "<Items of values, 1 long>"),
        ({"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "DB_PASSWORD", "value": WITHHELD}),
        ([{"op": "add", "path": "/data/a", "value": "x"}], [{"op": "add", "path": "/data/a", "value": WITHHELD}]),
    ),
)
def test_a_value_becomes_what_the_table_says(value, expected):
    assert redacted(value) == expected


def test_a_request_is_told_by_what_it_is_about():
    asked = AdmissionRequest("u", "CREATE", kind=GroupVersionKind("", "v1", "Pod"), namespace="shop", name="db")
    assert redacted(asked) == redacted(MutateRequest(asked, Resource, POD)) == REFERENCE


def test_an_object_without_a_name_is_told_by_what_its_name_begins_with():
    assert redacted(Resource(metadata={"generateName": "web-"})) == {
        "kind": "Resource",
        "namespace": "",
        "name": "web-",
    }


@pytest.mark.parametrize(
    "key",
    (
        "password", "PASSWD", "db_password", "token", "apiToken", "X-Auth-Token", "client_secret", "authorization",
        "credentials", "privateKey", "api-key", "data", "stringData", "string_data", "binaryData", "patch", "body",
        "cookie", "kubeconfig", "tls.key", "ssh_key", "signingKey", ".dockerconfigjson", ".dockercfg", "DB_PASS", "dbPass", "pass",
    ),
)  # fmt: skip
def test_what_such_a_key_holds_is_withheld(key):
    assert is_secret_key(key)
    assert redacted("hunter2", key=key) == WITHHELD
    assert redacted({key: ["hunter2"]}) == {key: WITHHELD}
    assert redacted({key: 5}) == {key: WITHHELD}


@pytest.mark.parametrize(
    "key",
    (
        "database",
        "metadata",
        "secret_name",
        "secretNamespace",
        "token_count",
        "kind",
        "name",
        "monkey",
        "dispatch",
        "bypass",
        "passed",
        "key",
    ),
)
def test_other_keys_are_shown(key):
    assert redacted("shown", key=key) == "shown"


@pytest.mark.parametrize("value", (None, True, False))
def test_that_a_secret_is_there_or_not_may_be_said(value):
    assert redacted(value, key="token") is value


def test_of_a_secret_no_words_of_errors_and_nothing_structured_is_shown():
    assert "hunter2" not in str(redacted(KeyError("hunter2"), about=IN_SECRET))
    assert redacted({"a": "hunter2"}, about=IN_SECRET) == WITHHELD
    assert redacted(["hunter2"], about=IN_SECRET) == WITHHELD
    assert redacted(POD, about=IN_SECRET) == REFERENCE


@pytest.mark.parametrize(
    "said",
    (
        json.dumps(POD),
        json.dumps({"metadata": {}, "data": {"a": "hunter2"}}),
        repr(POD),
        json.dumps(json.dumps(POD)),
        "data:\n  a: hunter2\nmetadata:\n  name: x\n",
    ),
)
def test_an_object_printed_into_text_is_cut_out(said):
    assert text(f"got {said}") in {"got <an object>", 'got "<an object>', "<an object>"}


JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl_-"


def test_keys_and_tokens_are_cut_out_of_text():
    assert text("found -----BEGIN PRIVATE KEY-----\nabc") == "found <a key or certificate>"
    assert text("Authorization: Bearer abcdefghijkl.x") == f"Authorization: Bearer {WITHHELD}"
    assert text("AUTHORIZATION: BEARER abcdefghijkl.x") == f"AUTHORIZATION: BEARER {WITHHELD}"
    assert text(f"with {JWT}, and more") == f"with {WITHHELD}, and more"
    assert text("eyJust words. And more") == "eyJust words. And more"


def test_words_that_look_like_one_are_left():
    assert text("the metadata has no kind") == "the metadata has no kind"


def test_what_is_long_is_cut_with_how_much_is_missing():
    assert text("x" * 3000) == "x" * LONGEST + "… (952 bytes more)"
    assert text("é" * 2000) == "é" * 1024 + "… (1952 bytes more)"
    assert redacted(list(range(60)))[-1] == "… (10 more)"
    assert redacted({"a": {"b": {"c": {"d": {"e": 1}}}}}) == {"a": {"b": {"c": {"d": "<dict, 1 long>"}}}}
    assert redacted(["x" * 1000] * 10) == "<a list of 10, 10031 bytes>"


def test_an_object_that_contains_itself_ends():
    loop = {}
    loop["a"] = loop
    assert "a" in redacted(loop)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4),
    max_leaves=20,
)
surrogates = st.text(st.characters(categories=["Cs", "Ll", "Cc"]), max_size=20)


@given(values | surrogates | st.dictionaries(surrogates, surrogates))
def test_whatever_it_is_given_it_answers_short_valid_json(value):
    assert len(orjson.dumps(redacted(value))) <= 3 * LONGEST


@given(st.text(st.characters(), max_size=5000))
def test_text_is_valid_and_bounded_and_short_text_is_left(given_text):
    shown = text(given_text)
    assert len(shown.encode()) <= LONGEST + 40
    assert text(text("plain")) == "plain"
