"""What happens to a server: it is killed, it forgets, it comes back as somebody else."""

from __future__ import annotations

import pytest

from tests.faults.scene import Scene, by_hand


async def test_a_server_that_is_killed_is_followed_when_it_is_back(direct, target, note):
    async with Scene.over(direct, target) as scene:
        note("API server killed and started", await scene.survives(target.kill, target.start, lasting=0))


async def test_a_server_that_stays_away_is_followed_when_it_is_back(direct, target, note):
    async with Scene.over(direct, target) as scene:
        note("API server killed, away for a while", await scene.survives(target.kill, target.start))


async def test_what_was_compacted_while_nobody_looked_is_found_by_a_list(by_wire, wire, target, note):
    def begin():
        wire.tell("drop")
        wire.tell("unanswered")

    def end():
        target.compact()
        if target.has_store:  # its watch cache would still know
            target.restart()
        wire.tell("go")

    async with Scene.over(by_wire, target) as scene:
        outcome = await scene.survives(begin, end)
        assert outcome.counts["tombstones"] >= len(scene.informers)
        note("compacted while the path was gone", outcome)


@pytest.mark.parametrize("then", ["others write", "nobody writes"])
async def test_a_server_with_an_older_state_than_we_have_seen_is_believed(direct, target, note, then):
    async with Scene.over(direct, target) as scene:
        scene.was_set_back = True
        await by_hand(target.keep)
        written = scene.writer.written
        await scene.until(lambda: scene.writer.written >= written + 60, "there is something to forget", 120)

        def back():
            if then == "nobody writes":
                scene.writer.paused = True
            target.go_back()

        note(
            f"server restored from a backup, {then}", await scene.survives(lambda: None, back, lasting=0, forgets=True)
        )


REAL = pytest.param("real_target", id="real", marks=pytest.mark.control_plane)


@pytest.mark.parametrize("target", [REAL], indirect=True)
@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_server_whose_store_is_away_is_followed_when_it_is_back(direct, target, note, how):
    begin, end = (
        (target.kill_store, target.start_store) if how == "killed" else (target.freeze_store, target.thaw_store)
    )
    async with Scene.over(direct, target) as scene:
        note(f"etcd {how} for a while", await scene.survives(begin, end))
