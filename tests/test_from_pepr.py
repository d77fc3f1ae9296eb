"""What a user of Pepr knows has a row that says where it went, and what that row names is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

import poblano
from poblano.cli.main import COMMANDS, cli
from poblano.settings import Settings

ROOT = Path(__file__).parents[1]
PEPR: dict[str, Any] = tomllib.loads((ROOT / "tests/fixtures/pepr/surface.toml").read_text())
PAGE = (ROOT / "docs/from-pepr.md").read_text()
WORDS = re.compile(r"`([^`]+)`")


def rows(text: str, heading: str) -> dict[str, str]:
    """The rows of the tables under a heading: first cell, second cell."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)
    return {first: second for first, second in cells if first not in {"Pepr", "in Pepr's chart"}}


def named(rows: dict[str, str]) -> set[str]:
    return {word for first in rows for word in WORDS.findall(first)}


@pytest.mark.parametrize("name", PEPR["settings"])
def test_each_setting_has_a_row(name: str) -> None:
    assert name in named(rows(PAGE, "Settings"))


def test_each_setting_that_is_named_is_there() -> None:
    fields = Settings.__dataclass_fields__
    for first, second in rows(PAGE, "Settings").items():
        begins = re.match(r"`(\w+)", second)
        assert begins is None or begins[1] in {*fields, "version"}, first


@pytest.mark.parametrize("name", PEPR["environment"])
def test_each_variable_has_a_row(name: str) -> None:
    assert name in named(rows(PAGE, "Environment variables"))


def test_each_variable_that_is_named_is_read() -> None:
    read = {
        option.envvar
        for name in COMMANDS
        if (command := cli.get_command(click.Context(cli), name)) is not None
        for option in command.params
    }
    settings = (ROOT / "src/poblano/settings.py").read_text()
    for name in re.findall(r"POBLANO_\w+", PAGE):
        assert name in read or f"{name} " in settings, name


@pytest.mark.parametrize(
    ("command", "flag"), [(command, flag) for command, flags in PEPR["commands"].items() for flag in flags or [""]]
)
def test_each_command_and_flag_has_a_row(command: str, flag: str) -> None:
    if command == "build":
        text = (ROOT / "docs/build.md").read_text()
        assert re.search(rf"{flag}[ `]", text), flag
        return
    lines = named(rows(PAGE, "Commands"))
    begins = (
        (f"pepr {command}" if command != "pepr" else "pepr") if not flag else f"{'' if command == 'pepr' else command}"
    )
    assert any(line.startswith(begins) and flag in line for line in lines)


def test_each_flag_that_is_named_is_there() -> None:
    for first, second in rows(PAGE, "Commands").items():
        words = WORDS.findall(first)[0].split()
        name = words[1] if words[0] == "pepr" else words[0]
        command = cli.get_command(click.Context(cli), name)
        if command is None or second.startswith("none"):
            continue
        known = {opt for param in command.params for opt in param.opts}
        for flag in (word for word in WORDS.findall(second) if word.startswith("-")):
            assert flag.split()[0] in known, first


@pytest.mark.parametrize("name", PEPR["helpers"])
def test_each_helper_has_a_row(name: str) -> None:
    found = rows(PAGE, "`PeprUtils`, `sdk` and `R`")
    assert name in named(found)
    (row,) = [second for first, second in found.items() if name in WORDS.findall(first)]
    for word in re.findall(r"`poblano\.(\w+)`", row):
        assert hasattr(poblano, word), word


@pytest.mark.parametrize("name", PEPR["chart"])
def test_each_value_of_the_chart_has_a_row(name: str) -> None:
    assert name in named(rows((ROOT / "docs/helm.md").read_text(), "Pepr's values"))


@pytest.mark.parametrize("name", ["Feature flags", "`fetch` and `fetchStatus`"])
def test_what_has_no_counterpart_is_explained(name: str) -> None:
    assert f"\n## {name}\n" in PAGE
