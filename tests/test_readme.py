"""The first code and the commands that a reader sees do what the page says. (Types: tests/typing/test_typing.py.)"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import pytest

from poblano import Module
from poblano.cli.main import cli
from poblano.core.crd import definition_of
from tests.cluster.custom.definitions import complaints

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
EXAMPLE, OPERATOR = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_the_example_defines_a_module():
    names: dict[str, object] = {}

    exec(compile(EXAMPLE, "README.md", "exec"), names)

    assert isinstance(names["module"], Module)


def test_the_operator_goes_on_from_there_and_its_kind_can_be_defined():
    names: dict[str, Any] = {"__name__": "README.md"}

    exec(compile(EXAMPLE + OPERATOR, "README.md", "exec"), names)

    assert "shop/publish" in [binding.title for binding in names["shop"].bindings]
    assert complaints(definition_of(names["Page"])) == []


BLOCKS = [dedent(block).strip() for block in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", README, re.MULTILINE)]
NAMED = re.compile(r"(?:^ {4}.*|`)poblano (\w+)((?: [^`#\n]*)?)", re.MULTILINE)
PAGES = [
    str(page.relative_to(ROOT))
    for page in sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("README.md")))
    if NAMED.search(page.read_text())
]


def test_its_two_commands_are_targets_of_the_makefile():
    targets = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"^make (\w+)", "\n".join(BLOCKS), re.MULTILINE)
    assert named == ["demo", "test"]
    assert set(named) <= set(targets)


def test_what_it_shows_of_the_demo_is_what_the_demo_shows():
    (shown,) = [block for block in BLOCKS if block.startswith("CREATE")]
    assert f"\n\n{shown}\n\n" in (ROOT / "tests" / "cli" / "golden" / "demo.txt").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_that_a_page_names_exists(page: str):
    named = NAMED.findall((ROOT / page).read_text())
    assert named
    for name, rest in named:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        if isinstance(command, click.Group):
            within = rest.split()[0]
            command = command.get_command(click.Context(command), within)
            assert command is not None, within
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z0-9-]+", rest)) <= known, (name, rest)
