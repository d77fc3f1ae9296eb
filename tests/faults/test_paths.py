"""What happens to a path: it goes silent, it is forgotten, it is cut, it is slow."""

from __future__ import annotations

from tests.faults.scene import Scene


async def test_a_dropped_path_is_noticed_though_nobody_says_a_word(by_wire, wire, target, note):
    async with Scene.over(by_wire, target) as scene:
        note("path dropped, connections stay open", await scene.survives(lambda: wire.tell("drop")))


async def test_a_stopped_proxy_that_still_acknowledges_is_noticed(by_wire, wire, target, note):
    async with Scene.over(by_wire, target) as scene:
        note("proxy stopped, its kernel acknowledges", await scene.survives(wire.replace))


async def test_a_connection_that_the_other_side_has_forgotten_is_noticed(by_wire, wire, target, note):
    done = []
    async with Scene.over(by_wire, target) as scene:
        outcome = await scene.survives(lambda: done.append(wire.tell("forget")))
        note(f"half-open: the peer's end is {done[0]}", outcome)
