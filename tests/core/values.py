"""What Hypothesis draws: JSON as it comes off the wire, objects with names in them, and changes to both."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KEYS = st.one_of(
    st.sampled_from(["", "a", "b", "/", "~", "~1", "~0", "a/b~c", "0", "-", "01", "é", "🌶", "metadata", "name"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)

SCALARS = st.one_of(
    st.none(),
    st.sampled_from([True, False, 0, 1, 1.0, 0.0, -1, 1.5, "", "1", "true", 2**53 + 1, 2**63, 2**64, -(2**70), 1e300]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5)


JSON = st.recursive(SCALARS, _containers, max_leaves=12)
DOCUMENTS = st.dictionaries(KEYS, JSON, max_size=5)
