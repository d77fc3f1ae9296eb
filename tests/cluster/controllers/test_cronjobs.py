from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.controllers.schedule import next_fire
from tests.cluster.controllers.test_jobs import job
from tests.cluster.controllers.world import World


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "fires"),
    [
        ("* * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
        ("30 9 * * mon-fri", "UTC", "2026-01-02T09:30:00Z", "2026-01-05T09:30:00Z"),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 13 * 5", "UTC", "2026-01-10T00:00:00Z", "2026-01-13T00:00:00Z"),  # the 13th, or any Friday
        ("0 0 */2 * 5", "UTC", "2026-01-10T00:00:00Z", "2026-01-23T00:00:00Z"),  # an odd day that is a Friday
        ("@monthly", "UTC", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"),
        ("0 12 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T10:00:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"),  # skipped on the 29th
        ("5/20 0 * jan,jul *", "UTC", "2026-01-31T00:45:00Z", "2026-07-01T00:05:00Z"),
    ],
)
def test_it_fires_when_cron_does(schedule: str, zone: str, after: str, fires: str) -> None:
    assert next_fire(schedule, at(after), zone) == at(fires)


def test_a_day_that_never_comes_never_fires() -> None:
    assert next_fire("0 0 31 2 *", 0.0) is None


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    after=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),  # noqa: DTZ001
)
def test_a_daily_schedule_fires_within_a_day_and_at_its_time(minute: int, hour: int, after: datetime) -> None:
    fires = next_fire(f"{minute} {hour} * * *", after.timestamp())
    assert fires is not None
    assert 0 < fires - after.timestamp() <= 86400
    found = datetime.fromtimestamp(fires, UTC)
    assert (found.hour, found.minute, found.second) == (hour, minute, 0)


@pytest.fixture
async def here(here: World) -> World:
    """With a clock that stands still until it is moved: the next minute begins when a test says so."""
    here.cluster.clock.stop()
    return here


async def test_a_cron_job_makes_a_job_when_it_is_time_and_keeps_the_last_ones(here: World) -> None:
    spec = {"schedule": "* * * * *", "successfulJobsHistoryLimit": 2, "jobTemplate": {"spec": job()}}
    await here.create("cronjobs", "tick", spec=spec)
    await here.rest()
    assert not await here.names("jobs")
    for count in range(1, 4):
        here.cluster.clock.move(60)
        await here.patch("cronjobs", "tick", {"metadata": {"labels": {"turn": str(count)}}})

        async def done() -> bool:
            cron = await here.get("cronjobs", "tick") or {}
            ended = [one for one in await here.list("jobs") if one["status"].get("succeeded")]
            return len(ended) == min(count, 2) and not cron["status"].get("active")  # noqa: B023

        await here.until(done)
        await here.rest()
    status = (await here.get("cronjobs", "tick") or {})["status"]
    assert status["lastSuccessfulTime"] >= status["lastScheduleTime"]


async def test_a_suspended_cron_job_makes_none(here: World) -> None:
    await here.create(
        "cronjobs", "tick", spec={"schedule": "* * * * *", "suspend": True, "jobTemplate": {"spec": job()}}
    )
    here.cluster.clock.move(3600)
    await here.patch("cronjobs", "tick", {"metadata": {"labels": {"look": "again"}}})
    await here.rest()
    assert not await here.names("jobs")


async def test_one_job_at_a_time_if_it_says_so(here: World) -> None:
    spec = {"schedule": "* * * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": job("running")}}
    await here.create("cronjobs", "tick", spec=spec)
    for count in range(3):
        here.cluster.clock.move(60)
        await here.patch("cronjobs", "tick", {"metadata": {"labels": {"turn": str(count)}}})
        await here.rest()
    assert len(await here.names("jobs")) == 1
    assert len((await here.get("cronjobs", "tick") or {})["status"]["active"]) == 1


async def test_after_a_long_sleep_only_the_last_moment_counts(here: World) -> None:
    await here.create("cronjobs", "tick", spec={"schedule": "* * * * *", "jobTemplate": {"spec": job("running")}})
    here.cluster.clock.move(400 * 86400)
    await here.patch("cronjobs", "tick", {"metadata": {"labels": {"look": "again"}}})
    await here.rest()
    assert len(await here.names("jobs")) == 1
