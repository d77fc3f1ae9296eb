from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.tables.durations import between, human_duration, moment, since

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [  # k8s.io/apimachinery/pkg/util/duration/duration_test.go
        (1, "1s"),
        (70, "70s"),
        (190, "3m10s"),
        (70 * MINUTE, "70m"),
        (47 * HOUR, "47h"),
        (49 * HOUR, "2d1h"),
        (8 * DAY + 2 * HOUR, "8d"),
        (367 * DAY, "367d"),
        (4 * 365 * DAY + 25 * DAY + 2 * HOUR, "4y25d"),
        (15 * 365 * DAY + 33 * DAY, "15y"),
        (-3, "<invalid>"),
        (-1.5, "0s"),
        (0, "0s"),
        (0.5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (9 * MINUTE + 59, "9m59s"),
        (10 * MINUTE, "10m"),
        (10 * MINUTE + 59, "10m"),
        (179 * MINUTE, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 5 * MINUTE, "3h5m"),
        (8 * HOUR - 1, "7h59m"),
        (8 * HOUR, "8h"),
        (2 * DAY, "2d"),
        (8 * DAY - 1, "7d23h"),
        (2 * YEAR - 1, "729d"),
        (2 * YEAR, "2y"),
        (8 * YEAR - 1, "7y364d"),
        (8 * YEAR, "8y"),
    ],
)
def test_a_duration_reads_as_go_writes_it(seconds: float, shown: str) -> None:
    assert human_duration(seconds) == shown


def _seconds(shown: str) -> int:
    """What a shown duration stands for, read back."""
    total, digits = 0, ""
    for character in shown:
        if character.isdigit():
            digits += character
        else:
            total += int(digits) * {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "y": YEAR}[character]
            digits = ""
    return total


@given(st.integers(0, 20 * YEAR), st.integers(0, 20 * YEAR))
def test_the_longer_never_shows_as_less(one: int, other: int) -> None:
    short, long = sorted((one, other))
    assert _seconds(human_duration(short)) <= _seconds(human_duration(long))


@given(st.integers(0, 20 * YEAR))
def test_what_is_shown_is_rounded_down_by_less_than_a_tenth_or_so(seconds: int) -> None:
    shown = _seconds(human_duration(seconds))
    assert shown <= seconds < shown * 1.13 + 1


def test_times_are_read_with_any_number_of_decimals() -> None:
    assert (
        moment("2026-01-31T12:00:00Z") == moment("2026-01-31T12:00:00.000000Z") == moment("2026-01-31T13:00:00+01:00")
    )


@pytest.mark.parametrize("nothing", [None, "", "yesterday", 7])
def test_a_time_that_is_none_is_unknown(nothing: object) -> None:
    now = datetime.now(UTC)
    assert moment(nothing) is None
    assert since(nothing, now) == "<unknown>"
    assert between(nothing, "2026-01-31T12:00:00Z") == between("2026-01-31T12:00:00Z", nothing) == "<unknown>"


@given(st.integers(0, 10 * DAY))
def test_since_and_between_agree(seconds: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(seconds=seconds)
    assert since(start.isoformat(), end) == between(start.isoformat(), end.isoformat())
