"""What a rule made is JSON, or the rule has failed."""

from __future__ import annotations

import json
import math
from copy import deepcopy

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from poblano.core import made
from poblano.core.errors import MalformedObject, PatchFailed
from poblano.core.made import encoded, patch_of
from poblano.core.metadata import Metadata
from poblano.core.patch import apply
from poblano.core.review import read
from tests.core.driving import review


@pytest.mark.parametrize(
    "metadata", [{}, {"metadata": None}, {"metadata": {}}, {"metadata": {"creationTimestamp": None}}]
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_found_whatever_the_metadata(metadata, value):
    with pytest.raises(MalformedObject, match=r"at \.spec\.containers\[0\]"):
        encoded({**metadata, "spec": {"containers": [value]}}, b"")


def test_a_number_that_is_none_is_found_in_the_metadata_too():
    with pytest.raises(MalformedObject, match=r"at \.metadata\.labels\.a"):
        encoded({"metadata": {"labels": {"a": math.nan}}, "spec": None}, b"")


def test_null_itself_is_json():
    assert encoded({"spec": None}, b"")[1] == b'{"spec":null}'


MARKS = ("labels", "annotations")
NAMES = st.sampled_from(["a", "ü"])
WERE = st.none() | st.dictionaries(NAMES, st.sampled_from(["1", "é"]))
OBJECTS = st.fixed_dictionaries(
    {"metadata": st.fixed_dictionaries({"name": st.just("web")}, optional=dict.fromkeys(MARKS, WERE))},
    optional={"spec": st.sampled_from([None, 1, [1.0]])},
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(MARKS),
        NAMES | st.sampled_from(["\ud800", 1]),
        st.sampled_from(["2", "\ud800", 1, True, None, (), math.nan]),
    )
    | st.tuples(st.sampled_from(MARKS), st.none(), st.sampled_from([{}, None]))
    | st.tuples(st.just("spec"), st.none(), st.sampled_from([None, math.nan, 1, True, (1.0,), [1]])),
    max_size=2,
)


def edited(before, edits):
    """The object as a rule would leave it: some marks others, or all of them, or the rest."""
    after = deepcopy(before)
    for part, name, value in edits:
        if part == "spec":
            after["spec"] = value
        elif name is None:
            after["metadata"][part] = value
        else:
            after["metadata"][part] = {**(after["metadata"].get(part) or {}), name: value}
    return after


@settings(max_examples=300)
@given(OBJECTS, EDITS)
@example({"metadata": {"name": "web"}, "spec": None}, [("spec", None, math.nan)])
@example({"metadata": {"name": "web", "labels": {"a": "1"}}}, [("labels", 1, "2")])
def test_a_look_at_the_marks_alone_finds_what_a_look_at_the_whole_does(before, edits):
    """Also where the rest is something else that is as good as the same, or is written so."""
    request, after = read(review(before)).request, edited(before, edits)

    def found(metadata):
        try:
            patch, sent = patch_of(request, deepcopy(after), metadata=metadata)
        except (MalformedObject, PatchFailed) as error:
            return str(error)
        return msgspec.json.encode(apply(deepcopy(before), json.loads(sent or b"[]"))), sorted(
            op["path"] for op in patch
        )

    metadata = Metadata.exactly(request.object_bytes)
    assert metadata is not None
    assert found(None) == found(metadata)


def test_what_a_rule_only_reads_is_not_compared_part_by_part(monkeypatch):
    monkeypatch.setattr(made, "_quick_patch", None)
    request = read(review({"metadata": {"name": "web", "labels": {"a": "1"}}, "spec": {"n": 1}})).request
    metadata = Metadata.exactly(request.object_bytes)
    changed = {"metadata": {"name": "web", "labels": {"a": "1", "b": "2"}}, "spec": {"n": 1}}
    assert patch_of(request, changed, metadata=metadata)[0] == [
        {"op": "add", "path": "/metadata/labels/b", "value": "2"}
    ]
