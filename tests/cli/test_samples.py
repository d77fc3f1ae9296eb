"""Samples: objects of YAML files, each with what is expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poblano.cli.samples import Expectation, read_samples
from poblano.core.errors import InvalidSettings

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = """\
# What this file is for.
apiVersion: v1
kind: Secret
metadata: {name: one}
--- # a comment may stand here
# expect: refused 400
apiVersion: v1
kind: Secret
metadata: {name: two}
---
---
apiVersion: v1
kind: Secret
metadata:
  name: three
# expect: refused
---
# expect: Ready
apiVersion: v1
kind: Pod
metadata: {name: four}
"""


def test_each_document_has_its_own_expectation_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "b.samples.yaml").write_text(SAMPLES)
    (tmp_path / "a.samples.yaml").write_text("kind: Pod\napiVersion: v1\n")
    (tmp_path / "other.yaml").write_text("not a sample")
    found = read_samples(tmp_path)
    assert [sample.document.get("metadata", {}).get("name") for sample in found] == [
        None,
        "one",
        "two",
        "three",
        "four",
    ]
    assert [sample.expected for sample in found[1:]] == [
        Expectation(),
        Expectation(accepted=False, code=400),
        Expectation(accepted=False),
        Expectation(condition="Ready"),
    ]
    assert found[2].place == f"{tmp_path / 'b.samples.yaml'}:6"


def test_a_folder_without_samples_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"there are no samples in .*hello.samples.yaml"):
        read_samples(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    (
        ("a: [", r"x.samples.yaml:1: it is not YAML: "),
        ("kind: Pod\n", r"x.samples.yaml:1: it is no Kubernetes object"),
        ("apiVersion: v1\nkind: Pod\n---\n- a\n", r"x.samples.yaml:4: it is no Kubernetes object"),
        ("apiVersion: v1\nkind: Pod\nmetadata: x\n", r"x.samples.yaml:1: it is no Kubernetes object"),
        ("# expect: denied\napiVersion: v1\nkind: Pod\n", "expect: denied; write accepted, refused, or a condition"),
    ),
)
def test_what_is_no_object_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.samples.yaml").write_text(text)
    with pytest.raises(InvalidSettings, match=said):
        read_samples(tmp_path)
