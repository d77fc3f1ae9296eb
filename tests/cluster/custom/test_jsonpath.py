from __future__ import annotations

import pytest

from poblano.cluster.custom.jsonpath import BadPath, at, jsonpath

DOCUMENT = {
    "metadata": {"annotations": {"a.b/c": "d"}, "name": "x"},
    "spec": {"items": [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}, {"n": 3}], "on": True, "empty": None},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]},
}
PATHS = [
    (".metadata.name", ["x"]),
    ("{.metadata.name}", ["x"]),
    ("$.metadata.name", ["x"]),
    (r".metadata.annotations.a\.b/c", ["d"]),
    (".metadata.annotations['a.b/c']", ["d"]),
    ('.metadata["name"]', ["x"]),
    (".spec.items[0].n", [1]),
    (".spec.items[-1].n", [3]),
    (".spec.items[5].n", []),
    (".spec.items[*].n", [1, 2, 3]),
    (".spec.items[0:2].n", [1, 2]),
    (".spec.items[::2].n", [1, 3]),
    (".spec.items[0,2].n", [1, 3]),
    (".spec.items[?(@.n>1)].n", [2, 3]),
    (".spec.items[?(@.t)].t", ["a", "b"]),
    (".spec.items[?(@.t == 'b')].n", [2]),
    ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
    ("..n", [1, 2, 3]),
    (".spec.on", [True]),
    (".spec.empty", [None]),
    (".spec.nothing", []),
    (".spec.on.more", []),
    (".metadata.*", [{"a.b/c": "d"}, "x"]),
    (".", [DOCUMENT]),
]


@pytest.mark.parametrize(("path", "found"), PATHS)
def test_a_path_finds_what_it_names(path: str, found: list[object]):
    assert jsonpath(path)(DOCUMENT) == found


@pytest.mark.parametrize("path", [".a[", ".a[]", ".a]", ".a[?(@.b==c)]", ".a[x]", ". a"])
def test_what_is_no_path_is_refused(path: str):
    with pytest.raises(BadPath):
        jsonpath(path)


def test_a_simple_path_is_followed_through_maps_alone():
    assert (at(DOCUMENT, ".spec.on"), at(DOCUMENT, ".spec.items.n"), at(DOCUMENT, ".x.y")) == (True, None, None)
