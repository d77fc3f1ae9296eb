"""The code that a reader sees first does what the page says, and both type checkers agree with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from poblano import Module
from tests.typing.checkers import ask_mypy, ask_pyright

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/rules.md")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made: list[Path] = []
    for page in PAGES:
        for number, block in enumerate(blocks(page)):
            made.append(tmp_path / f"{Path(page).stem.lower()}_{number}.py")
            made[-1].write_text(block)
    return made


def test_every_example_runs(files: list[Path]):
    for file in files:
        exec(compile(file.read_text(), file, "exec"), {"__name__": file.stem})


@pytest.mark.parametrize("page", PAGES)
def test_the_first_example_defines_a_module(page: str):
    names: dict[str, object] = {"__name__": "shop"}

    exec(compile(blocks(page)[0], page, "exec"), names)

    assert isinstance(names["module"], Module)


def test_the_examples_are_clean_for_both_type_checkers(files: list[Path]):
    mypy, pyright = ask_mypy(files), ask_pyright(files)

    assert [mypy[file] for file in files] == [[]] * len(files)
    assert [pyright[file] for file in files] == [[]] * len(files)
