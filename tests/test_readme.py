"""The first code that a reader sees does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from poblano import Module
from tests.typing.checkers import ask_mypy, ask_pyright

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.py"
    file.write_text(BLOCKS[0])
    return file


def test_the_example_defines_a_module(shop: Path):
    names: dict[str, object] = {}

    exec(compile(shop.read_text(), shop, "exec"), names)

    assert isinstance(names["module"], Module)


@pytest.mark.xdist_group("typing")
def test_the_example_is_clean_for_both_type_checkers(shop: Path):
    assert ask_mypy([shop])[shop] == []
    assert ask_pyright([shop])[shop] == []
