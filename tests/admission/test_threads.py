"""Threads that keep no process from ending, and queue nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import weakref
from collections.abc import Iterator

import pytest

from poblano.admission.threads import Threads
from tests.admission.reviewing import action_threads
from tests.admission.serving import until
from tests.eventually import eventually

BOTH_LOOPS = True


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(2)
    yield made
    made.close()
    eventually(lambda: not action_threads(), "they are gone", pause=0.01)


async def test_one_thread_serves_what_comes_one_after_the_other(threads: Threads):
    for number in range(20):
        future = await threads.begin(lambda number=number: number)
        assert await future == number
    assert len(action_threads()) == 1


async def test_a_place_is_free_again_only_when_the_work_is_done(threads: Threads):
    go = threading.Event()
    for _ in range(2):
        (await threads.begin(lambda: go.wait(20))).cancel()
    third = asyncio.ensure_future(threads.begin(lambda: 3))
    await asyncio.sleep(0.02)
    assert not third.done()
    go.set()
    assert await (await third) == 3


async def test_a_thread_that_the_system_refuses_takes_no_place(threads: Threads, monkeypatch: pytest.MonkeyPatch):
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await asyncio.wait_for(threads.begin(lambda: 0), 90)
    assert await (await asyncio.wait_for(threads.begin(lambda: 1), 90)) == 1


async def test_who_gives_up_waiting_for_a_place_takes_none(threads: Threads):
    go = threading.Event()
    busy = [await threads.begin(lambda: go.wait(20)) for _ in range(2)]
    waiting = [asyncio.ensure_future(threads.begin(lambda: 3)) for _ in range(5)]
    await asyncio.sleep(0)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    go.set()
    await asyncio.gather(*busy)
    assert [await (await threads.begin(lambda: 4)) for _ in range(3)] == [4, 4, 4]


async def test_an_idle_thread_holds_nothing(threads: Threads):
    class Large:
        pass

    def work() -> object:
        made = Large()
        alive.append(weakref.ref(made))
        return made

    alive: list[weakref.ref[Large]] = []
    await (await threads.begin(work))
    await until(lambda: alive[0]() is None)


async def test_work_after_the_end_gets_a_thread_of_its_own(threads: Threads):
    assert await (await threads.begin(lambda: 1)) == 1
    threads.close()
    await until(lambda: not action_threads())
    assert await (await threads.begin(lambda: 2)) == 2


def test_what_ends_after_its_loop_disturbs_nobody(threads: Threads):
    go = threading.Event()

    async def leave() -> None:
        await threads.begin(lambda: go.wait(20))

    asyncio.run(leave())
    go.set()
    threads.close()
    eventually(lambda: not action_threads(), "they are gone", pause=0.01)


def test_a_process_ends_although_an_action_never_returns():
    program = """
        import asyncio, threading
        from poblano.admission.threads import Threads

        async def main():
            begun = threading.Event()
            await Threads(1).begin(lambda: (begun.set(), threading.Event().wait()))
            await asyncio.to_thread(begun.wait)
            print("ends")

        asyncio.run(main())
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=60, check=True
    )
    assert (ended.stdout, ended.stderr) == (b"ends\n", b"")
