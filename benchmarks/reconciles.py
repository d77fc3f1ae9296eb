"""Reconciles: Poblano beside kopf and Pepr, on objects that are there before the start, then on a stream of updates.

Each turn starts one of them, with the machine to itself and the API server. What is timed begins when the API server is
asked for the objects first, by its own audit log, and ends with the action's call for the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from benchmarks import audit, certificates, cluster, pepr, reconcilers
from benchmarks.arena import Arena
from benchmarks.load import NAMESPACE
from benchmarks.reconcilers import Reconciler
from benchmarks.turns import SIZES, Reconciled, Turn, Work

WORKS = {Work(SIZES[0]): 3, Work(SIZES[1]): 2, Work(SIZES[0], applies=True): 2, Work(SIZES[1], applies=True): 1}
"""What is done, and in how many rounds at most: the long ones take minutes."""


def measure(
    scratch: Path, cache: Path, *, wanted: Collection[str], rounds: int, say: Callable[[str], None]
) -> Reconciled:
    """Let them take turns.

    Args:
        scratch: for what a run writes.
        cache: for what is installed and built once.
        wanted: the names of those who take part, of `reconcilers.EVERYBODY`.
        rounds: turns of each at most.
        say: told how far it is.

    Raises:
        tests.control_plane.Unavailable: there is no control plane here.
        NotReady: one did not come up, or did not come to the last object.
    """
    turns: dict[tuple[Work, str], list[Turn]] = {}
    with cluster.running(scratch, audit.options(scratch)) as plane:
        plane.namespace(NAMESPACE)
        pepr.prepare(plane)
        those = reconcilers.those(wanted, cache, certificates.make(scratch), say)
        arena = Arena(plane, scratch)
        for number, work, who in order(those, rounds):
            turn = arena.turn(who, work)
            turns.setdefault((work, who.name), []).append(turn)
            what = "applied for" if work.applies else "seen"
            say(
                f"  {who.name:<15} round {number + 1}, {work.objects:>6} {what}: {turn.rate:>6,.0f}/s, {turn.after_mb:.0f} MB"
            )
        many = any(work.objects == SIZES[1] for work, _ in turns)
        known = [arena.informed() for _ in range(rounds if many else 0)]
        return Reconciled(turns, {who.name: arena.connections(who) for who in those}, known)


def order(those: Sequence[Reconciler], rounds: int) -> Iterator[tuple[int, Work, Reconciler]]:
    """Who takes a turn at what: one after the other, another one first in each round."""
    for number in range(rounds):
        begin = number % len(those)
        for work, most in WORKS.items():
            for who in (*those[begin:], *those[:begin]):
                if number < most and (who.applies or not work.applies):
                    yield number, work, who
