from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from poblano import wait
from poblano.waiting import home

said = contextvars.ContextVar("said", default="nothing")


async def twice(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def test_a_thread_waits_while_the_loop_goes_on():
    loop, seen = asyncio.get_running_loop(), []

    async def here() -> str:
        seen.append(asyncio.get_running_loop())
        return said.get()

    def action() -> str:
        said.set("in the thread")
        return wait(here())

    context = contextvars.copy_context()
    context.run(home.set, loop)

    assert await loop.run_in_executor(None, context.run, action) == "in the thread"
    assert seen == [loop]


async def test_on_the_loop_it_says_what_to_write_instead():
    with pytest.raises(RuntimeError, match="async def"):
        wait(twice(1))


def test_without_a_loop_it_makes_one():
    assert wait(twice(21)) == 42


def test_what_is_raised_arrives():
    async def fails() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        wait(fails())


def test_a_thread_of_its_own_has_a_loop_of_its_own():
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(wait(twice(2))))
    thread.start()
    thread.join()

    assert answers == [4]


async def test_an_end_of_the_loop_is_told_to_the_thread():
    """A thread that waited for ever would outlive the process that wants to end."""
    begun, raised = threading.Event(), []

    async def never() -> None:
        begun.set()
        await asyncio.Event().wait()

    def action() -> None:
        try:
            wait(never())
        except BaseException as error:  # noqa: BLE001 -- CancelledError is one
            raised.append(type(error).__name__)

    def run_a_loop() -> threading.Thread:
        async def main() -> threading.Thread:
            context = contextvars.copy_context()
            context.run(home.set, asyncio.get_running_loop())
            thread = threading.Thread(target=context.run, args=(action,))
            thread.start()
            await asyncio.to_thread(begun.wait)
            return thread

        return asyncio.run(main())

    thread = await asyncio.to_thread(run_a_loop)
    await asyncio.to_thread(thread.join)

    assert raised == ["CancelledError"]
