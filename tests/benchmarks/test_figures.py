"""The arithmetic behind the benchmarks' tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Bound, Spread, compact, growth, paired, ratio

measured = st.floats(min_value=0.001, max_value=1e9)


@given(st.lists(measured, min_size=1))
def test_a_spread_holds_its_middle_between_its_ends(values):
    spread = Spread.of(values)

    assert spread.low <= spread.middle <= spread.high
    assert {spread.low, spread.high} <= set(values)


@given(st.lists(measured, min_size=1), st.randoms())
def test_a_spread_does_not_depend_on_the_order_of_the_turns(values, random):
    shuffled = random.sample(values, len(values))

    assert Spread.of(shuffled) == Spread.of(values)


def test_one_slow_turn_does_not_move_the_middle():
    assert Spread.of([10.0, 11.0, 1000.0]).middle == 11.0


def test_a_spread_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Spread.of([])


@pytest.mark.parametrize(
    ("measured", "side", "holds"),
    (
        (5.0, "at least", True),
        (4.99, "at least", False),
        (5.0, "at most", True),
        (5.01, "at most", False),
    ),
)
def test_a_bound_holds_up_to_its_limit_and_no_further(measured, side, holds):
    assert Bound("a promise", measured, 5.0, side, "x").holds is holds


@given(measured, measured)
def test_a_ratio_is_one_over_the_ratio_the_other_way(ours, theirs):
    assert ratio(ours, theirs) * ratio(theirs, ours) == pytest.approx(1.0)


def test_a_ratio_to_a_peer_that_did_nothing_is_no_win():
    assert ratio(10.0, 0.0) == 0.0


@given(measured, measured)
def test_growth_is_never_negative(before, after):
    assert growth(before, after) >= 0.0


def test_growth_is_a_part_of_what_there_was_before():
    assert growth(200.0, 210.0) == pytest.approx(0.05)


@given(measured)
def test_a_compact_number_is_the_number_to_within_one_in_a_hundred(value):
    assert float(compact(value).replace(" ", "")) == pytest.approx(value, rel=0.01)


@given(st.lists(st.tuples(measured, measured), min_size=1), st.floats(min_value=0.1, max_value=10))
def test_a_slow_round_slows_both_sides_and_their_ratio_stays(rounds, slowness):
    ours, theirs = zip(*rounds, strict=True)
    slowed = paired([ours[0] * slowness, *ours[1:]], [theirs[0] * slowness, *theirs[1:]])

    assert slowed == pytest.approx(paired(ours, theirs))


def test_rounds_that_only_one_side_had_are_refused():
    with pytest.raises(ValueError, match="zip"):
        paired([1.0, 2.0], [1.0])
