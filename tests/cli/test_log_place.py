"""However often a log breaks off, each line of it is passed on once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.cli.log_place import Place

SECONDS = st.lists(st.integers(0, 5), max_size=20).map(sorted)


@given(SECONDS, st.lists(st.integers(0, 20), max_size=5), st.integers(0, 3))
def test_every_line_comes_once_and_in_order(seconds: list[int], breaks: list[int], earlier: int) -> None:
    """What is asked for again begins at the second of the last line, or earlier."""
    lines = [f"2026-01-01T10:00:0{second}.5Z {number}" for number, second in enumerate(seconds)]
    place, passed = Place(), list[str | None]()
    for end in [*breaks, len(lines)]:
        place.again()
        since = place.since
        again = 0 if since is None else next(at for at, second in enumerate(seconds) if second == since.second)
        passed += [place.passed(line) for line in lines[max(again - earlier, 0) : end]]
    assert [text for text in passed if text is not None] == [str(number) for number in range(len(lines))]


def test_a_clock_that_goes_back_and_a_remark_without_a_time_lose_nothing() -> None:
    place = Place()
    lines = ["2026-01-01T10:00:02.5Z a", "unable to retrieve container logs", "2026-01-01T10:00:01.5Z b"]
    assert [place.passed(line) for line in lines] == ["a", "unable to retrieve container logs", "b"]
