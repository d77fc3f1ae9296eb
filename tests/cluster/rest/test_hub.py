"""What waits for a watch, and for how long."""

from __future__ import annotations

from typing import Any

from poblano.cluster.rest.hub import Change, Watcher
from poblano.cluster.storage.engine import BYTES_KEPT
from poblano.cluster.storage.records import Record

_MEGABYTE = 1024 * 1024


def change(revision: int, *, size: int = 2) -> Change:
    return Change("MODIFIED", Record("a/x", revision, 1, "v1", bytes(size), {}))


def revisions(changes: list[Change]) -> list[int]:
    return [one.record.revision for one in changes]


async def test_changes_wait_in_order_until_they_are_taken() -> None:
    watcher = Watcher()
    for revision in (2, 3):
        watcher.add(change(revision))
    assert revisions(await watcher.wait(60)) == [2, 3]
    watcher.add(change(4))
    assert revisions(await watcher.wait(60)) == [4]


async def test_what_came_before_the_end_is_still_given() -> None:
    watcher = Watcher()
    watcher.add(change(2))
    watcher.end()
    watcher.add(change(3))
    assert revisions(await watcher.wait(60)) == [2]
    assert revisions(await watcher.wait(60)) == []


async def test_a_client_that_reads_no_more_holds_no_memory() -> None:
    watcher = Watcher()
    for revision in range(2, 30_000):
        watcher.add(change(revision))
    assert watcher.is_ended
    assert watcher.pending == []


async def test_of_large_objects_fewer_wait() -> None:
    watcher, most = Watcher(), 0
    for revision in range(2, 2 + 2 * BYTES_KEPT // _MEGABYTE):
        watcher.add(change(revision, size=_MEGABYTE))
        most = max(most, len(watcher.pending))
    assert most == BYTES_KEPT // _MEGABYTE
    assert watcher.is_ended
    assert watcher.pending == []


async def test_a_client_that_keeps_up_is_never_ended() -> None:
    watcher = Watcher()
    for revision in range(2, 2 + 2 * BYTES_KEPT // _MEGABYTE):
        watcher.add(change(revision, size=_MEGABYTE))
        taken: list[Any] = await watcher.wait(60)
        assert revisions(taken) == [revision]
    assert not watcher.is_ended
