from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client.retries import Attempt, Backoff, parse_retry_after

chances = st.floats(0, 1)


@pytest.mark.parametrize(
    ("attempt", "idempotent", "expected"),
    (
        (Attempt(sent=False), False, True),
        (Attempt(sent=True), False, False),
        (Attempt(sent=True), True, True),
        (Attempt(429, retry_after=1), False, True),
        (Attempt(429), False, False),
        (Attempt(429), True, True),
        (Attempt(503, retry_after=1), False, False),
        (Attempt(503), True, True),
        (Attempt(500), True, False),
        (Attempt(404), True, False),
    ),
)
def test_only_what_does_no_harm_is_sent_again(attempt: Attempt, *, idempotent: bool, expected: bool):
    assert attempt.may_repeat(idempotent=idempotent) is expected


@given(st.integers(1, 10_000), chances)
def test_a_delay_is_never_negative_nor_over_the_limit(failures: int, chance: float):
    assert 0 <= Backoff(most=8).delay(failures, Attempt(), chance) <= 8


@given(st.integers(1, 100), chances, st.floats(0, 1000))
def test_a_retry_after_is_kept_to(failures: int, chance: float, seconds: float):
    assert Backoff().delay(failures, Attempt(429, retry_after=seconds), chance) >= seconds


def test_the_limit_doubles():
    assert [Backoff().delay(n, Attempt(), 1.0) for n in (1, 2, 3, 4)] == [0.25, 0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("value", "expected"), ((None, None), ("", None), ("0", 0.0), (" 7 ", 7.0), ("-1", None), ("٣", None))
)
def test_retry_after_in_seconds(value: str | None, expected: float | None):
    assert parse_retry_after(value) == expected


def test_retry_after_as_a_date():
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)

    assert parse_retry_after("Sun, 22 Nov 2026 10:00:05 GMT", now=now) == 5
    assert parse_retry_after("Sun, 22 Nov 2026 09:00:00 GMT", now=now) == 0
    assert parse_retry_after("Sun, 22 Nov 2026 10:00:05", now=now) == 5


@given(st.text())
def test_no_header_breaks_the_client(value: str):
    seconds = parse_retry_after(value)

    assert seconds is None or seconds >= 0
