"""What may be wrong with us: we are slow, we stand still, our clock jumps."""

from __future__ import annotations

import asyncio
import time

from tests.faults.pace import PACE
from tests.faults.scene import Scene


async def test_a_loop_that_somebody_holds_catches_up(direct, target, note):
    async with Scene.over(direct, target) as scene:
        loop = asyncio.get_running_loop()

        def hold():
            loop.call_soon_threadsafe(time.sleep, PACE.outage + 6)

        note("an action holds the event loop", await scene.survives(hold))


async def test_a_server_that_tells_faster_than_we_listen_loses_nothing(direct, target, note):
    async with Scene.over(direct, target) as scene:
        loop = asyncio.get_running_loop()

        def begin():
            scene.writer.padding, scene.writer.pause = 50_000, 0.001
            for _ in range(int(PACE.outage * 2)):
                loop.call_soon_threadsafe(time.sleep, 0.45)
                time.sleep(0.5)

        def end():
            scene.writer.pause = 0.05

        note("objects of 50 kB, faster than we read", await scene.survives(begin, end, lasting=0))


async def test_slow_actions_see_the_last_state_all_the_same(direct, target, note):
    async with Scene.over(direct, target) as scene:
        scene.slowness = 0.7
        scene.writer.pause = 0.005
        outcome = await scene.survives(lambda: None, lambda: None)
        scene.slowness = 0.01
        note("actions that take long, and many changes", outcome)


async def test_a_wall_clock_that_jumps_is_none_of_our_business(direct, target, note, monkeypatch):
    async with Scene.over(direct, target) as scene:
        real, jump = time.time, [0.0]
        monkeypatch.setattr(time, "time", lambda: real() + jump[0])

        def forth():
            jump[0] = 86_400.0

        def back():
            jump[0] = -86_400.0

        outcome = await scene.survives(forth, back)
        assert outcome.counts["errors"] == 0
        assert outcome.counts["recovered"] == 0
        note("wall clock a day on, then two days back", outcome)
