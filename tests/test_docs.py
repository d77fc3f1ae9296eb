"""The code on a page of the documentation runs, and the tests that it shows pass."""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = sorted(page.name for page in DOCS.glob("*.md") if BLOCK.search(page.read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs_from_its_beginning(page: str, monkeypatch: pytest.MonkeyPatch):
    # Where a module is known by its name, as dataclasses want it.
    monkeypatch.setitem(sys.modules, page, module := ModuleType(page))
    names: dict[str, Any] = vars(module)
    for code in BLOCK.findall((DOCS / page).read_text()):
        exec(compile(code, page, "exec"), names)
    shown = [value for name, value in names.items() if name.startswith("test_")]
    for test in shown:
        if inspect.iscoroutinefunction(test):
            asyncio.run(test())
        else:
            test()


def test_there_are_such_pages():
    assert "rules.md" in PAGES
