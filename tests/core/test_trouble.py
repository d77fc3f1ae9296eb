"""What keeps a list and watch from knowing what there is, and when to ask again."""

from __future__ import annotations

import pytest

from poblano.core.listwatch import AWAY, REFUSED_SECONDS
from poblano.core.trouble import Trouble
from poblano.core.watch_events import Failure


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def trouble(clock):
    return Trouble(clock=clock, chance=lambda: 0.0)


def test_an_answer_is_a_sign_of_life_and_a_watch_the_end_of_the_trouble(trouble, clock):
    trouble.rest(Failure(status=403, message="no"))
    clock.now = 7.0
    assert trouble.quiet_seconds == 7.0
    trouble.answered()
    assert (trouble.quiet_seconds, trouble.is_failing, trouble.refused, trouble.reason) == (0.0, False, 403, "no")
    trouble.over()
    assert (trouble.refused, trouble.reason) == (0, None)


def test_it_lasts_from_the_second_failure_on_or_after_a_while(trouble, clock):
    trouble.failed()
    assert not trouble.lasts
    clock.now = AWAY + 0.1
    assert trouble.lasts
    trouble.over()
    trouble.failed()
    assert not trouble.lasts
    trouble.failed()
    assert trouble.lasts


@pytest.mark.parametrize("status", [0, 403, 404, 500])
def test_who_has_to_change_something_is_not_asked_all_the_time(trouble, status):
    first = trouble.rest(Failure(status=status)).seconds
    assert trouble.refused == (status if status in {403, 404} else 0)
    assert (first >= REFUSED_SECONDS) is bool(trouble.refused)
    assert trouble.reason == f"HTTP {status}"
