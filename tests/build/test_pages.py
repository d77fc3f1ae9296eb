"""What the pages say of the command and of the chart is what these are."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from poblano.cli.build import command
from tests.build.goldens import PAGE, page, values

BUILD = Path(__file__).resolve().parents[2] / "docs" / "build.md"
CELL = re.compile(r"`([^`]+)`")


def rows(text: str, heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    section = text.partition(f"\n{heading}\n")[2]
    section = re.split(r"\n#+ ", section)[0]
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]


def test_each_flag_has_a_row_and_each_row_a_flag():
    said = {
        option
        for row in rows(BUILD.read_text(), "## Flags")
        for option in re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", row[0])
    }
    options = [one for one in command.params if isinstance(one, click.Option)]

    assert said == {name for one in options for name in one.opts}


@pytest.mark.parametrize("option", command.params, ids=lambda one: one.name)
def test_a_row_says_the_default(option: click.Parameter):
    [row] = [row for row in rows(BUILD.read_text(), "## Flags") if re.search(rf"`{option.opts[-1]}[ `]", row[0])]
    if isinstance(option.default, str | Path) and str(option.default) and option.name != "certificates":
        assert str(option.default) in row[1]


def test_the_values_are_those_of_the_chart():
    assert page() == PAGE.read_text(), "python -m tests.build.goldens"


def test_each_value_of_pepr_s_has_gone_where_there_is_one():
    known = {slot.path for slot in values()}
    table = rows(PAGE.read_text(), "## Pepr's values")

    assert len(table) > 20
    for there, here in table:
        if here.startswith("none: "):
            continue
        named = [one for one in CELL.findall(here) if re.fullmatch(r"[a-zA-Z.]+", one) and one != "DoNotSchedule"]
        assert named, there
        assert set(named) <= known, there
