"""The files of a project that are saved while ``poblano dev`` runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from poblano.build.sources import GENERATED

if TYPE_CHECKING:
    from watchfiles import Change

WATCHED = frozenset({".py", ".toml"})
GATHER_MS = 200
"""An editor saves in several steps; several files are often saved at once."""

LOOK_MS = 1000
"""After so long the system's watch is known to stand."""

Stamp: TypeAlias = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size."""


class Sources:
    """The files of a project, as they are when this is made: before they are imported.

    Args:
        folder: of the project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._imported = dict(_stamps(folder))

    async def saved(self, until: asyncio.Event) -> AsyncGenerator[set[Path]]:
        """The files that were saved, made or deleted since, whenever that happens; ends with `until`.

        What was saved before the system watched is found by looking: an import, or a cluster that starts, takes seconds.
        """
        from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType]  # its anyio may be missing

        watch = cast("Callable[..., AsyncGenerator[set[tuple[Change, str]]]]", awatch)
        changes = watch(
            self._folder,
            watch_filter=self._is_ours,
            debounce=GATHER_MS,
            stop_event=until,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
        )
        looked = False
        async for told in changes:
            files = {Path(path) for _, path in told}
            if not looked:
                files |= await asyncio.to_thread(self._missed)
                looked = True
            if files:
                yield files

    def _is_ours(self, _: Change, path: str) -> bool:
        return is_ours(Path(path).relative_to(self._folder))

    def _missed(self) -> set[Path]:
        now = dict(_stamps(self._folder))
        return {path for path in now.keys() | self._imported.keys() if now.get(path) != self._imported.get(path)}


def is_ours(path: Path) -> bool:
    """Whether a file, named from the project's folder, is part of the project.

    >>> is_ours(Path("rules/pods.py")), is_ours(Path(".venv/lib/x.py")), is_ours(Path("notes.md"))
    (True, False, False)
    """
    return path.suffix in WATCHED and all(map(_may_have_ours, path.parts))


def _may_have_ours(name: str) -> bool:
    return not name.startswith(".") and name not in GENERATED


def _stamps(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    for place, folders, files in os.walk(folder):
        folders[:] = filter(_may_have_ours, folders)
        for path in (Path(place, name) for name in files):
            if is_ours(path.relative_to(folder)):
                try:
                    found = path.stat()
                except OSError:  # it has gone meanwhile
                    continue
                yield path, (found.st_mtime_ns, found.st_size)
