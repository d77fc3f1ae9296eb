"""The first code that a reader sees does what the page says. (That type checkers like it: tests/typing/test_typing.py.)"""

from __future__ import annotations

import re
from pathlib import Path

from poblano import Module

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
EXAMPLE = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[0]


def test_the_example_defines_a_module():
    names: dict[str, object] = {}

    exec(compile(EXAMPLE, "README.md", "exec"), names)

    assert isinstance(names["module"], Module)
