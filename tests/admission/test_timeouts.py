"""The deadline in the address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.admission.timeouts import DEFAULT_SECONDS, parse_timeout, timeout_of_query


@pytest.mark.parametrize(
    ("text", "seconds"),
    (
        ("10s", 10),
        ("10", 10),
        ("+3s", 3),
        ("2.5s", 2.5),
        ("500ms", 1),
        ("2500ms", 2.5),
        ("1m30s", 30),
        ("0m12s", 12),
        ("2000000us", 2),
        ("2000000µs", 2),
        ("3000000000ns", 3),
        ("99h", 30),
        ("1e400", 30),
        ("0", 1),
        ("-5s", 1),
        ("-1m", 1),
    ),
)
def test_a_duration_is_understood_and_kept_within_what_kubernetes_allows(text: str, seconds: float) -> None:
    assert parse_timeout(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", (None, "", "NaN", "inf", "s", "10x", "1 0s", "10s ", "--1s", "1s-2s", "٣s", "9" * 65))
def test_what_is_no_duration_counts_as_the_default(text: str | None) -> None:
    assert parse_timeout(text) == DEFAULT_SECONDS


@pytest.mark.parametrize(
    ("query", "seconds"),
    (
        (b"", 10),
        (b"timeout=3s", 3),
        (b"a=b&timeout=4s", 4),
        (b"timeout=5s&timeout=9s", 5),
        (b"timeout=%35s", 5),
        (b"timeout", 10),
        (b"Timeout=3s", 10),
        (b"&" * 1000, 10),
        (b"\xff\xfe=1", 10),
    ),
)
def test_the_query_may_say_anything(query: bytes, seconds: float) -> None:
    assert timeout_of_query(query) == seconds


@given(st.text())
def test_no_text_leaves_the_allowed_range(text: str) -> None:
    assert 1 <= parse_timeout(text) <= 30


@given(st.binary())
def test_no_query_leaves_the_allowed_range(query: bytes) -> None:
    assert 1 <= timeout_of_query(query) <= 30
    assert 1 <= timeout_of_query(b"timeout=" + query) <= 30


@given(st.integers(0, 40), st.integers(0, 59_999))
def test_what_go_prints_is_read_back(minutes: int, milliseconds: int) -> None:
    expected = minutes * 60 + milliseconds / 1000
    assert parse_timeout(f"{minutes}m{milliseconds / 1000}s") == pytest.approx(min(max(expected, 1), 30))
