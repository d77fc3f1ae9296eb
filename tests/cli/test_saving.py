"""What is saved while `poblano dev` runs is noticed, and while it starts as well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from poblano.cli.saving import Sources

if TYPE_CHECKING:
    from pathlib import Path


async def test_saving_a_file_of_the_project_is_noticed_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    until = asyncio.Event()
    changes = Sources(tmp_path).saved(until)
    first = asyncio.ensure_future(anext(changes))
    while not first.done():  # the watch begins in its own time: save until it is noticed
        (tmp_path / "notes.md").write_text("not code")
        (tmp_path / ".venv" / "x.py").write_text("not ours")
        (tmp_path / "rules.py").write_text("x = 1")
        await asyncio.sleep(0.05)
    assert await first == {tmp_path / "rules.py"}
    until.set()
    async for change in changes:
        assert change == {tmp_path / "rules.py"}


async def test_what_is_saved_before_the_watch_stands_is_noticed(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    for name in ("stays.py", "changes.py", "goes.py", "notes.md"):
        (tmp_path / name).write_text("x = 1")
    sources = Sources(tmp_path)
    (tmp_path / "changes.py").write_text("x = 12")
    (tmp_path / "goes.py").unlink()
    (tmp_path / "comes.py").write_text("x = 1")
    (tmp_path / "notes.md").write_text("not code")
    (tmp_path / ".venv" / "x.py").write_text("not ours")
    until = asyncio.Event()
    changes = sources.saved(until)
    assert await anext(changes) == {tmp_path / name for name in ("changes.py", "goes.py", "comes.py")}
    until.set()
    assert [change async for change in changes] == [], "it is told of once"
