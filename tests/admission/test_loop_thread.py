"""A thread with a loop of its own."""

from __future__ import annotations

import asyncio
import threading

import pytest

from poblano.admission.loop_thread import LoopThread

BOTH_LOOPS = True


async def test_it_runs_beside_and_both_sides_can_call_each_other() -> None:
    thread, told = LoopThread("beside"), asyncio.Event()
    enough = asyncio.Event()
    seen: list[str] = []

    async def main() -> None:
        seen.append(threading.current_thread().name)
        thread.tell(told.set)
        await enough.wait()

    assert not thread.started
    thread.call(enough.set)  # nothing is there to be called
    thread.start(main)
    await asyncio.wait_for(told.wait(), 60)
    thread.call(enough.set)
    await asyncio.wait_for(thread.ended(), 60)
    assert seen == ["beside"]
    thread.call(enough.set)  # it has ended


def test_a_loop_that_is_closed_is_told_nothing() -> None:
    thread, go, done = LoopThread("beside"), threading.Event(), threading.Event()

    async def main() -> None:
        await asyncio.to_thread(go.wait, 60)
        thread.tell(lambda: None)
        done.set()

    async def start() -> None:
        thread.start(main)

    asyncio.run(start())
    go.set()
    assert done.wait(60)


async def test_one_that_gets_no_thread_says_so_and_nobody_waits_for_its_end(monkeypatch) -> None:
    def refused(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    thread = LoopThread("beside")
    monkeypatch.setattr(threading.Thread, "start", refused)

    async def main() -> None:
        raise AssertionError("it was not started")

    with pytest.raises(RuntimeError, match="can't start new thread"):
        thread.start(main)
    assert not thread.started
