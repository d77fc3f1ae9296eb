"""Bringing the files of a project up to the templates of this version: those that their owner has not changed.

The record that `poblano init` left tells what was made. So a file is one of these: as it was made, and the template is another
now; changed by its owner, and the template is another now; or of no concern, among them what its owner has deleted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from poblano.cli.template_files import RECORD, SETTINGS, Record, hash_of

State: TypeAlias = Literal["new", "as made", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """A file that the templates have otherwise.

    Args:
        path: in the project.
        state: it is not there yet; it is as it was made; or its owner has changed it.
        before: what is in it; "" when it is not there.
        after: what the template makes of it.
    """

    path: str
    state: State
    before: str
    after: str

    def diff(self) -> Iterator[str]:
        """From what is there to what the template has, line by line."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.path, self.path, lineterm=""
        )
        yield from lines


def changes(folder: Path, record: Record, made: dict[str, str]) -> list[Change]:
    """What the templates have otherwise than the project, as far as they have changed since.

    Args:
        folder: of the project.
        record: of what was made.
        made: the files as the templates would make them now.
    """
    found: list[Change] = []
    for path, after in made.items():
        recorded = record.hashes.get(path)
        before = _read(folder / path)
        # The settings are their owner's from the first day.
        if path == SETTINGS or before == after or recorded == hash_of(after):
            continue
        if before is None:
            if recorded is None:
                found.append(Change(path, "new", "", after))
        elif recorded == hash_of(before):
            found.append(Change(path, "as made", before, after))
        else:
            found.append(Change(path, "changed", before, after))
    return found


def take(folder: Path, change: Change) -> None:
    """Write what the template has."""
    _write(folder / change.path, change.after)


def note(folder: Path, record: Record, made: dict[str, str], declined: set[str]) -> None:
    """Record what the project was brought up to; what was declined is asked again the next time.

    Args:
        folder: of the project.
        record: as it was.
        made: the files as the templates make them now.
        declined: the paths of those that were not taken.
    """
    hashes = {path: hash_of(text) for path, text in made.items()}
    kept = {path: value for path, value in record.hashes.items() if path in declined}
    brought = {path: value for path, value in hashes.items() if path not in declined}
    _write(folder / RECORD, Record(record.answers, kept | brought).text())


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
