"""A log that is gone on with is the log: each line once, wherever its connections broke."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.fluent.resuming import Place

WRITTEN = st.builds(
    "2026-01-01T00:00:{:02}.{}Z".format, st.integers(0, 3), st.sampled_from(["1", "125", "5", "000000001"])
)
LOGS = st.lists(st.tuples(WRITTEN, st.sampled_from(["", "a", "b b"])), max_size=12).map(
    lambda lines: sorted(lines, key=first)
)


def first(line):
    """Whole seconds are in order; within one, lines of two streams may be in any."""
    return line[0][:19]


def answered(log, since):
    """What a node answers to a request for all from that second on."""
    return [f"{written} {text}".encode() for written, text in log if written[:19] >= since[:19]]


@given(LOGS, st.lists(st.integers(0, 12), max_size=5), st.booleans())
def test_wherever_it_breaks_each_line_comes_once_and_in_order(log, breaks, timestamps):
    place, came = Place(timestamps=timestamps), []
    for read in [*breaks, 100]:
        came += [text for line in answered(log, place.since)[:read] if (text := place.taken(line)) is not None]
        place.resumes()
    wanted = [f"{written} {text}" if timestamps else text for written, text in log]
    assert came == [line.encode() for line in wanted]


def test_what_does_not_say_when_it_was_written_is_not_lost():
    place = Place()
    assert [place.taken(line) for line in (b"plain", b"", b"2026-01-01")] == [b"plain", b"", b"2026-01-01"]
    assert place.since == ""


def test_times_of_a_zone_are_asked_for_as_they_are():
    place = Place()
    assert place.taken(b"2026-01-01T00:00:07.123456789+02:00 x") == b"x"
    assert place.since == "2026-01-01T00:00:07+02:00"
