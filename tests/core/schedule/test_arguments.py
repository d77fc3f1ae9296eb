"""What is wrong with a schedule is said where it is written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from poblano import Capability, InvalidDefinition, Module

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("options", "problem"),
    (
        ({}, "has no times"),
        ({"every": HOUR, "cron": "* * * * *"}, "both an interval and a cron line"),
        ({"every": 60}, "the interval is 60; write every=timedelta(minutes=5)"),
        ({"every": timedelta(0)}, "which never passes"),
        ({"every": -HOUR}, "which never passes"),
        ({"every": timedelta(milliseconds=500)}, "the interval is 0.5 s, which is no whole number"),
        ({"every": timedelta(seconds=1.5)}, "no whole number of seconds"),
        ({"every": HOUR, "timezone": "Europe/Berlin"}, "an interval has no time zone"),
        ({"cron": "* * * * *", "timezone": "Europe/Berlim"}, 'write timezone="Europe/Berlin"'),
        ({"cron": "* * * * *", "timezone": 7}, "there is no time zone 7"),
        ({"cron": "61 * * * *"}, "cannot be read: Bad minute"),
        ({"cron": "* * * *"}, "Wrong number of fields"),
        ({"cron": 7}, "the cron line is 7"),
        ({"cron": "0 0 30 2 *"}, "cannot be read: Bad day-of-month"),
        ({"cron": "TZ=Europe/Berlin 0 0 1 1 *"}, "names a time zone"),
        ({"cron": "@reboot"}, "cannot be read"),
        ({"every": HOUR, "start": datetime(2027, 1, 1)}, "without a time zone"),  # noqa: DTZ001
        ({"every": HOUR, "start": "tomorrow"}, "the start is 'tomorrow'"),
        ({"every": HOUR, "completions": 0}, "completions is 0"),
        ({"every": HOUR, "completions": True}, "completions is True"),
        ({"every": HOUR, "misfire": "never"}, 'misfire="skip"'),
        ({"every": HOUR, "overlap": "queue"}, 'overlap="replace"'),
        ({"every": HOUR, "jitter": HOUR}, "as long as the interval"),
        ({"every": HOUR, "jitter": -HOUR}, "jitter is"),
        ({"cron": "0 9,10,18 * * *", "jitter": HOUR}, "as long as the interval of 1:00:00"),
        ({"every": HOUR, "timeout": 10}, "timeout is 10"),
        ({"every": HOUR, "retries": -1}, "retries is -1"),
        ({"every": HOUR, "retries": 1000}, "from 0 to 100"),
    ),
)
def test_what_cannot_be_is_refused_with_the_line_and_what_to_write(options, problem):
    with pytest.raises(InvalidDefinition, match=re.escape(problem)) as refused:
        Capability("shop").on_schedule("job", **options)

    assert refused.value.location.file == __file__


@pytest.mark.parametrize(
    ("action", "problem"),
    (
        (7, "runs a function, not 7"),
        (lambda request: request, "cannot be called without arguments"),
        (dict, "runs a function"),
    ),
)
def test_what_cannot_be_run_is_refused(action, problem):
    with pytest.raises(InvalidDefinition, match=problem):
        Capability("shop").on_schedule("job", every=HOUR)(action)


def test_a_generator_is_refused_for_it_would_run_nothing():
    def job():
        yield

    with pytest.raises(InvalidDefinition, match="take the yield out"):
        Capability("shop").on_schedule("job", every=HOUR)(job)


@pytest.mark.parametrize("name", ("", "a b", None, "-job"))
def test_a_name_is_that_of_a_rule(name):
    with pytest.raises(InvalidDefinition, match="cannot name a rule"):
        Capability("shop").on_schedule(name, every=HOUR)


def test_two_schedules_of_one_name_are_refused_with_both_places():
    shop = Capability("shop")
    shop.on_schedule("job", every=HOUR)(print)

    with pytest.raises(InvalidDefinition, match=rf"already, at {re.escape(__file__)}:\d+"):
        shop.on_schedule("job", every=HOUR)(print)


def test_a_schedule_without_a_function_is_noticed_when_all_is_imported():
    shop = Capability("shop")
    shop.on_schedule("job", every=HOUR)

    with pytest.raises(InvalidDefinition, match=r"write a function below @shop\.on_schedule"):
        Module(shop).check_finished()


def test_the_function_stays_the_function():
    shop = Capability("shop")

    @shop.on_schedule("job", every=HOUR)
    async def job() -> int:
        return 7

    assert shop.schedules[0].action is job
    assert shop.schedules[0].is_async
    assert Module(shop).schedules == shop.schedules


def test_nicknames_are_the_lines_they_stand_for():
    shop = Capability("shop")
    shop.on_schedule("job", cron="@Daily ", timezone="Asia/Tokyo")(print)

    first = next(shop.schedules[0].times(datetime(2026, 1, 1, tzinfo=UTC)).later(datetime(2026, 1, 1, tzinfo=UTC)))
    assert first == datetime(2026, 1, 1, 15, tzinfo=UTC)


def test_an_interval_below_the_recommended_one_is_warned_of_with_the_recommendation():
    shop = Capability("shop")
    shop.on_schedule("quick", every=timedelta(seconds=29))(print)
    shop.on_schedule("slow", every=timedelta(seconds=30))(print)

    quick, slow = shop.schedules
    assert "30 s or more are recommended" in (quick.warning or "")
    assert __file__ in (quick.warning or "")
    assert slow.warning is None


def test_a_start_is_the_same_moment_in_any_zone():
    shop = Capability("shop")
    shop.on_schedule("job", every=HOUR, start=datetime.fromisoformat("2027-01-01T01:00:00+01:00"))(print)

    times = shop.schedules[0].times(datetime(2026, 1, 1, tzinfo=UTC)).later(datetime(2026, 1, 1, tzinfo=UTC))
    assert next(times) == datetime(2027, 1, 1, tzinfo=UTC)
