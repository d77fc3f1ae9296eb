from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.errors import PatchFailed
from poblano.core.jsonvalue import copied, same
from poblano.core.patch import apply, diff, escape, merge
from tests.core.values import DOCUMENTS, JSON, KEYS


@given(DOCUMENTS, DOCUMENTS)
def test_a_diff_applied_to_the_one_makes_the_other(before: Any, after: Any):
    assert same(apply(copied(before), diff(before, after)), after)


@st.composite
def edited_lists(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """A list, and the same with items taken out, put in, moved or changed."""
    before = draw(st.lists(JSON, max_size=8))
    after = copied(before)
    for _ in range(draw(st.integers(0, 4))):
        edit = draw(st.sampled_from(["insert", "remove", "move", "replace", "reverse"]))
        if edit == "insert":
            after.insert(draw(st.integers(0, len(after))), draw(JSON))
        elif edit == "reverse":
            after.reverse()
        elif after:
            index = draw(st.integers(0, len(after) - 1))
            item = after.pop(index)
            if edit == "move":
                after.insert(draw(st.integers(0, len(after))), item)
            elif edit == "replace":
                after.insert(index, draw(JSON))
    return before, after


@given(edited_lists())
def test_a_diff_follows_items_put_in_taken_out_moved_and_changed(lists: tuple[list[Any], list[Any]]):
    before, after = lists

    assert same(apply({"list": copied(before)}, diff({"list": before}, {"list": after})), {"list": after})


@given(edited_lists())
def test_a_diff_survives_the_wire(lists: tuple[list[Any], list[Any]]):
    before, after = ({"/~": part} for part in lists)
    sent = json.loads(json.dumps(diff(before, after)))

    assert same(apply(copied(before), sent), after)


@given(DOCUMENTS)
def test_what_is_the_same_makes_no_patch(document: Any):
    assert diff(document, copied(document)) == []


@given(DOCUMENTS)
def test_the_order_of_keys_makes_no_patch(document: Any):
    assert diff(document, dict(reversed(document.items()))) == []


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every leaf: its path, and what holds it under which key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        here = f"{path}/{escape(str(key))}"
        if isinstance(item, dict | list) and item:
            yield from _leaves(item, here)
        else:
            yield here, value, key


@given(DOCUMENTS.filter(bool), st.data())
def test_one_changed_leaf_is_one_operation_on_exactly_its_path(document: Any, data: st.DataObject):
    after = copied(document)
    path, holder, key = data.draw(st.sampled_from(list(_leaves(after))))
    holder[key] = "changed"

    (operation,) = diff(document, after)

    assert operation == {"op": "replace", "path": path, "value": "changed"}


@given(DOCUMENTS, KEYS, JSON)
def test_one_new_key_is_one_operation(document: Any, key: str, value: Any):
    document.pop(key, None)

    assert diff(document, document | {key: value}) == [{"op": "add", "path": f"/{escape(key)}", "value": value}]


@given(DOCUMENTS.filter(bool), st.data())
def test_one_key_less_is_one_operation(document: Any, data: st.DataObject):
    key = data.draw(st.sampled_from(list(document)))
    after = {k: v for k, v in document.items() if k != key}

    assert diff(document, after) == [{"op": "remove", "path": f"/{escape(key)}"}]


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (1, 1.0), (1.0, True), ("1", 1), (None, ""), ([], {})])
def test_neighbours_in_python_are_different_json(old: Any, new: Any):
    assert diff({"a": old}, {"a": new}) == [{"op": "replace", "path": "/a", "value": new}]
    assert diff({"a": [old]}, {"a": [new]}) == [{"op": "replace", "path": "/a/0", "value": new}]
    assert diff({"a": {"b": [[old]]}}, {"a": {"b": [[new]]}})[0]["path"] == "/a/b/0/0"


def test_an_item_put_in_before_many_is_one_operation():
    before = [{"name": f"c{number}"} for number in range(1000)]

    assert diff({"c": before}, {"c": [{"name": "new"}, *before]}) == [
        {"op": "add", "path": "/c/0", "value": {"name": "new"}}
    ]


def test_an_item_at_the_end_is_added_past_it():
    assert diff({"a": [1]}, {"a": [1, 2, 3]}) == [
        {"op": "add", "path": "/a/-", "value": 2},
        {"op": "add", "path": "/a/-", "value": 3},
    ]


