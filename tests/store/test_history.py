"""Whoever judges the processes that share a store finds each thing that must not be."""

from __future__ import annotations

import pytest

from tests.store.history import ACCOUNTS, Version, Write, faults

EVEN = dict.fromkeys(ACCOUNTS, "100")


def write(number, value, began=0.0, ended=1.0, outcome="acknowledged", process="p"):
    return Write(process, number, "k", value, began, ended, outcome)


def seen(*values):
    return [Version(float(place), {} if value is None else {"k": value}) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("writes", "versions"),
    (
        ([write(1, "a"), write(2, "b", 2, 3)], seen(None, "a", "b")),
        ([write(1, "a"), write(2, "b", outcome="unknown")], seen(None, "a")),
        ([write(1, "a"), write(2, None, 2, 3), write(3, "b", 4, 5)], seen("a", None, "b")),
        ([write(1, None)], seen(None)),
        ([write(1, "a", process="p"), write(1, "b", process="q")], seen("b", "a")),
    ),
)
def test_what_goes_together_is_no_fault(writes, versions):
    assert faults(writes, [], versions) == []


@pytest.mark.parametrize(
    ("writes", "versions", "fault"),
    (
        ([write(1, "a")], seen(None), "a was acknowledged and is lost"),
        ([], seen("a"), "a was written by nobody"),
        ([write(1, "a"), write(1, "b", process="q")], seen("a", "b", "a"), "a came back"),
        ([write(1, "a"), write(2, "b")], seen("b", "a"), "a came after what p wrote later"),
        ([write(1, "a"), write(1, "b", 2, 3, process="q")], seen("b", "a"), "which began when it was acknowledged"),
        ([write(1, "a"), write(2, None, 2, 3)], seen("a", "a", "a", "a"), "is still there"),
    ),
)
def test_what_does_not_is_named(writes, versions, fault):
    assert any(fault in one for one in faults(writes, [], versions))


def test_an_increment_that_was_lost_or_made_twice_is_found():
    def told(counted, *values):
        return faults([], counted, [Version(0, {"counter": value}) for value in values])

    assert told(["acknowledged", "unknown"], "1") == told(["acknowledged", "unknown"], "1", "2") == []
    assert "1 increments were acknowledged of 1" in told(["acknowledged", "refused"], "1", "2")[0]
    assert "2 increments were acknowledged" in told(["acknowledged"] * 2, "1")[0]
    assert told(["acknowledged"] * 2, "2") == ["the counter went from 0 to 2"]


def test_half_a_transaction_is_found():
    assert faults([], [], [Version(0, {}), Version(1, EVEN)]) == []
    assert "half of a transaction" in faults([], [], [Version(1, EVEN | {"account-0": "90"})])[0]
    assert "half of a transaction" in faults([], [], [Version(1, EVEN), Version(2, {})])[0]
