"""Where the engine's writes go so that they outlive the process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from poblano.cluster.storage.records import Bucket, Event, Record


@dataclass(slots=True)
class Contents:
    """What a journal gives back at a start."""

    revision: int = 0
    compacted: int = 0
    objects: list[tuple[Bucket, Record]] = field(default_factory=list[tuple[Bucket, Record]])
    events: list[Event] = field(default_factory=list[Event])


class Unwritable(Exception):
    """The write was not kept: the disk is full, or the files are gone. Nothing of it is there."""


class Journal(Protocol):
    """Keeps writes in the order in which they are appended; what was appended is there after a SIGKILL."""

    def load(self) -> Contents:
        """Everything that was kept."""
        ...

    def append(self, event: Event) -> None:
        """Keep one write, wholly or not at all; when this returns it is kept.

        Raises:
            Unwritable: it is not.
        """
        ...

    def compact(self, revision: int) -> None:
        """Forget the events up to a revision; the objects stay.

        Raises:
            Unwritable: they are all still there.
        """
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class NoJournal:
    """Nothing outlives the process."""

    def load(self) -> Contents:
        """Nothing."""
        return Contents(revision=1, compacted=1)

    def append(self, event: Event) -> None:
        """Is forgotten."""

    def compact(self, revision: int) -> None:
        """There is nothing to forget."""

    def close(self) -> None:
        """There are no files."""
