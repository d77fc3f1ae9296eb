"""Every statement of docs/best-practices.md names the tests that show it, and they are there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "best-practices.md").read_text()
STATEMENTS = re.findall(r"^- (.+)$", PAGE, re.MULTILINE)
SHOWN = re.compile(r"<!-- ((?:tests/\S+::test_\w+ ?)+)-->$")


@functools.cache
def functions_of(file: str) -> set[str]:
    """The names of the test functions of a file."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda text: text[:40])
def test_a_statement_is_shown_by_tests_that_there_are(statement: str) -> None:
    shown = SHOWN.search(statement)
    assert shown, "it names no test"
    for one in shown[1].split():
        file, name = one.split("::")
        assert name in functions_of(file), one


def test_the_page_says_nothing_else() -> None:
    rest = [line for line in PAGE.splitlines() if line and not line.startswith(("- ", "#"))]
    assert len(STATEMENTS) > 30
    assert len(rest) == 2, "what is said is a line of a list, with its tests"
