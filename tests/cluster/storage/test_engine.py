"""The engine against a model that forgets nothing, in memory and in SQLite."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from poblano.cluster.storage.engine import Changed, Compacted, Storage
from poblano.cluster.storage.records import Event, Record
from poblano.cluster.storage.sqlite import FORMAT, SqliteJournal, UnreadableJournal

MAPS = ("", "configmaps")
SECRETS = ("", "secrets")
keys = st.sampled_from(["a/x", "a/y", "a-b/x", "b/x"])
buckets = st.sampled_from([MAPS, SECRETS])
texts = st.text(max_size=5)


def document(text: str, **labels: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "x"} | ({"labels": labels} if labels else {})
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"k": text}}


def state(records: list[Record]) -> list[tuple[str, int, str]]:
    return [(one.key, one.revision, one.document()["data"]["k"]) for one in records]


class Life(RuleBasedStateMachine):
    """Random writes; at every moment each past state can be listed, and each event can be had again."""

    durable = False

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.storage = self.opened()
        self.first = self.storage.revision
        self.model: dict[tuple[str, str], dict[str, tuple[int, str]]] = {MAPS: {}, SECRETS: {}}
        self.past: dict[int, dict[tuple[str, str], dict[str, tuple[int, str]]]] = {self.first: {MAPS: {}, SECRETS: {}}}
        self.events: list[tuple[str, int, tuple[str, str], str]] = []
        self.heard: list[Event] = []
        self.storage.listen(None, self.heard.append)

    def opened(self) -> Storage:
        return Storage(SqliteJournal(Path(self.folder.name) / "cluster.db") if self.durable else None)

    def remember(self, kind: str, bucket: tuple[str, str], key: str) -> None:
        revision = self.storage.revision
        self.events.append((kind, revision, bucket, key))
        self.past[revision] = {name: dict(shelf) for name, shelf in self.model.items()}

    @rule(bucket=buckets, key=keys, text=texts)
    def create(self, bucket: tuple[str, str], key: str, text: str) -> None:
        if key in self.model[bucket]:
            with pytest.raises(Changed):
                self.storage.create(bucket, key, "v1", document(text))
            return
        made = self.storage.create(bucket, key, "v1", document(text))
        self.model[bucket][key] = (made.revision, text)
        self.remember("ADDED", bucket, key)

    @rule(bucket=buckets, key=keys, text=texts)
    def update(self, bucket: tuple[str, str], key: str, text: str) -> None:
        read = self.storage.get(bucket, key)
        if read is None:
            assert key not in self.model[bucket]
            return
        made = self.storage.update(bucket, "v1", document(text), read=read)
        self.model[bucket][key] = (made.revision, text)
        self.remember("MODIFIED", bucket, key)
        with pytest.raises(Changed):
            self.storage.update(bucket, "v1", document("late"), read=read)

    @rule(bucket=buckets, key=keys)
    def delete(self, bucket: tuple[str, str], key: str) -> None:
        read = self.storage.get(bucket, key)
        if read is None:
            return
        self.storage.delete(bucket, read=read)
        del self.model[bucket][key]
        self.remember("DELETED", bucket, key)
        with pytest.raises(Changed):
            self.storage.delete(bucket, read=read)

    @rule(back=st.integers(0, 5))
    def compact(self, back: int) -> None:
        self.storage.compact(max(self.first, self.storage.revision - back))

    @rule()
    def restart(self) -> None:
        if not self.durable:
            return
        self.storage.close()
        self.storage = self.opened()
        self.storage.listen(None, self.heard.append)

    @invariant()
    def is_the_model(self) -> None:
        for bucket, shelf in self.model.items():
            found = state(self.storage.records(bucket))
            assert found == [(key, *shelf[key]) for key in sorted(shelf)]
            inside = state(self.storage.records(bucket, "a/"))
            assert inside == [one for one in found if one[0].startswith("a/")]

    @invariant()
    def every_kept_past_can_be_listed(self) -> None:
        for revision, then in self.past.items():
            for bucket, shelf in then.items():
                if revision >= self.storage.compacted:
                    listed = state(self.storage.records(bucket, revision=revision))
                    assert listed == [(key, *shelf[key]) for key in sorted(shelf)]

    @invariant()
    def every_kept_event_can_be_had_again(self) -> None:
        oldest = self.storage.compacted
        for bucket in (MAPS, SECRETS):
            wanted = [one for one in self.events if one[1] > oldest and one[2] == bucket]
            again = [(one.type, one.revision, one.bucket, one.record.key) for one in self.storage.since(bucket, oldest)]
            assert again == wanted
            if oldest > self.first:
                with pytest.raises(Compacted):
                    self.storage.since(bucket, oldest - 1)

    @invariant()
    def listeners_hear_each_event_once(self) -> None:
        assert [(one.type, one.revision, one.bucket, one.record.key) for one in self.heard] == self.events

    def teardown(self) -> None:
        self.storage.close()
        self.folder.cleanup()


class DurableLife(Life):
    durable = True


TestInMemory = Life.TestCase
TestInMemory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestInSqlite = DurableLife.TestCase
TestInSqlite.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_an_object_carries_the_revision_of_its_last_change():
    storage = Storage()
    made = storage.create(MAPS, "a/x", "v1", document("1"))
    assert made.document()["metadata"]["resourceVersion"] == str(made.revision) == str(storage.revision)
    changed = storage.update(MAPS, "v1", document("2"), read=made)
    assert (changed.created, changed.document()["metadata"]["resourceVersion"]) == (
        made.revision,
        str(changed.revision),
    )


def test_a_deletion_has_a_revision_of_its_own_and_shows_the_object_as_it_was():
    storage = Storage()
    made = storage.create(MAPS, "a/x", "v1", document("1", tier="db"))
    gone = storage.delete(MAPS, read=made)
    assert gone.revision == made.revision + 1
    assert gone.document()["metadata"] == {"name": "x", "labels": {"tier": "db"}, "resourceVersion": str(gone.revision)}


def test_what_a_writer_does_to_its_document_later_changes_nothing_that_is_stored():
    storage = Storage()
    written = document("1", tier="db")
    storage.create(MAPS, "a/x", "v1", written)
    written["metadata"]["labels"]["tier"] = "web"
    written["data"]["k"] = "2"
    kept = storage.get(MAPS, "a/x")
    assert kept is not None
    assert (kept.labels, kept.document()["data"]) == ({"tier": "db"}, {"k": "1"})


def test_the_log_is_compacted_by_itself_when_it_grows():
    storage = Storage(events_kept=100)
    for number in range(1000):
        storage.create(MAPS, f"a/{number}", "v1", document("1"))
    assert len(storage.since(MAPS, storage.compacted)) <= 100
    assert storage.count(MAPS) == 1000
    with pytest.raises(Compacted, match=r"too old resource version: 1 \("):
        storage.since(MAPS, 1)


def test_the_log_is_compacted_by_its_bytes_too():
    storage = Storage(bytes_kept=10_000)
    for number in range(100):
        storage.create(MAPS, f"a/{number}", "v1", document("x" * 1000))
        kept = sum(len(one.record.value) for one in storage.since(MAPS, storage.compacted))
        assert kept <= 10_000
        assert kept >= min(1000 * (number + 1), 7_500), "what a watch may still need is gone"


def test_what_is_kept_is_for_its_owner_only_in_whatever_directory(tmp_path: Path):
    tmp_path.chmod(0o755)
    storage = Storage(SqliteJournal(tmp_path / "cluster.db"))
    storage.create(SECRETS, "a/x", "v1", document("1"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    storage.close()
    assert modes == {"cluster.db": 0o600, "cluster.db-wal": 0o600}


def test_keys_are_in_the_order_of_etcd():
    storage = Storage()
    for key in ("a/x", "a-b/x", "a.b/x", "b/x"):
        storage.create(MAPS, key, "v1", document("1"))
    assert [one.key for one in storage.records(MAPS)] == ["a-b/x", "a.b/x", "a/x", "b/x"]


def test_a_listener_that_ended_hears_nothing_more():
    storage = Storage()
    heard: list[Event] = []
    end = storage.listen(MAPS, heard.append)
    storage.create(MAPS, "a/x", "v1", document("1"))
    end()
    end()
    storage.create(MAPS, "a/y", "v1", document("1"))
    assert [one.record.key for one in heard] == ["a/x"]


def test_a_listener_of_one_kind_hears_of_no_other():
    storage = Storage()
    heard: list[Event] = []
    storage.listen(SECRETS, heard.append)
    storage.create(MAPS, "a/x", "v1", document("1"))
    assert heard == []


def test_a_database_is_for_one_process_at_a_time(tmp_path: Path):
    first = SqliteJournal(tmp_path / "cluster.db")
    with pytest.raises(UnreadableJournal, match=r"cluster\.db: database is locked"):
        SqliteJournal(tmp_path / "cluster.db")
    first.close()
    SqliteJournal(tmp_path / "cluster.db").close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "cluster.db").write_text("something else, and long enough to be looked at" * 20)
    with pytest.raises(UnreadableJournal, match="file is not a database"):
        SqliteJournal(tmp_path / "cluster.db")


def test_a_database_of_another_format_is_refused(tmp_path: Path):
    import sqlite3

    other = sqlite3.connect(tmp_path / "cluster.db")
    other.execute("pragma user_version = 99")
    other.close()
    with pytest.raises(UnreadableJournal, match=f"has format 99, this version of poblano reads {FORMAT}"):
        SqliteJournal(tmp_path / "cluster.db")
