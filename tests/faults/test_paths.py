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


async def test_connections_that_wait_in_the_pool_and_are_dead_hold_nobody_up(by_wire, wire, target, note):
    async with Scene.over(by_wire, target) as scene, scene.busy():
        note("path dropped, pooled connections too", await scene.survives(lambda: wire.tell("drop")))


async def test_a_path_through_which_nothing_comes_for_a_while_is_as_good_as_ever_afterwards(
    by_wire, wire, target, note
):
    async with Scene.over(by_wire, target) as scene:
        outcome = await scene.survives(lambda: wire.tell("hold"), lambda: wire.tell("go"))
        note("nothing comes through, then all of it, late", outcome)


async def test_a_server_that_does_not_answer_a_knock_is_found_again(by_wire, wire, target, note):
    def begin():
        wire.tell("drop")
        wire.tell("unanswered")

    async with Scene.over(by_wire, target) as scene:
        outcome = await scene.survives(begin, lambda: wire.tell("go"))
        note("path dropped, and no answer to a SYN for a while", outcome)


async def test_connections_that_are_reset_are_made_anew(by_wire, wire, target, note):
    async with Scene.over(by_wire, target) as scene, scene.busy():
        note("every connection reset", await scene.survives(lambda: wire.tell("reset")))


async def test_connections_that_end_in_the_middle_of_an_answer_are_made_anew(by_wire, wire, target, note):
    async with Scene.over(by_wire, target) as scene, scene.busy():
        note("every connection closed", await scene.survives(lambda: wire.tell("end")))


async def test_a_slow_path_loses_nothing(by_wire, wire, target, note):
    async with Scene.over(by_wire, target) as scene:
        scene.writer.padding = 5000
        outcome = await scene.survives(lambda: wire.tell("trickle 20000"), lambda: wire.tell("trickle 0"))
        note("path of 20 kB/s, and more than that to tell", outcome)
