"""The lines of a patch say where something changed, and never what could be a secret."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.patch import diff
from poblano.patch_log import LONGEST, patch_lines

MARK = "Sekrit"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/data/copy", MARK),
        ("/binaryData", {"a": MARK}),
        ("/spec/containers/0/env/0", {"name": "HARMLESS", "value": MARK}),
        ("/spec/containers/0", {"name": "a", "env": [{"name": "HARMLESS", "value": MARK}], "args": [MARK]}),
        ("/spec/template/spec/containers", [{"command": ["run", MARK]}]),
        ("/spec/database", {"passwords": [MARK]}),
        ("/spec/apiToken", MARK),
        ("/spec/url", f"postgres://shop:{MARK}@db/shop"),
        ("/spec/containers/0/livenessProbe/httpGet/httpHeaders/0/value", MARK),
        ("/spec/containers/0/livenessProbe", {"httpGet": {"httpHeaders": [{"name": "X-Key", "value": MARK}]}}),
        ("/spec/auth/tokenValue", MARK),
        (
            "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
            '{"kind":"ConfigMap","metadata":{},"data":{"a":"Sekrit"}}',
        ),
    ],
)
def test_what_may_be_a_secret_is_withheld(path: str, value: Any):
    (line,) = patch_lines([{"op": "add", "path": path, "value": value}])
    assert MARK not in line
    assert path in line


def test_a_number_of_any_size_is_told():
    assert patch_lines([{"op": "add", "path": "/spec/n", "value": 2**64}]) == ['+ /spec/n: "18446744073709551616"']
    assert patch_lines([{"op": "add", "path": "/spec/n", "value": 7}]) == ["+ /spec/n: 7"]


def test_of_a_secret_no_value_is_told():
    patch = [{"op": "replace", "path": "/metadata/labels/a", "value": MARK}, {"op": "remove", "path": "/data/b"}]
    assert patch_lines(patch, secret=True) == ["~ /metadata/labels/a: (withheld)", "- /data/b"]


def test_a_line_tells_its_own_value_whatever_was_told_of_the_path_before():
    path = "/metadata/labels"
    values: list[Any] = [{"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": 1}, {"a": True}, '{"a":"1"}', {"password": "1"}]
    told = [patch_lines([{"op": "add", "path": path, "value": value}])[0] for value in values for _ in range(2)]
    assert told[::2] == told[1::2]
    assert [line.removeprefix(f"+ {path}: ") for line in told[::2]] == [
        '{"a":"1"}',
        '{"a":"2"}',
        '{"b":"1"}',
        '{"a":1}',
        '{"a":true}',
        '"{\\"a\\":\\"1\\"}"',
        '{"password":"<withheld>"}',
    ]


def test_a_long_patch_is_cut_and_says_so():
    patch = [{"op": "add", "path": f"/metadata/labels/{number}", "value": "x" * 5000} for number in range(50)]
    lines = patch_lines(patch)
    assert len(lines) == LONGEST + 1
    assert lines[-1] == f"… {50 - LONGEST} more"
    assert max(map(len, lines)) < 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.dictionaries(st.text(), JSON, max_size=4))
def test_any_patch_can_be_told(before: dict[str, Any], after: dict[str, Any]):
    patch = diff(before, after)
    lines = patch_lines(patch)
    assert len(lines) == min(len(patch), LONGEST + 1)
    assert all(line.encode("utf-8", "strict") for line in lines)
