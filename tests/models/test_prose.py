"""Go's documentation, shortened for a reader of Python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.models.prose import shortened


@pytest.mark.parametrize(
    ("description", "name", "expected"),
    (
        ("The number of Pods.", "replicas", "The number of Pods."),
        ("replicas is the number of Pods", "replicas", "The number of Pods."),
        ("`replicas` is the number", "replicas", "The number."),
        ("nodeID of the node.", "nodeID", "Node ID of the node."),
        ("Name of the thing", "name", "Name of the thing."),
        ("Optional: Defaults to 1.", "limit", "Defaults to 1."),
        ("allowed is required. True if so.", "allowed", "True if so."),
        ("One. Two.\n\nThree.", "", "One. Two. Three."),
        ("First. More info: https://kubernetes.io/docs", "", "First."),
        ("See [the page](https://kubernetes.io/docs) for it.", "", "See the page for it."),
        ("Kinds, e.g. Pods. Second.", "", "Kinds, e.g. Pods. Second."),
        ('Mode.\n\nPossible enum values:\n - `"Block"` is a block', "", "Mode."),
        ("podIPs hold all", "", "podIPs hold all."),
        ("", "x", ""),
    ),
)
def test_a_description_becomes_its_first_sentences(description: str, name: str, expected: str):
    assert shortened(description, 60, name) == expected


def test_a_sentence_that_does_not_fit_is_left_out():
    assert shortened("A first one. A second one that is long.", 20) == "A first one."


def test_a_first_sentence_that_does_not_fit_is_cut_at_a_word_and_closes_its_code():
    assert shortened("The name of `the very long thing` that it has.", 24) == "The name of the very…"


@given(st.text(max_size=300), st.integers(20, 200), st.text(max_size=8))
def test_whatever_is_described_the_result_is_one_short_line(description: str, limit: int, name: str):
    found = shortened(description, limit, name)
    assert len(found) <= limit
    assert "\n" not in found
