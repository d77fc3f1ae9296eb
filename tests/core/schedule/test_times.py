"""The times of schedules: intervals of real time, and cron lines read on a clock that people move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.schedule.times import Cron, Every, newest

BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=4383)).map(datetime(2020, 1, 1, tzinfo=UTC).__add__)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]).map(
    ZoneInfo
)
LINES = st.sampled_from(
    ["* * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *", "15 2 * * 0", "0 0 29 2 *", "59 23 L * *"]
)
INTERVALS = st.timedeltas(timedelta(seconds=1), timedelta(days=40))
TIMES = st.builds(Every, MOMENTS, INTERVALS) | st.builds(Cron, LINES, ZONES, st.none() | MOMENTS)


def local(cron: Cron, after: datetime, count: int) -> list[str]:
    return [f"{time.astimezone(cron.zone):%m-%d %H:%M}" for time in islice(cron.later(after), count)]


@given(TIMES, MOMENTS)
def test_times_are_later_than_asked_for_and_follow_each_other(times, moment):
    found = [moment, *islice(times.later(moment), 20)]

    assert all(before < after for before, after in pairwise(found))


@given(TIMES, MOMENTS, st.integers(0, 15))
def test_no_time_is_left_out_whoever_asks_from_where(times, moment, skipped):
    found = list(islice(times.later(moment), 20))
    if len(found) > skipped:
        assert list(islice(times.later(found[skipped]), 19 - skipped)) == found[skipped + 1 :]


@given(MOMENTS, INTERVALS, MOMENTS)
def test_an_interval_is_a_grid_from_its_first_time(first, interval, moment):
    found = next(Every(first, interval).later(moment))

    assert found >= first
    assert not (found - first) % interval
    assert found == first or found - interval <= moment


@given(TIMES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)), st.integers(1, 30))
def test_the_newest_times_are_the_last_of_all_times(times, after, length, limit):
    every_one = list(takewhile((after + length).__ge__, times.later(after)))

    assert newest(times, after, after + length, limit) == every_one[-limit:]


def test_years_that_were_missed_are_not_walked_through():
    asked = []

    class Counting(Every):
        def later(self, moment):
            for time in Every.later(self, moment):
                asked.append(time)
                yield time

    begin = datetime(2006, 1, 1, tzinfo=UTC)
    newest(Counting(begin, timedelta(seconds=1)), begin, begin + timedelta(days=7300), 100)

    assert len(asked) < 1000


def test_two_years_of_a_nightly_line_are_one_a_night_on_the_clock_of_its_zone():
    begin = datetime(2027, 1, 1, tzinfo=UTC)
    found = list(takewhile((begin + timedelta(days=731)).__ge__, Cron("30 2 * * *", BERLIN).later(begin)))

    days = [time.astimezone(BERLIN).date() for time in found]
    assert len(days) == len(set(days)) == 731
    moved = [time.astimezone(BERLIN) for time in found if time.astimezone(BERLIN).strftime("%H:%M") != "02:30"]
    assert [f"{time:%Y-%m-%d %H:%M}" for time in moved] == ["2027-03-28 03:00", "2028-03-26 03:00"]


def test_what_falls_into_the_hour_that_is_left_out_comes_right_after_it():
    cron = Cron("30 2 * * *", BERLIN)

    assert local(cron, datetime(2026, 3, 27, 12, tzinfo=UTC), 3) == ["03-28 02:30", "03-29 03:00", "03-30 02:30"]


def test_what_falls_into_the_hour_that_comes_twice_comes_once():
    cron = Cron("30 2 * * *", BERLIN)

    assert local(cron, datetime(2026, 10, 24, 12, tzinfo=UTC), 3) == ["10-25 02:30", "10-26 02:30", "10-27 02:30"]
    between_the_two = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert local(cron, between_the_two, 1) == ["10-26 02:30"]


def test_a_line_for_every_half_hour_follows_the_real_time():
    for day in (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        found = list(islice(Cron("*/30 * * * *", BERLIN).later(day), 12))

        assert {after - before for before, after in pairwise(found)} == {timedelta(minutes=30)}


def test_the_29th_of_february_comes_every_four_years_but_in_2100():
    found = islice(Cron("0 0 29 2 *", ZoneInfo("UTC")).later(datetime(2091, 1, 1, tzinfo=UTC)), 3)

    assert [time.year for time in found] == [2092, 2096, 2104]


@pytest.mark.parametrize("minutes", (0, 30))
def test_nothing_comes_before_the_start_and_the_start_itself_may(minutes):
    start = datetime(2026, 5, 1, 12, minutes, tzinfo=UTC)
    cron = Cron("0 * * * *", ZoneInfo("UTC"), start)

    first = next(cron.later(datetime(2020, 1, 1, tzinfo=UTC)))

    assert first == datetime(2026, 5, 1, 12 if minutes == 0 else 13, tzinfo=UTC)
