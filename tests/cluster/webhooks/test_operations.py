"""JSON patches as the API server applies them, and its words for those that do not apply."""

from __future__ import annotations

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.webhooks.operations import DoesNotApply, applied


def op(kind, path, **more):
    return {"op": kind, "path": path, **more}


DOCUMENT = {"data": {"a": "1"}, "list": [1, 2, 3], "none": None, "a/b~c": 1}


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (op("add", "/data/b", value="2"), {"data": {"a": "1", "b": "2"}}),
        (op("add", "/list/-", value=4), {"list": [1, 2, 3, 4]}),
        (op("add", "/list/3", value=4), {"list": [1, 2, 3, 4]}),
        (op("add", "/list/-1", value=9), {"list": [1, 2, 3, 9]}),
        (op("add", "/x"), {"x": None}),
        (op("remove", "/list/-1"), {"list": [1, 2]}),
        (op("replace", "/data/new", value=1), {"data": {"a": "1", "new": 1}}),
        (op("replace", "/list/0", value=9), {"list": [9, 2, 3]}),
        (op("replace", "/a~1b~0c", value=2), {"a/b~c": 2}),
        (op("move", "/data/z", **{"from": "/data/a"}), {"data": {"z": "1"}}),
        (op("copy", "/list", **{"from": "/data"}), {"list": {"a": "1"}}),
        (op("copy", "/y", **{"from": "/nope"}), {"y": None}),
        (op("test", "/nope", value=None), {}),
        (op("test", "/list/-3", value=1), {}),
        (op("test", "", value=DOCUMENT), {}),
    ],
)
def test_what_applies(operation, changed):
    assert applied(DOCUMENT, [operation]) == DOCUMENT | changed


def test_the_whole_can_be_replaced():
    assert applied(DOCUMENT, [op("replace", "", value={"a": 1})]) == {"a": 1}


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (op("add", "/x/y", value=1), 'add operation does not apply: doc is missing path: "/x/y": missing value'),
        (op("add", "", value={}), 'add operation does not apply: doc is missing path: "": missing value'),
        (op("add", "/data/a/b"), 'add operation does not apply: doc is missing path: "/data/a/b": missing value'),
        (op("add", "/none/b"), 'add operation does not apply: doc is missing path: "/none/b": missing value'),
        (
            op("add", "/list/9", value=1),
            "error in add for path: '/list/9': Unable to access invalid index: 9: invalid index referenced",
        ),
        (
            op("add", "/list/x", value=1),
            (
                "error in add for path: '/list/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\":"
                " invalid syntax"
            ),
        ),
        (op("remove", "/x/y"), 'remove operation does not apply: doc is missing path: "/x/y": missing value'),
        (
            op("remove", "/data/b"),
            "error in remove for path: '/data/b': Unable to remove nonexistent key: b: missing value",
        ),
        (
            op("replace", "/nope/x", value=1),
            "replace operation does not apply: doc is missing path: /nope/x: missing value",
        ),
        (
            op("replace", "/list/9", value=1),
            "replace operation does not apply: doc is missing key: /list/9: missing value",
        ),
        (op("test", "/data/a", value="9"), "testing value /data/a failed: test failed"),
        (op("test", "/x/y", value=1), "test operation does not apply: is missing path: /x/y: missing value"),
        (
            op("move", "/data/z", **{"from": "/data/q"}),
            "error in move for path: 'q': Unable to remove nonexistent key: q: missing value",
        ),
        (
            op("copy", "/z", **{"from": "/x/y"}),
            "copy operation does not apply: doc is missing from path: /x/y: missing value",
        ),
        (op("smile", "/a"), "Unexpected kind: smile"),
        ({}, "Unexpected kind: unknown"),
        ({"op": "add"}, "add operation failed to decode path: missing value"),
        (
            {"op": "replace"},
            "replace operation failed to decode path: operation missing path field: missing value",
        ),
        (op("move", "/a"), "move operation failed to decode from: operation, missing from field: missing value"),
    ],
)
def test_what_does_not_apply(operation, reason):
    with pytest.raises(DoesNotApply) as caught:
        applied(DOCUMENT, [operation])
    assert str(caught.value) == reason


def test_copies_may_not_grow_without_end():
    grown = {"a": "x" * 400_000}
    doubling = [op("copy", f"/b{index}", **{"from": "/a"}) for index in range(8)]
    with pytest.raises(DoesNotApply, match="exceeding the limit 3145728"):
        applied(grown, doubling)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(st.text("ab/~", max_size=2), values, max_size=4)


@given(maps, maps)
def test_a_patch_of_another_make_leads_where_it_leads_there(before, after):
    patch = jsonpatch.make_patch(before, after)
    assert applied(before, patch.patch) == after


paths = st.text("/ab01-", max_size=5)
patches = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "remove", "copy", "move"]), "path": paths, "from": paths, "value": values}
    ),
    max_size=3,
)


def reason_of(document, patch):
    """Why it does not apply; None when it does."""
    try:
        applied(document, patch)
    except DoesNotApply as reason:
        return str(reason)
    return None


@given(maps, patches)
def test_any_patch_applies_to_a_copy_or_says_why_not(document, patch):
    before = repr(document)
    assert reason_of(document, patch) != ""
    assert repr(document) == before
