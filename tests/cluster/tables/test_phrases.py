from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.tables.cells.phrases import boolean, labels, selector, selector_or_none, shortened


@pytest.mark.parametrize(
    ("given_selector", "shown"),
    [
        (None, ""),
        ({}, ""),
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["y", "x"]}]}, "a in (x,y)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, "a notin (x)"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a"),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}], "matchLabels": {"b": "1"}}, "!a,b=1"),
    ],
)
def test_a_selector_reads_as_a_query(given_selector: Any, shown: str) -> None:
    assert selector(given_selector) == shown
    assert selector_or_none(given_selector) == (shown or "<none>")


@given(st.lists(st.text("abc", min_size=1), max_size=9), st.integers(1, 5))
def test_a_shortened_list_accounts_for_every_item(items: list[str], limit: int) -> None:
    shown, _, more = shortened(items, limit).partition(" + ")
    hidden = int(more.split()[0]) if more else 0
    assert len([one for one in shown.split(",") if one]) + hidden == len(items)


@given(st.dictionaries(st.text("abc", min_size=1), st.text("xyz"), min_size=1))
def test_labels_are_all_there_in_order(found: dict[str, str]) -> None:
    pairs = [pair.split("=") for pair in labels(found).split(",")]
    assert dict(pairs) == found
    assert [key for key, _ in pairs] == sorted(found)


@pytest.mark.parametrize(("value", "shown"), [(True, "True"), (False, "False"), (None, "<unset>")])
def test_a_boolean_may_be_unset(value: bool | None, shown: str) -> None:
    assert boolean(value) == shown
