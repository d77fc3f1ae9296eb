"""Warnings as headers: each once, without controls, and not too much of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.webhooks.warnings import warning_headers


def shown(texts):
    return [one.removeprefix('299 - "').removesuffix('"') for one in warning_headers(texts)]


def test_what_has_control_characters_is_dropped_and_what_is_not_ascii_stays():
    assert shown(["a\nb", "", "bell\a", "üñ ✓", "x\x85", "\ud800"]) == ["üñ ✓"]


def test_the_same_is_said_once():
    assert shown(["a", "b", "a"]) == ["a", "b"]


def test_quotes_and_backslashes_are_escaped():
    assert warning_headers(['say "hi" \\']) == ['299 - "say \\"hi\\" \\\\"']


def test_up_to_4096_characters_together_all_is_sent():
    long = ["x" * 2048, "y" * 2048]
    assert shown(long) == long


def test_beyond_that_every_one_is_cut_to_256():
    assert [len(one) for one in shown(["x" * 2048, "y" * 2048, "z"])] == [256, 256, 1]


def test_and_at_4096_it_ends():
    assert len(shown([f"{index:02}" + "x" * 400 for index in range(40)])) == 16


@given(st.lists(st.text(max_size=600), max_size=30))
def test_no_header_can_break_out_and_none_is_lost_that_fits(texts):
    found = warning_headers(texts)
    assert all("\n" not in one and "\r" not in one for one in found)
    assert sum(map(len, shown(texts))) <= 2 * (4096 + 256)
    assert len(found) == len(set(found))
