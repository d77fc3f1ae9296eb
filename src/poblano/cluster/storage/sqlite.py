"""A journal in an SQLite database.

Write-ahead log without a sync at each commit: what was acknowledged survives the death of the process, and the file stays
consistent when the machine dies, though the last moments before that may be missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from poblano.cluster.storage.journal import Contents, Unwritable
from poblano.cluster.storage.records import Bucket, Event, EventType, Record, read

_SCHEMA: Final = """
create table if not exists facts (name text primary key, value integer not null) without rowid;
create table if not exists objects (
    grp text not null, plural text not null, key text not null, version text not null,
    revision integer not null, created integer not null, value blob not null,
    primary key (grp, plural, key)
) without rowid;
create table if not exists events (
    revision integer primary key, type text not null, grp text not null, plural text not null, key text not null,
    version text not null, created integer not null, value blob not null,
    previous_version text, previous_revision integer, previous_value blob
);
"""
FORMAT: Final = 1
"""Of the tables above; a database of another format is refused, never guessed at."""


class UnreadableJournal(Exception):
    """The directory holds something that this version cannot continue."""


class SqliteJournal:
    """Keeps everything in one file.

    Args:
        path: of the database; its directory exists.

    Raises:
        UnreadableJournal: the file is no database of ours, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with suppress(OSError):  # SQLite meets the same, and says so
            path.touch(mode=0o600)  # Secrets are in it; the log beside it gets the same mode
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._database.close()
            raise UnreadableJournal(f"{path}: {error}") from None
        except UnreadableJournal:
            self._database.close()
            raise

    def _prepare(self) -> None:
        self._database.execute("pragma locking_mode = exclusive")
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        found: int = self._database.execute("pragma user_version").fetchone()[0]
        if found not in (0, FORMAT):
            raise UnreadableJournal(f"{self._path}: has format {found}, this version of poblano reads {FORMAT}")
        self._database.executescript(f"begin immediate; {_SCHEMA} pragma user_version = {FORMAT}; commit;")
        self._database.execute("insert or ignore into facts values ('revision', 1), ('compacted', 1)")

    def load(self) -> Contents:
        """Everything that was kept."""
        facts: dict[str, int] = dict(self._database.execute("select name, value from facts"))
        objects = [_object(row) for row in self._database.execute("select * from objects")]
        events = [_event(row) for row in self._database.execute("select * from events order by revision")]
        return Contents(facts["revision"], facts["compacted"], objects, events)

    def append(self, event: Event) -> None:
        """Keep one write: the object, the event and the counter in one transaction."""
        with self._transaction() as run:
            _keep_object(self._database, event)
            _keep_event(self._database, event)
            run("update facts set value = ? where name = 'revision'", (event.revision,))

    def compact(self, revision: int) -> None:
        """Forget the events up to a revision."""
        with self._transaction() as run:
            run("delete from events where revision <= ?", (revision,))
            run("update facts set value = ? where name = 'compacted'", (revision,))

    @contextmanager
    def _transaction(self) -> Generator[Callable[..., sqlite3.Cursor]]:
        """All that is run within, or nothing: also when it is the commit that fails.

        Raises:
            Unwritable: nothing.
        """
        run = self._database.execute
        try:
            run("begin immediate")
            yield run
            run("commit")
        except sqlite3.Error as error:
            if self._database.in_transaction:
                run("rollback")
            raise Unwritable(str(error)) from None

    def close(self) -> None:
        """Fold the log into the file and let go of it."""
        self._database.close()


def _keep_object(database: sqlite3.Connection, event: Event) -> None:
    group, plural = event.bucket
    kept = event.record
    if event.type == "DELETED":
        database.execute("delete from objects where grp = ? and plural = ? and key = ?", (group, plural, kept.key))
        return
    row = (group, plural, kept.key, kept.version, kept.revision, kept.created, kept.value)
    database.execute("insert or replace into objects values (?, ?, ?, ?, ?, ?, ?)", row)


def _keep_event(database: sqlite3.Connection, event: Event) -> None:
    kept, before = event.record, event.previous
    previous = (before.version, before.revision, before.value) if before else (None, None, None)
    row = (event.revision, event.type, *event.bucket, kept.key, kept.version, kept.created, kept.value, *previous)
    database.execute("insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _object(row: tuple[str, str, str, str, int, int, bytes]) -> tuple[Bucket, Record]:
    group, plural, key, version, revision, created, value = row
    return (group, plural), read(key, version, value, revision=revision, created=created)


_EventRow = tuple[int, EventType, str, str, str, str, int, bytes, str | None, int | None, bytes | None]


def _event(row: _EventRow) -> Event:
    revision, type_, group, plural, key, version, created, value, old_version, old_revision, old_value = row
    previous = None
    if old_value is not None and old_version is not None and old_revision is not None:
        previous = read(key, old_version, old_value, revision=old_revision, created=created)
    now = read(key, version, value, revision=revision, created=created)
    return Event(type_, revision, (group, plural), now, previous)
