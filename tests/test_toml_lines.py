"""Lines of keys in TOML."""

from __future__ import annotations

import tomllib
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.toml_lines import line_of

TEXT = dedent(
    '''\
    [build]
    uuid = "not this one"

    [tool.poblano]
    uuid = "shop"
    description = """
    webhook_timeout = 99
    """
    "webhook_timeout" = 3
    admission.always_ignore = { namespaces = ["a"] }
    included_files = [
      "a",
      "b",
    ]

    [ tool . poblano . env ]
    A = "1"

    [[tool.poblano.additional_webhooks]]
    namespace = "first"

    [[tool.poblano.additional_webhooks]]
    namespace = "second"
    '''
)


@pytest.mark.parametrize(
    ("path", "line"),
    (
        ("uuid", 5),
        ("webhook_timeout", 9),
        ("admission.always_ignore.namespaces", 10),
        ("admission", 10),
        ("included_files.1", 11),
        ("env", 16),
        ("env.A", 17),
        ("additional_webhooks.0.namespace", 20),
        ("additional_webhooks.1.namespace", 23),
        ("additional_webhooks.1.failure_policy", 22),
        ("missing", 4),
    ),
)
def test_a_key_is_found_where_it_is_written(path, line):
    parts = [int(part) if part.isdigit() else part for part in path.split(".")]
    assert line_of(TEXT, ["tool", "poblano", *parts]) == line


def test_the_material_is_toml():
    assert tomllib.loads(TEXT)["tool"]["poblano"]["webhook_timeout"] == 3


keys = st.text("abcdef", min_size=1, max_size=3)


@given(st.dictionaries(keys, st.dictionaries(keys, st.integers(0, 9), min_size=1, max_size=3), max_size=4))
def test_every_key_of_every_table_has_its_own_line(tables):
    lines, expected = [], {}
    for table, entries in tables.items():
        lines.append(f"[{table}]")
        for key, value in entries.items():
            lines.append(f"{key} = {value}")
            expected[table, key] = len(lines)
    text = "\n".join(lines)
    assert {path: line_of(text, path) for path in expected} == expected


@given(st.text(max_size=200), st.lists(st.text(max_size=5), max_size=3))
def test_any_text_has_some_line(text, path):
    assert 1 <= line_of(text, path) <= max(1, len(text.splitlines()))


def test_a_quote_of_the_other_kind_within_a_text_closes_nothing():
    assert line_of("a = '''\n\"\"\"\nb = 1\n'''\nb = 2", ["b"]) == 5
