"""Names that Kubernetes takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.names import sanitize_resource_name


@pytest.mark.parametrize(
    ("text", "name"),
    (
        ("plain", "plain"),
        ("Hello World", "hello-world"),
        ("a_b.c", "a-b-c"),
        ("-_x_-", "x"),
        ("a__b", "a-b"),
        ("a--b", "a--b"),
        ("ünïcode", "n-code"),
        ("x" * 70, "x" * 63),
        ("x" * 62 + "_y", "x" * 62),
        ("", ""),
        ("___", ""),
    ),
)
def test_a_name_is_made_of_any_text_as_pepr_makes_it(text, name):
    assert sanitize_resource_name(text) == name


@given(st.text(st.characters()), st.integers(1, 253))
def test_it_is_a_label_or_nothing_and_stays_as_it_is(text, limit):
    name = sanitize_resource_name(text, limit=limit)
    assert re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?)?", name)
    assert len(name) <= limit
    assert sanitize_resource_name(name, limit=limit) == name
