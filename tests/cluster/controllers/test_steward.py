from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poblano.cluster.controllers.steward import Steward
from poblano.cluster.status import StatusError
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.records import Bucket, Event

THINGS: Bucket = ("", "things")


class Watching:
    """Remembers the newest revision of each key that it has seen; fails as often as it is told to."""

    buckets: tuple[Bucket | None, ...] = (THINGS,)

    def __init__(self, storage: Storage, *, failures: int = 0, turns: int = 0) -> None:
        self._storage, self._failures, self._turns = storage, failures, turns
        self.seen: dict[str, int] = {}
        self.runs: Counter[str] = Counter()
        self.running: set[str] = set()
        self.overlaps = 0

    def keys(self, event: Event) -> Iterable[str]:
        return (event.record.key,)

    def first_keys(self) -> Iterable[str]:
        return [record.key for record in self._storage.records(THINGS)]

    async def reconcile(self, key: str) -> float | None:
        self.overlaps += key in self.running
        self.running.add(key)
        try:
            record = self._storage.get(THINGS, key)
            for _ in range(self._turns):
                await asyncio.sleep(0)
            self.runs[key] += 1
            if self._failures:
                self._failures -= 1
                raise StatusError(409, "Conflict", "not this time")
            self.seen[key] = record.revision if record else -1
        finally:
            self.running.discard(key)
        return None


def write(storage: Storage, key: str) -> None:
    document = {"metadata": {"name": key}}
    record = storage.get(THINGS, key)
    if record is None:
        storage.create(THINGS, key, "v1", document)
    else:
        storage.update(THINGS, "v1", document, read=record)


async def until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(90):
        while not holds():
            await asyncio.sleep(0.001)


STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=40)


@settings(max_examples=60)
@given(before=STEPS, steps=STEPS, failures=st.integers(0, 2), turns=st.integers(0, 4))
def test_every_key_is_seen_as_it_is_in_the_end_and_by_one_run_at_a_time(
    before: list[tuple[str, int]], steps: list[tuple[str, int]], failures: int, turns: int
) -> None:
    async def play() -> None:
        storage = Storage()
        for key, _ in before:
            write(storage, key)
        controller = Watching(storage, failures=failures, turns=turns)
        steward = Steward(storage, [controller])
        steward.start()
        try:
            for key, pauses in steps:
                write(storage, key)
                for _ in range(pauses):
                    await asyncio.sleep(0)
            newest = {record.key: record.revision for record in storage.records(THINGS)}
            await until(lambda: controller.seen == newest)
            assert not controller.overlaps
        finally:
            await steward.stop()

    asyncio.run(play())


async def test_a_burst_of_changes_of_a_key_is_one_run() -> None:
    storage = Storage()
    controller = Watching(storage)
    steward = Steward(storage, [controller])
    steward.start()
    for _ in range(1000):
        write(storage, "a")
    await until(lambda: controller.seen.get("a") == storage.revision)
    assert controller.runs["a"] == 1
    await steward.stop()


async def test_after_its_end_nothing_runs_and_nothing_listens() -> None:
    storage = Storage()
    controller = Watching(storage, failures=1)
    steward = Steward(storage, [controller])
    steward.start()
    write(storage, "a")
    await until(lambda: controller.runs["a"])
    await steward.stop()
    write(storage, "a")
    await asyncio.sleep(0.2)
    assert controller.runs["a"] == 1


async def test_many_keys_leave_others_their_turn() -> None:
    storage = Storage()
    for number in range(500):
        write(storage, f"k{number}")
    controller = Watching(storage)
    steward = Steward(storage, [controller])
    steward.start()
    turns = 0
    while len(controller.runs) < 500:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 500
    await steward.stop()


async def test_a_controller_that_cannot_read_an_event_does_not_fail_the_write(caplog: pytest.LogCaptureFixture) -> None:
    class Confused(Watching):
        def keys(self, event: Event) -> Iterable[str]:
            raise KeyError(event.record.key)

    storage = Storage()
    steward = Steward(storage, [Confused(storage)])
    steward.start()
    write(storage, "a")
    assert storage.get(THINGS, "a") is not None
    assert "Confused" in caplog.text
    await steward.stop()
