"""JSON patches, with the habits of the API server's library."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from poblano.cluster.patching import json_patch as module
from poblano.cluster.patching.json_patch import (
    MAX_OPERATIONS,
    DoesNotApply,
    apply_operations,
    json_patch,
    unknown_fields,
)
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, copied, same
from poblano.core.patch import diff
from tests.cluster.patching.test_merge import DOCUMENTS

BEFORE: Document = {"a": 1, "list": [1, 2, 3], "map": {"x/y": 1, "m~n": 2}, "null": None}


def op(name: str, path: str, value: Any = None, **more: str) -> Document:
    return {"op": name, "path": path, "value": value, **more}


@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_applied_makes_the_other_document(before: Document, after: Document) -> None:
    kept = copied(before)
    assert same(json_patch(before, diff(before, after)), after)
    assert same(before, kept)


@pytest.mark.parametrize(
    ("operation", "path", "value"),
    [
        (op("add", "/map/x~1y", 5), ("map", "x/y"), 5),
        (op("replace", "/map/m~0n", 5), ("map", "m~n"), 5),
        (op("replace", "/new", 5), ("new",), 5),
        (op("add", "/list/-", 4), ("list",), [1, 2, 3, 4]),
        (op("add", "/list/0", 0), ("list",), [0, 1, 2, 3]),
        (op("add", "/list/3", 4), ("list",), [1, 2, 3, 4]),
        (op("add", "/list/-1", 4), ("list",), [1, 2, 3, 4]),
        (op("replace", "/list/-1", 9), ("list",), [1, 2, 9]),
        (op("remove", "/list/-3"), ("list",), [2, 3]),
        (op("copy", "/b", **{"from": "/list"}), ("b",), [1, 2, 3]),
        (op("copy", "/b", **{"from": "/nope"}), ("b",), None),
        (op("move", "/b", **{"from": "/a"}), ("b",), 1),
        (op("test", "/null", None), ("a",), 1),
        (op("test", "/nope", None), ("a",), 1),
        (op("test", "", BEFORE), ("a",), 1),
        (op("add", "a/b", 5), ("b",), 5),
        ({"op": "add", "path": "/b"}, ("b",), None),
    ],
)
def test_operations_apply(operation: Document, path: tuple[str, ...], value: Any) -> None:
    found: Any = json_patch(BEFORE, [operation])
    for part in path:
        found = found[part]
    assert found == value


@pytest.mark.parametrize(
    "operation",
    [
        op("add", "", {}),
        op("add", "/nope/x", 1),
        op("add", "/null/x", 1),
        op("add", "/a/x", 1),
        op("add", "/list/5", 1),
        op("add", "/list/x", 1),
        op("add", "/list/1/x", 1),
        op("remove", "/nope"),
        op("remove", "/list/3"),
        op("remove", "/list/-4"),
        op("replace", "/list/3", 1),
        op("replace", "/list/-", 1),
        op("replace", "", 1),
        op("move", "/b", **{"from": "/nope"}),
        op("copy", "/b", **{"from": "/a/b/c"}),
        op("copy", "/nope/b", **{"from": "/a"}),
        op("copy", "/b", **{"from": "/list/3"}),
        op("test", "/a", 2),
        op("test", "/a", True),
        op("test", "", {}),
        op("test", "/list/9", 1),
        op("test", "/nope/x", 1),
        op("frob", "/a"),
        {},
    ],
)
def test_an_operation_that_does_not_apply_is_unprocessable(operation: Document) -> None:
    with pytest.raises(StatusError) as refused:
        json_patch(BEFORE, [operation])
    assert refused.value.document() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "the server rejected our request due to an error in our request",
        "reason": "Invalid",
        "details": {},
        "code": 422,
    }


UNDECODABLE: list[tuple[object, str]] = [
    ({}, "object into Go value of type []handlers.jsonPatchOp"),
    ([1], "number into Go value of type handlers.jsonPatchOp"),
    ([{"op": 1}], "number into Go struct field jsonPatchOp.op of type string"),
    ([{"op": "add", "path": []}], "array into Go struct field jsonPatchOp.path of type string"),
]


@pytest.mark.parametrize(("operations", "message"), UNDECODABLE)
def test_what_is_no_json_patch_is_a_bad_request(operations: object, message: str) -> None:
    with pytest.raises(StatusError) as refused:
        json_patch({}, operations)
    assert (refused.value.code, refused.value.message) == (
        400,
        f"error decoding patch: json: cannot unmarshal {message}",
    )


def test_too_many_operations_are_too_large() -> None:
    with pytest.raises(StatusError) as refused:
        json_patch({}, [op("add", "/a", 1)] * (MAX_OPERATIONS + 1))
    assert refused.value.code == 413
    assert refused.value.message == (
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
    )
    assert json_patch({}, [op("add", "/a", 1)] * MAX_OPERATIONS) == {"a": 1}


def test_copies_may_not_grow_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COPIED", 100)
    copy = op("copy", "/list/-", **{"from": "/list/0"})
    assert json_patch({"list": ["x" * 90]}, [copy])["list"][1] == "x" * 90
    with pytest.raises(StatusError):
        json_patch({"list": ["x" * 90]}, [copy, copy])


def test_a_patch_that_makes_a_list_of_the_object_is_invalid() -> None:
    with pytest.raises(StatusError) as refused:
        json_patch({}, [op("replace", "", [])])
    assert (refused.value.code, refused.value.reason) == (422, "Invalid")
    assert json_patch({"a": 1}, [op("replace", "", {"b": 2})]) == {"b": 2}


def test_values_are_copied_into_the_document() -> None:
    value: Document = {"x": []}
    found = json_patch({}, [op("add", "/a", value), op("copy", "/b", **{"from": "/a"})])
    found["a"]["x"].append(1)
    assert (value, found["b"]) == ({"x": []}, {"x": []})


def test_webhooks_learn_what_does_not_apply() -> None:
    with pytest.raises(DoesNotApply, match="Unable to remove nonexistent key: a"):
        apply_operations({}, [op("remove", "/a")])


def test_fields_that_no_operation_has_are_named() -> None:
    assert unknown_fields([op("add", "/a", 1), op("add", "/a", 1, why="x")]) == ['json patch unknown field "[1].why"']
