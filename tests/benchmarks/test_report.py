"""The tables, and their place in the README."""

from __future__ import annotations

import pytest

from benchmarks import report, tables
from benchmarks.admission import Memory, Row, Turn
from benchmarks.figures import Bound, Spread
from benchmarks.wrk import Load


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_line_of_a_table_is_as_wide_as_the_others():
    lines = tables.table(["a", "bb"], [["x" * 9, "y"], ["z", "w" * 5]]).splitlines()

    assert len({len(line) for line in lines}) == 1


def test_the_admission_table_shows_medians_with_their_spread():
    turns = [Turn(Load(1000 * n, 1.0, 0.5 * n, 2.0 * n, 0), 50.0 * n) for n in (1, 2, 3)]

    line = tables.admission([Row.of("Poblano", 16, turns)]).splitlines()[-1]

    assert cells(line) == ["Poblano", "16", "2 000 (1 000 – 3 000)", "1 (0.5 – 1.5)", "4 (2 – 6)", "100 (50 – 150)"]


def test_the_memory_table_says_after_how_many_requests():
    line = tables.memory([Memory("Poblano", 41.0, 43.0, 70_000)]).splitlines()[-1]

    assert cells(line) == ["Poblano", "41", "43", "70 000"]


def test_a_broken_promise_is_written_in_capitals():
    broken = Bound("throughput beside Pepr", 4.2, 5, "at least", "x")

    assert cells(tables.bounds([broken]).splitlines()[-1]) == ["throughput beside Pepr", "4.2 x", "at least 5 x", "NO"]


def test_a_span_has_the_middle_first():
    assert tables.span(Spread(2.0, 1.0, 3.0)) == "2 (1 – 3)"


def test_writing_a_page_twice_is_writing_it_once():
    readme = f"before\n{report.START}\n{report.END}\nafter\n"

    once = report.between_marks(readme, "tables")

    assert report.between_marks(once, "tables") == once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")


@pytest.mark.parametrize("readme", ("", report.START, report.END, f"{report.END} {report.START}"))
def test_a_readme_without_a_place_for_the_tables_is_refused(readme):
    with pytest.raises(ValueError, match="bench:start"):
        report.between_marks(readme, "tables")


def test_a_section_without_content_has_no_heading():
    assert report.document(report.section("Empty", ""), report.section("Full", "x")) == "### Full\n\nx"
