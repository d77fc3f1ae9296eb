"""What a user's editor says about code written with Poblano: mypy and pyright have to agree with `*_types.py`, line by line.

A line of such a file may end in

    # revealed: str | None                              both checkers reveal this type for the reveal_type of the line
    # error: attr-defined | reportAttributeAccessIssue  mypy reports the first code, pyright the second; "-" for none

and on all other lines they have nothing to say. Types are compared in one spelling: see checkers.py. (About a class, as opposed
to its instances, the two never agree: mypy shows its constructor. Reveal what it makes.)
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.test_readme import EXAMPLE
from tests.typing.checkers import ask_mypy, ask_pyright

if TYPE_CHECKING:
    from tests.typing.checkers import Findings

FILES = tuple(sorted(Path(__file__).resolve().parent.glob("*_types.py")))

pytestmark = pytest.mark.timeout(600)

said_by_mypy = functools.cache(lambda: ask_mypy(FILES))
said_by_pyright = functools.cache(lambda: ask_pyright(FILES))


def expected(file: Path, checker: int) -> list[str]:
    """What the file says that a checker will say. checker: 0 for mypy, 1 for pyright."""
    lines: list[str] = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if match := re.search(r"# revealed: (.+?)\s*$", line):
            lines.append(f"{number}: revealed {match[1]}")
        elif match := re.search(r"# error: (.+?)\s*$", line):
            code = match[1].split(" | ")[checker].strip()
            lines += [f"{number}: error {code}"] if code != "-" else []
    return lines


def assert_as_expected(said: Findings, file: Path, checker: int) -> None:
    elsewhere = [text for other, lines in said.items() if other not in FILES for text in lines if " error " in text]
    assert said[file] == expected(file, checker)
    assert elsewhere == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_mypy_says_what_the_file_expects(file: Path):
    assert_as_expected(said_by_mypy(), file, 0)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_pyright_says_what_the_file_expects(file: Path):
    assert_as_expected(said_by_pyright(), file, 1)


def test_every_reveal_type_has_an_expectation():
    silent = [
        f"{file.name}:{number}"
        for file in FILES
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if "reveal_type(" in line and "# revealed: " not in line
    ]

    assert silent == []


def test_the_example_of_the_readme_is_clean_for_both(tmp_path: Path):
    shop = tmp_path / "shop.py"
    shop.write_text(EXAMPLE)

    assert ask_mypy([shop])[shop] == []
    assert ask_pyright([shop])[shop] == []
