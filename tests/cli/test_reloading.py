"""Swapping what is served: the new one where it can, the old one where it must, and never neither."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from poblano.admission.replies import Reply
from poblano.cli.debugging import PATIENCE_SECONDS, Unhurried
from poblano.cli.project import load_project
from poblano.cli.reloading import Both, Served
from poblano.cli.terminal import Terminal
from poblano.core.errors import Forbidden, InvalidDefinition
from poblano.log import configure, enabled

if TYPE_CHECKING:
    from collections.abc import Collection, Generator
    from pathlib import Path

    from poblano.core.entries import Entry


class Named:
    """Answers with its name, and remembers how much time it was given."""

    def __init__(self, name: str, *paths: str) -> None:
        self.name = name.encode()
        self.timeout = 0.0
        self._paths = paths

    def paths(self) -> Collection[str]:
        return self._paths

    def review(self, path: str, body: bytes, timeout: float) -> Reply:
        self.timeout = timeout
        return Reply(200, self.name)

    def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
        return Reply(status, self.name)


def test_both_serve_every_path_and_the_new_one_goes_first() -> None:
    both = Both(Named("old", "/a", "/b"), Named("new", "/b", "/c"))
    assert set(both.paths()) == {"/a", "/b", "/c"}
    assert [both.review(path, b"", 1) for path in ("/a", "/b", "/c")] == [
        Reply(200, b"old"),
        Reply(200, b"new"),
        Reply(200, b"new"),
    ]
    assert both.refuse("/a", b"", 413, "") == Reply(413, b"old")


def test_the_deadline_counts_until_a_debugger_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bdb", "pydevd"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    reviewer = Named("it", "/a")
    unhurried = Unhurried(reviewer)
    unhurried.review("/a", b"", 2.5)
    assert reviewer.timeout == 2.5
    monkeypatch.setitem(sys.modules, "pydevd", sys)
    unhurried.review("/a", b"", 2.5)
    assert reviewer.timeout == PATIENCE_SECONDS
    assert unhurried.paths() == ("/a",)
    assert unhurried.refuse("/a", b"", 400, "") == Reply(400, b"it")


PROJECT = """[tool.poblano]
uuid = "{uuid}"
module = "rules:module"
log_level = "{level}"
env = {env}
"""


@pytest.fixture
def reloadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("SHOP_A", "SHOP_B"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / "rules.py").write_text("from poblano import Module\nmodule = Module()\n")
    yield tmp_path
    sys.modules.pop("rules", None)
    configure("info")


def write(folder: Path, *, uuid: str = "shop", level: str = "info", env: str = "{}") -> None:
    (folder / "pyproject.toml").write_text(PROJECT.format(uuid=uuid, level=level, env=env))


class Swapped:
    """What is told to serve something else."""

    def use(self, reviewer: object) -> None: ...


async def taken(entries: list[Entry]) -> bool:
    return True


async def refused(entries: list[Entry]) -> bool:
    raise Forbidden("no")


async def test_a_changed_environment_and_log_level_count_from_the_reload_on(reloadable: Path) -> None:
    write(reloadable, env='{ SHOP_A = "1" }')
    served = Served(load_project(reloadable), Terminal(io.StringIO()))
    server: Any = Swapped()
    configure("info", format="console")
    try:
        write(reloadable, level="debug", env='{ SHOP_B = "2" }')
        await served.reload(server, taken)
        assert (os.environ.get("SHOP_A"), os.environ.get("SHOP_B"), enabled("debug")) == (None, "2", True)

        write(reloadable, level="error", env='{ SHOP_A = "3", SHOP_B = "4" }')
        with pytest.raises(Forbidden):
            await served.reload(server, refused)
        (reloadable / "rules.py").write_text("nonsense\n")
        with pytest.raises(InvalidDefinition):
            await served.reload(server, taken)
        assert (os.environ.get("SHOP_A"), os.environ.get("SHOP_B"), enabled("debug")) == (None, "2", True)
    finally:
        served.close()
