"""What was acknowledged outlives the process, and what could not be kept was never acknowledged."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from poblano.cluster.embedded import Cluster
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.journal import Unwritable
from poblano.cluster.storage.sqlite import SqliteJournal
from tests.cluster.killing import alive, command, kill_under_writes
from tests.cluster.rest.asking import CONFIG_MAPS, MERGE, Asking


def test_whatever_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    assert kill_under_writes(tmp_path, 5, seed=1) > 250


def test_a_second_process_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    with alive(tmp_path) as cluster, closing(cluster.speaker()) as speaker:
        other = tmp_path / "other"
        done = subprocess.run(command(tmp_path, other), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert "--data-dir" in done.stderr
        assert "Traceback" not in done.stderr
        assert not other.exists()
        assert speaker("GET", CONFIG_MAPS).status == 200


@contextmanager
def full(journal: SqliteJournal) -> Generator[None]:
    """As on a full disk: no page may be added to the file."""
    database: sqlite3.Connection = journal._database
    pages = database.execute("pragma page_count").fetchone()[0]
    database.execute("pragma max_page_count = 1")  # SQLite takes the present size where that is more
    assert database.execute("pragma max_page_count").fetchone()[0] == pages
    try:
        yield
    finally:
        database.execute("pragma max_page_count = 1073741823")


@contextmanager
def read_only(journal: SqliteJournal) -> Generator[None]:
    """As on a file system that was remounted read-only after an error."""
    journal._database.execute("pragma query_only = 1")
    try:
        yield
    finally:
        journal._database.execute("pragma query_only = 0")


def state(storage: Storage) -> dict[Any, Any]:
    """All that a storage knows."""
    buckets = {bucket: storage.records(bucket) for bucket in storage.buckets() if storage.count(bucket)}
    return {"revision": storage.revision, "compacted": storage.compacted, "objects": buckets}


LARGE = {"text": "x" * 200_000}


@pytest.mark.parametrize("trouble", [full, read_only])
async def test_a_write_that_cannot_be_kept_is_refused_and_leaves_nothing(tmp_path: Path, trouble: Any) -> None:
    journal = SqliteJournal(tmp_path / "cluster.db")
    async with Cluster(journal=journal) as cluster:
        ask = Asking(cluster)
        await ask.create(CONFIG_MAPS, "kept", data={"a": "1"})
        before = state(cluster.storage)
        async with ask.watching(CONFIG_MAPS, query={"resourceVersion": before["revision"]}) as watch:
            with trouble(journal):
                for answer in (
                    await ask("POST", CONFIG_MAPS, {"metadata": {"name": "new"}, "data": LARGE}),
                    await ask("PUT", f"{CONFIG_MAPS}/kept", {"metadata": {"name": "kept"}, "data": LARGE}),
                    await ask("PATCH", f"{CONFIG_MAPS}/kept", {"data": LARGE}, content_type=MERGE),
                ):
                    assert (answer.status, answer.document["reason"]) == (500, "InternalError")
                    assert "the write was not kept" in answer.document["message"]
                assert (await ask("GET", f"{CONFIG_MAPS}/kept")).document["data"] == {"a": "1"}
                assert state(cluster.storage) == before
            made = await ask.create(CONFIG_MAPS, "after")
            assert int(made["metadata"]["resourceVersion"]) == before["revision"] + 1
            assert await watch.some(1) == [("ADDED", "after")]
        after = state(cluster.storage)
    again = Storage(SqliteJournal(tmp_path / "cluster.db"))
    assert state(again) == after
    again.close()


def test_a_compaction_that_cannot_be_kept_forgets_nothing(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "cluster.db")
    storage = Storage(journal, events_kept=10)
    document = {"metadata": {"name": "x"}}
    with pytest.raises(Unwritable), read_only(journal):
        storage.compact(storage.revision)
    for number in range(10):
        storage.create(("", "configmaps"), f"default/{number}", "v1", document)
    journal.compact = lambda revision: (_ for _ in ()).throw(Unwritable("full"))  # type: ignore[method-assign]
    storage.create(("", "configmaps"), "default/last", "v1", document)
    assert storage.compacted == 1
    assert len(storage.since(("", "configmaps"), 1)) == 11
    del journal.compact  # type: ignore[method-assign]
    storage.create(("", "configmaps"), "default/more", "v1", document)
    assert storage.compacted > 1
    storage.close()
