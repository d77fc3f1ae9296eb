"""A diff for people: what changed and what it belongs to, and nothing of a Secret."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from poblano.cli.changes import changes

VALUES = st.recursive(
    st.integers() | st.text("ab: -\n", max_size=6),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "items"]), values, max_size=3)
    ),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["metadata", "spec", "data"]), VALUES, max_size=3)


def test_a_change_stands_below_all_that_it_belongs_to() -> None:
    before = {
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b"}]}}}
    }
    after: dict[str, Any] = {
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "a", "image": "a:2"}, {"name": "b"}]}}}
    }
    assert list(changes(before, after)) == [
        " spec:",
        "   template:",
        "     spec:",
        "       containers:",
        "         - name: a",
        "-          image: a:1",
        "+          image: a:2",
    ]


def test_a_long_value_stays_on_its_line_and_a_text_is_shown_by_line() -> None:
    before, after = {"data": {"a": "one\ntwo\n"}}, {"data": {"a": "one\n2\n", "b": "y" * 200}}
    assert list(changes(before, after)) == [" data:", "   a: |", "-    two", "+    2", f"+  b: {'y' * 200}"]


def test_of_a_secret_only_the_length_of_its_values_is_shown() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret"}
    before = {**secret, "data": {"a": "aHVudGVyMg==", "b": "MQ=="}}
    after = {**secret, "data": {"a": "aHVudGVyMw==", "b": "MQ==", "c": "Mg=="}}
    assert list(changes(before, after)) == [
        " data:",
        "-  a: (12 characters)",
        "+  a: (12 characters, another value)",
        "+  c: (4 characters)",
    ]


@given(DOCUMENTS)
def test_what_did_not_change_shows_nothing(document: dict[str, Any]) -> None:
    assert list(changes(document, document)) == []


@given(DOCUMENTS, DOCUMENTS)
def test_whatever_changed_is_shown(before: dict[str, Any], after: dict[str, Any]) -> None:
    lines = list(changes(before, after))
    assert bool([line for line in lines if line[0] in "+-"]) == (list(before.items()) != list(after.items()))
    assert all(line[0] in "+- " for line in lines)