def test_a_field_of_a_list_item_is_changed_in_place():
    before = {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1"}]}
    after = {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:2"}]}

    assert diff(before, after) == [{"op": "replace", "path": "/containers/1/image", "value": "y:2"}]


def test_a_diff_changes_neither_side():
    before, after = {"a": [1, {"b": 2}], "c": {}}, {"a": [{"b": 3}], "d": {"e": [1]}}
    kept = copied(before), copied(after)
    apply(copied(before), diff(before, after))

    assert (before, after) == kept


class Counted(str):
    """A key that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_diff_of_long_lists_looks_at_each_item_a_few_times():
    size = 100_000
    before = [Counted(number) for number in range(size)]
    after = [before[0], *before[2:-1], Counted("new")]
    Counted.compared = 0
    operations = diff({"a": before}, {"a": after})

    assert len(operations) < size + 2
    assert Counted.compared < 4 * size


def test_a_hundred_thousand_keys_and_items_are_changed_in_one_operation_each():
    keys, items = {f"k{n}": n for n in range(100_000)}, list(range(100_000))
    after = {"keys": keys | {"k5": -5, "new": 1}, "items": [*items[:50_000], *items[50_001:]]}
    operations = diff({"keys": keys, "items": items}, after)

    assert [operation["path"] for operation in operations] == ["/keys/k5", "/keys/new", "/items/50000"]
    assert same(apply({"keys": dict(keys), "items": list(items)}, operations), after)


@pytest.mark.parametrize(
    ("document", "operation", "result"),
    [
        ({}, {"op": "add", "path": "/a", "value": 1}, {"a": 1}),
        ({"a": 1}, {"op": "add", "path": "/a", "value": 2}, {"a": 2}),
        ({"a": [1]}, {"op": "add", "path": "/a/0", "value": 0}, {"a": [0, 1]}),
        ({"a": [1]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2]}),
        ({"a": [1]}, {"op": "add", "path": "/a/-", "value": 2}, {"a": [1, 2]}),
        ({}, {"op": "add", "path": "", "value": {"b": 1}}, {"b": 1}),
        ({"a": 1}, {"op": "remove", "path": "/a"}, {}),
        ({"a": [1, 2]}, {"op": "remove", "path": "/a/0"}, {"a": [2]}),
        ({"a": 1}, {"op": "replace", "path": "/a", "value": 2}, {"a": 2}),
        ({"a": [1]}, {"op": "replace", "path": "/a/0", "value": 2}, {"a": [2]}),
        ({"a": 1}, {"op": "replace", "path": "", "value": []}, []),
        ({"a": 1}, {"op": "move", "from": "/a", "path": "/b"}, {"b": 1}),
        ({"a": [1, 2, 3]}, {"op": "move", "from": "/a/0", "path": "/a/2"}, {"a": [2, 3, 1]}),
        ({"a": 1}, {"op": "move", "from": "/a", "path": "/a"}, {"a": 1}),
        ({"a": {"x": 1}}, {"op": "copy", "from": "/a", "path": "/b"}, {"a": {"x": 1}, "b": {"x": 1}}),
        ({"a": 1}, {"op": "test", "path": "/a", "value": 1}, {"a": 1}),
        ({"/": 1, "~": 2}, {"op": "test", "path": "/~1", "value": 1}, {"/": 1, "~": 2}),
        ({"~1": 9}, {"op": "test", "path": "/~01", "value": 9}, {"~1": 9}),
        ({"": 1}, {"op": "remove", "path": "/"}, {}),
    ],
)
def test_every_operation_does_what_rfc_6902_says(document: Any, operation: Any, result: Any):
    assert same(apply(document, [operation]), result)


@pytest.mark.parametrize(
    ("document", "operation"),
    [
        ({}, {"op": "remove", "path": "/a"}),
        ({}, {"op": "replace", "path": "/a", "value": 1}),
        ({}, {"op": "add", "path": "/a/b", "value": 1}),
        ({"a": 1}, {"op": "add", "path": "/a/b", "value": 1}),
        ({"a": 1}, {"op": "remove", "path": "/a/b"}),
        ({"a": 1}, {"op": "replace", "path": "/a/b/c", "value": 1}),
        ({"a": [1]}, {"op": "add", "path": "/a/2", "value": 1}),
        ({"a": [1]}, {"op": "remove", "path": "/a/1"}),
        ({"a": [1]}, {"op": "remove", "path": "/a/-"}),
        ({"a": [1]}, {"op": "replace", "path": "/a/-", "value": 1}),
        ({"a": [1]}, {"op": "add", "path": "/a/00", "value": 1}),
        ({"a": [1]}, {"op": "add", "path": "/a/01", "value": 1}),
        ({"a": [1]}, {"op": "add", "path": "/a/-1", "value": 1}),
        ({"a": [1]}, {"op": "add", "path": "/a/", "value": 1}),
        ({"a": [1]}, {"op": "add", "path": "/a/٣", "value": 1}),
        ({"a": [1]}, {"op": "remove", "path": "/a/" + "9" * 5000}),
        ({"a": 1}, {"op": "test", "path": "/a", "value": True}),
        ({"a": 1}, {"op": "test", "path": "/a", "value": 1.0}),
        ({"a": 1}, {"op": "test", "path": "/b", "value": 1}),
        ({"a": {}}, {"op": "move", "from": "/a", "path": "/a/b"}),
        ({"a": {}}, {"op": "move", "from": "", "path": "/b"}),
        ({"a": 1}, {"op": "move", "from": "/b", "path": "/c"}),
        ({"a": 1}, {"op": "copy", "from": "/b", "path": "/c"}),
        ({"a": 1}, {"op": "move", "path": "/c"}),
        ({"a": 1}, {"op": "copy", "path": "/c"}),
        ({"a": 1}, {"op": "add", "path": "a", "value": 1}),
        ({"a": 1}, {"op": "add", "path": "/b"}),
        ({"a": 1}, {"op": "add", "value": 1}),
        ({"a": 1}, {"op": "add", "path": None, "value": 1}),
        ({"a": 1}, {"path": "/a"}),
        ({"a": 1}, {"op": "increase", "path": "/a"}),
        ({"a": 1}, []),
        ({"a": 1}, None),
    ],
)
def test_an_operation_that_does_not_apply_says_so(document: Any, operation: Any):
    with pytest.raises(PatchFailed):
        apply(document, [operation])


def test_what_was_copied_is_its_own():
    result = apply({"a": {"x": [1]}}, [{"op": "copy", "from": "/a", "path": "/b"}])
    result["b"]["x"].append(2)

    assert result["a"] == {"x": [1]}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # RFC 7386, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_is_rfc_7386(target: Any, patch: Any, result: Any):
    assert same(merge(target, patch), result)


@given(DOCUMENTS, DOCUMENTS)
def test_merging_twice_is_merging_once(target: Any, patch: Any):
    once = merge(copied(target), copied(patch))

    assert same(merge(copied(once), copied(patch)), once)
