"""Whatever a command can be told is on the page that speaks of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from poblano.cli.main import cli

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [page.read_text() for page in sorted(DOCS.glob("*.md"))]


def commands(group: click.Group, before: str = "poblano") -> Iterator[tuple[str, click.Command]]:
    """All commands of a group and of the groups in it, by what is typed for them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


COMMANDS = dict(commands(cli))
OPTIONS = [
    pytest.param(typed, option, id=f"{typed.removeprefix('poblano ')} {option.opts[-1]}")
    for typed, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and not option.hidden
]


def pages_about(typed: str) -> list[str]:
    return [page for page in PAGES if re.search(rf"(`|^ +){typed}\b", page, re.MULTILINE)]


@pytest.mark.parametrize("typed", COMMANDS)
def test_each_command_is_on_a_page(typed: str):
    assert pages_about(typed)


@pytest.mark.parametrize(("typed", "option"), OPTIONS)
def test_each_option_is_on_a_page_about_its_command(typed: str, option: click.Option):
    spelt = [name for name in option.opts if any(says(page, name) for page in pages_about(typed))]
    assert spelt, f"{typed} takes {' and '.join(option.opts)}, of which no page about it speaks"


def says(page: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){name}(?![\w-])", page) is not None
