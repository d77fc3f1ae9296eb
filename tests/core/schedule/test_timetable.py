"""What schedules do: each fault of the peer's, and what must hold whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.core.schedule import timetable
from poblano.core.schedule.record import Record
from tests.core.schedule.simulated import BEGIN, World, schedule

HOUR, DAY, MINUTE, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


def hours(world: World) -> list[float]:
    """When runs began."""
    return [(attempt.began - BEGIN) / HOUR for attempt in world.begun]


def test_a_job_of_24_hours_runs_daily_though_its_process_restarts_every_23():
    world = World(schedule(every=DAY))
    for _ in range(28):
        world.start()
        world.pass_time(23 * HOUR)
        world.kill()
    world.start()
    world.pass_time(28 * HOUR + MINUTE)

    fires = [(attempt.fire - BEGIN) / HOUR for attempt in world.begun if attempt.number == 1]
    assert fires == [24.0 * day for day in range(1, 29)]
    assert world.record.completed == 28  # one was cut off as it began, and made again


def test_the_next_time_comes_from_the_record_not_from_the_start_of_the_process():
    world = World(schedule(every=HOUR))
    world.start()
    world.pass_time(110 * MINUTE)
    world.kill()
    world.start()
    world.pass_time(2 * HOUR)

    assert hours(world) == [1, 2, 3]


def test_with_a_start_the_first_run_is_at_it():
    world = World(schedule(every=DAY, start=BEGIN + 30 * SECOND))
    world.start()
    world.pass_time(2 * DAY)

    assert [attempt.began - BEGIN for attempt in world.begun] == [30 * SECOND, DAY + 30 * SECOND]


def test_a_start_long_ago_is_no_reason_to_catch_up_with_what_was_before_the_schedule():
    world = World(schedule(every=DAY, start=datetime(2020, 1, 1, 6, tzinfo=UTC), misfire="catch_up"))
    world.start()
    world.pass_time(2 * DAY)

    assert hours(world) == [6, 30]


def test_completions_hold_across_restarts_and_their_record_stays():
    world = World(schedule(every=HOUR, completions=2))
    for _ in range(5):
        world.start()
        world.pass_time(90 * MINUTE)
        world.kill()

    assert len(world.begun) == 2
    assert world.record.completed == 2
    assert timetable.step(world.schedule, world.record, world.now, "next") == timetable.Over()


def test_a_run_that_takes_longer_than_the_interval_has_no_second_beside_it():
    world = World(schedule(every=10 * SECOND), lasting=35 * SECOND)
    world.start()
    world.pass_time(5 * MINUTE)

    spans = [(attempt.began, at) for attempt, _, at in world.ended]
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    assert len(world.begun) == 8  # 10, 50, 90, ...: what came meanwhile was passed over
    assert world.record.skipped == 22


def test_overlap_allow_begins_each_at_its_time():
    world = World(schedule(every=10 * SECOND, overlap="allow"), lasting=35 * SECOND)
    world.start()
    world.pass_time(MINUTE)

    assert [attempt.began - BEGIN for attempt in world.begun] == [10 * n * SECOND for n in range(1, 7)]
    assert len(world.under_way) == 4


def test_overlap_replace_ends_the_one_for_the_other():
    world = World(schedule(every=10 * SECOND, overlap="replace"), lasting=35 * SECOND)
    world.start()
    world.pass_time(MINUTE)

    assert len(world.begun) == 6
    assert not world.ended
    assert len(world.under_way) == len(world.record.running) == 1
    assert world.record.last is not None
    assert world.record.last.result == "replaced"


@pytest.mark.parametrize(
    ("misfire", "expected"), (("once", [1, 10.5, 11]), ("skip", [1, 11]), ("catch_up", [1, *[10.5] * 9, 11]))
)
def test_times_at_which_nobody_was_there(misfire, expected):
    world = World(schedule(every=HOUR, misfire=misfire), lasting=timedelta(0))
    world.start()
    world.pass_time(90 * MINUTE)
    world.kill()
    world.pass_time(9 * HOUR)
    world.start()
    world.pass_time(HOUR)

    assert hours(world) == expected


def test_catching_up_keeps_the_order_of_the_times_and_none_twice():
    world = World(schedule(every=HOUR, misfire="catch_up"), lasting=10 * MINUTE)
    world.start()
    world.kill()
    world.pass_time(10 * HOUR)
    world.start()
    world.pass_time(5 * HOUR)

    assert [(attempt.fire - BEGIN) / HOUR for attempt in world.begun] == list(range(1, 16))


def test_a_change_of_leaders_makes_a_punctual_run_a_little_late_and_not_a_missed_one():
    world = World(schedule(every=HOUR, misfire="skip"))
    world.start()
    world.pass_time(59 * MINUTE)
    world.kill()
    world.pass_time(MINUTE + 17 * SECOND)
    world.start()
    world.pass_time(SECOND)

    assert len(world.begun) == 1


def test_a_run_that_was_cut_off_is_known_as_such_and_is_made_again():
    world = World(schedule(every=DAY), lasting=HOUR)
    world.start()
    world.pass_time(DAY + 10 * MINUTE)
    world.kill()
    world.pass_time(10 * MINUTE)
    world.start()

    assert world.record.last is not None
    assert world.record.last.result == "cut off"
    assert world.record.last.message == "watcher-1 ended before it did"

    world.pass_time(2 * HOUR)
    assert [attempt.number for attempt in world.begun] == [1, 2]
    assert world.begun[0].fire == world.begun[1].fire
    assert world.record.completed == 1


def test_a_run_that_kills_its_process_is_not_tried_for_ever():
    world = World(schedule(every=DAY), lasting=HOUR)
    world.start()
    world.pass_time(DAY)
    for _ in range(10):
        world.pass_time(MINUTE)
        world.kill()
        world.start()

    assert len(world.begun) == 2
    assert world.record.completed == 1


def test_what_fails_is_tried_again_later_each_time_as_often_as_was_said():
    world = World(schedule(every=HOUR, retries=3), failing=frozenset(range(9)))
    world.start()
    world.pass_time(HOUR + 10 * MINUTE)

    assert [attempt.number for attempt in world.begun] == [1, 2, 3, 4]
    begun = [attempt.began for attempt in world.begun]
    assert [(after - before).seconds for before, after in pairwise(begun)] == [6, 11, 21]
    assert world.record.completed == 1


def test_a_time_that_is_still_tried_is_over_when_the_next_has_come():
    world = World(schedule(every=MINUTE, retries=9), failing=frozenset(range(99)))
    world.start()
    world.pass_time(3 * MINUTE)

    assert {attempt.fire for attempt in world.begun} == {BEGIN + n * MINUTE for n in (1, 2, 3)}
    assert world.record.completed == 2


def test_nothing_begins_while_it_is_paused_and_nothing_is_made_up_for():
    world = World(schedule(every=HOUR, misfire="catch_up"))
    world.start()
    world.pass_time(90 * MINUTE)
    world.keep(timetable.paused(world.record))
    world.pass_time(5 * HOUR)
    assert timetable.next_run(world.schedule, world.record, world.now) is None

    world.keep(timetable.resumed(world.record, world.now))
    world.pass_time(HOUR)
    assert hours(world) == [1, 7]


def test_a_record_of_a_clock_that_was_years_ahead_is_of_this_time_when_somebody_resumes_it():
    world = World(schedule(every=HOUR))
    world.now += timedelta(days=3650)
    world.start()
    world.pass_time(90 * MINUTE)
    world.now = BEGIN
    world.kill()
    world.start()
    world.pass_time(5 * HOUR)
    world.begun.clear()

    world.keep(timetable.paused(world.record))
    world.keep(timetable.resumed(world.record, world.now))
    world.pass_time(5 * HOUR)
    assert len(world.begun) == 5


def test_a_run_that_somebody_asks_for_is_beside_the_times_and_counts_for_none():
    world = World(schedule(every=HOUR, completions=1))
    world.start()
    world.keep(timetable.asked(world.record, world.now))
    world.pass_time(MINUTE)
    assert world.record.completed == 0

    world.pass_time(2 * HOUR)
    world.keep(timetable.asked(world.record, world.now))
    world.pass_time(MINUTE)
    assert [attempt.asked for attempt in world.begun] == [True, False, True]
    assert world.record.completed == 1


def test_jitter_is_the_same_draw_wherever_it_is_made_and_no_longer_than_was_said():
    one = schedule(every=HOUR, jitter=10 * MINUTE)
    delays = [one.delay(BEGIN + n * HOUR) for n in range(200)]

    assert delays == [schedule(every=HOUR, jitter=10 * MINUTE).delay(BEGIN + n * HOUR) for n in range(200)]
    assert max(delays) < 10 * MINUTE
    assert len(set(delays)) == 200
    world = World(one)
    world.start()
    world.pass_time(5 * HOUR)
    assert [attempt.began - attempt.fire for attempt in world.begun] == [one.delay(item.fire) for item in world.begun]


LIVES = st.lists(
    st.tuples(st.timedeltas(timedelta(0), 3 * HOUR), st.sampled_from(["kill", "start", "pause", "resume", "ask"])),
    max_size=30,
)
SCHEDULES = st.builds(
    schedule,
    every=st.sampled_from([SECOND * 40, 7 * MINUTE, HOUR, 25 * HOUR]),
    completions=st.none() | st.integers(1, 5),
    misfire=st.sampled_from(["once", "skip", "catch_up"]),
    overlap=st.sampled_from(["forbid", "allow", "replace"]),
    jitter=st.sampled_from([timedelta(0), 20 * SECOND]),
    retries=st.integers(0, 3),
)


def lived(wanted, lasting, failing, life) -> World:
    world = World(wanted, lasting, failing)
    world.start()
    for length, event in life:
        world.pass_time(length)
        if event == "kill":
            world.kill()
        elif event == "start":
            world.start()
        else:
            change = {"pause": timetable.paused, "resume": resumed(world), "ask": asking(world)}[event]
            world.keep(change(world.record))
    return world


def resumed(world: World):
    return lambda record: timetable.resumed(record, world.now)


def asking(world: World):
    return lambda record: timetable.asked(record, world.now)


WORLDS = st.builds(
    lived, SCHEDULES, st.timedeltas(timedelta(0), HOUR), st.frozensets(st.integers(0, 20), max_size=8), LIVES
)


@given(WORLDS)
def test_no_time_is_run_twice_but_to_try_it_again(world):
    own = [(attempt.fire, attempt.number) for attempt in world.begun if not attempt.asked]

    assert len(own) == len(set(own))


@given(WORLDS)
def test_nothing_begins_before_its_time(world):
    for attempt in world.begun:
        if not attempt.asked:
            assert attempt.began >= attempt.fire + world.schedule.delay(attempt.fire)


@given(WORLDS)
def test_completions_are_a_limit(world):
    if world.schedule.completions is not None:
        assert len({attempt.fire for attempt in world.begun if not attempt.asked}) <= world.schedule.completions


@given(WORLDS)
def test_what_may_not_overlap_does_not(world):
    if world.schedule.overlap != "allow":
        assert len(world.under_way) <= 1
        assert len(world.record.running) <= 1


@given(WORLDS)
def test_a_schedule_never_stops_for_good_unless_its_work_is_done(world):
    world.keep(timetable.resumed(world.record, world.now))
    world.start()
    before = len(world.begun)
    world.pass_time(60 * HOUR)

    limit = world.schedule.completions
    assert len(world.begun) > before or (limit is not None and world.record.completed >= limit) or world.under_way


@given(WORLDS)
def test_a_record_is_read_as_it_was_written(world):
    assert Record.of(world.record.json()) == world.record
