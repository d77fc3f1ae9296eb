"""JSON merge patches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.patching.merge import merge_patch
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, as_list, as_map, copied, same
from poblano.core.patch import merge

KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(0, 2), KEYS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(DOCUMENTS, DOCUMENTS)
def test_merging_twice_is_merging_once(document: Document, patch: Document) -> None:
    once = merge_patch(document, patch)
    assert same(merge_patch(once, patch), once)


@given(DOCUMENTS, DOCUMENTS)
def test_it_is_rfc_7386_but_for_nulls_within_new_lists(document: Document, patch: Document) -> None:
    before = copied(document)
    found = merge_patch(document, patch)
    assert same(document, before)
    assert same(
        without_nulls_in_lists(found, patch), without_nulls_in_lists(merge(copied(document), copied(patch)), patch)
    )


def without_nulls_in_lists(value: Any, patch: Any) -> Any:
    """Lists are only as good as their place here: what the patch sets is compared without the nulls of its maps."""
    fields, changes = as_map(value), as_map(patch)
    if fields is not None and changes is not None:
        return {key: without_nulls_in_lists(item, changes.get(key)) for key, item in fields.items()}
    return value if as_list(value) is None or as_list(patch) is None else pruned(value)


def pruned(value: Any) -> Any:
    fields, items = as_map(value), as_list(value)
    if fields is not None:
        return {key: pruned(item) for key, item in fields.items() if item is not None}
    return value if items is None else [pruned(item) for item in items]


def test_nulls_of_a_new_map_are_not_stored_and_those_of_a_list_are() -> None:
    patch = {"map": {"a": None, "b": 1}, "list": [None, {"a": None}]}
    assert merge_patch({}, patch) == {"map": {"b": 1}, "list": [None, {}]}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (None, "Invalid JSON Patch"),
        ([], "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ("x", "error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}"),
        (1, "error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}"),
    ],
)
def test_a_patch_that_is_no_map_is_a_bad_request(patch: object, message: str) -> None:
    with pytest.raises(StatusError) as refused:
        merge_patch({}, patch)
    assert (refused.value.code, refused.value.message) == (400, message)
