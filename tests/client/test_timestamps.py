from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client.timestamps import parse_timestamp

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(9990, 1, 1), timezones=offsets)  # noqa: DTZ001 - the strategy's zone


@given(moments)
def test_what_python_writes_is_read_back(moment: datetime):
    assert parse_timestamp(moment.isoformat()) == moment


@given(moments)
def test_a_z_is_utc(moment: datetime):
    utc = moment.astimezone(UTC)

    assert parse_timestamp(utc.isoformat().replace("+00:00", "Z")) == utc


@given(st.integers(0, 999_999_999))
def test_nanoseconds_lose_only_what_is_below_a_microsecond(nanoseconds: int):
    moment = parse_timestamp(f"2026-11-22T10:00:00.{nanoseconds:09d}Z")

    assert moment.microsecond == nanoseconds // 1000


@pytest.mark.parametrize(
    ("text", "utc"),
    (
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00"),
        ("2026-11-22t10:00:00z", "2026-11-22T10:00:00"),
        ("2026-11-22T10:00:00.5+02:00", "2026-11-22T08:00:00.500000"),
        ("2026-11-22T10:00:00-03:30", "2026-11-22T13:30:00"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00"),
    ),
)
def test_every_spelling_names_its_moment(text: str, utc: str):
    assert parse_timestamp(text) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.mark.parametrize(
    "text",
    (
        "",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "20261122T100000Z",
        "2026-13-01T00:00:00Z",
        "2026-11-22T10:00:00+02:99",
        "soon",
    ),
)
def test_what_is_no_timestamp_is_refused(text: str):
    with pytest.raises(ValueError):
        parse_timestamp(text)


@given(st.text())
def test_any_text_is_a_timestamp_or_a_value_error(text: str):
    with contextlib.suppress(ValueError):
        parse_timestamp(text)
