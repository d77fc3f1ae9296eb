"""What is written as YAML is read back as the same JSON: by PyYAML, and by Go's, which Kubernetes' tools have."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from poblano.build.readable import WIDTH, as_yaml
from tests.build.charts import read
from tests.build.trees import leaves, texts

anything = st.recursive(
    st.one_of(leaves, st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=200)
@given(anything)
@example(1e22)
@example(["ab " * 100, "a  b " * 40, " a\nb", "a\n\n", "a\n b\n"])
def test_pyyaml_reads_what_was_written(value: Any):
    assert json.dumps(yaml.load(as_yaml(value), Loader=yaml.CSafeLoader)) == json.dumps(value)


@settings(max_examples=200)
@given(st.dictionaries(texts, anything, max_size=3))
def test_helm_and_kubectl_read_what_was_written(value: dict[str, Any]):
    assert read(as_yaml(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {}, "b": []}, "a: {}\nb: []\n"),
        ([{"a": [[1, 2], ["x"]]}], "- a:\n    -\n      - 1\n      - 2\n    -\n      - x\n"),
        ({"script": "set -e\nrun\n"}, "script: |\n  set -e\n  run\n"),
        ({"script": "set -e\nrun"}, "script: |-\n  set -e\n  run\n"),
        ({"expression": 'object.kind == "Pod"'}, "expression: 'object.kind == \"Pod\"'\n"),
        ({"y": ["n", "0o17", "1e3", "v1"]}, '"y":\n  - "n"\n  - "0o17"\n  - "1e3"\n  - v1\n'),
        ({"image": "poblano/controller:1.0", "at": "12:30", "path": "/app/x"}, None),
    ],
)
def test_it_is_written_as_a_person_would(value: Any, text: str | None):
    assert as_yaml(value) == (text or 'image: poblano/controller:1.0\nat: "12:30"\npath: /app/x\n')


def test_a_long_text_is_folded_where_it_has_blanks():
    lines = as_yaml({"expression": " || ".join(f"(request.operation == 'VERB{n}')" for n in range(20))}).splitlines()

    assert lines[0] == "expression: >-"
    assert max(map(len, lines)) <= WIDTH + 2
