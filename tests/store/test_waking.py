"""A store's writer sleeps until there is something to send, and lets writes gather until the interval ends."""

from __future__ import annotations

import asyncio
import threading

from poblano.store.waking import Waking


async def test_a_write_wakes_the_writer_from_any_thread():
    waking = Waking(5)
    waking.written()
    await waking.woken(None)
    thread = threading.Thread(target=waking.written)
    thread.start()
    await waking.woken(None)
    thread.join()


async def test_nobody_wakes_a_writer_of_a_loop_that_has_ended():
    made = []

    def run():
        asyncio.run(make())

    async def make():
        made.append(Waking(5))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    made[0].written()


async def test_the_writer_wakes_by_itself_when_something_expires():
    await Waking(5).woken(0.01)


async def test_writes_that_gather_do_not_wake_and_what_cannot_wait_does():
    waking, looks = Waking(3600), []
    in_a_hurry = asyncio.Event()

    def hurries():
        looks.append(1)
        return in_a_hurry.is_set()

    gathering = asyncio.create_task(waking.gathered(hurries))
    await asyncio.sleep(0)
    for _ in range(3):
        waking.written()
        await asyncio.sleep(0)
    assert len(looks) == 1
    waking.soon()
    await asyncio.sleep(0)
    assert not gathering.done(), "it had a look, and sleeps on"
    in_a_hurry.set()
    waking.soon()
    await gathering
    waking.written()
    await waking.woken(None)


async def test_without_an_interval_nothing_gathers():
    await Waking(0).gathered(lambda: False)
