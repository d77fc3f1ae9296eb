"""The code on a page of the documentation runs, the tests that it shows pass, and what it links to is there."""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s:]+)\)")
LINKING = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").glob("*/README.md")])
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


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path):
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    """Of the headings of a page, as those who show Markdown make them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_there_are_such_pages():
    assert "rules.md" in PAGES
