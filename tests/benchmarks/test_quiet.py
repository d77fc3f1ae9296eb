"""Turns that others have disturbed are taken again."""

from __future__ import annotations

from itertools import count

from benchmarks.quiet import ENOUGH, TRIES, Quiet


def quiet_in(*shares):
    """Whoever takes turns on a machine of which others use so much, one turn after the other."""
    left = iter(shares)
    return Quiet(lambda: lambda: next(left))


def numbers():
    return count(1).__next__


def test_a_quiet_turn_is_taken_once():
    quiet = quiet_in(ENOUGH, 0.0)

    assert quiet.measured(numbers()) == 1
    assert (quiet.turns, quiet.again, quiet.loudest) == (1, 0, ENOUGH)


def test_a_turn_that_others_disturbed_is_taken_again_until_one_is_quiet():
    quiet = quiet_in(0.2, 0.1, 0.01, 0.0)

    assert quiet.measured(numbers()) == 3
    assert (quiet.turns, quiet.again, quiet.loudest) == (1, 2, 0.01)


def test_where_it_is_never_quiet_the_turn_counts_in_which_others_used_least():
    quiet = quiet_in(*[0.2] * 4, 0.05, *[0.3] * TRIES)

    assert quiet.measured(numbers()) == 5
    assert (quiet.turns, quiet.again, quiet.loudest) == (1, TRIES - 1, 0.05)


def test_it_is_said_how_loud_the_loudest_turn_was_that_counts():
    quiet = quiet_in(0.2, 0.01, 0.018)
    assert quiet.said() == ""
    quiet.measured(numbers())
    quiet.measured(numbers())

    assert quiet.said() == " Of 2 turns none counts in which they used more than 1.8%; for that, 1 were taken again."
