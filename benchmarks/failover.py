"""How long nobody works when the one of two replicas that leads is killed, or told to go; under a load of changes.

The replicas are those of `tests/watch`, whose actions bracket themselves in a file, with the times of a Lease as they are by
default; the gap is from the signal to the next run of an action in another process.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Bound, Spread

TIMES = 10
"""How often each."""
SPACE = "shop"


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds in which nobody worked, after each signal; the runs meanwhile, and those that went on twice at once."""

    killed: Spread
    told: Spread
    runs: int
    overlaps: int


def measure(scratch: Path, say: Callable[[str], None]) -> Gaps:
    """Replace the leader so often, on an embedded cluster.

    Raises:
        AssertionError: nobody led for two minutes, or a change was missed.
    """
    from poblano.cluster.serving.served import Settings
    from tests.cluster.serving_cluster import running

    with running(Settings()) as cluster:
        return asyncio.run(_measure(scratch, cluster.kubeconfig, say))


async def _measure(scratch: Path, kubeconfig: Path, say: Callable[[str], None]) -> Gaps:
    from tests.watch.clusters import until
    from tests.watch.loads import changing, make_space, replace_leaders
    from tests.watch.replicas import Replicas

    await make_space(kubeconfig, SPACE)
    with Replicas(scratch, kubeconfig, SPACE) as replicas:
        replicas.start()
        replicas.start()
        async with changing(kubeconfig, SPACE) as wanted:
            killed = await replace_leaders(replicas, TIMES)
            say(f"  {TIMES} leaders killed: {Spread.of(killed).middle:.2f} s without one")
            told = await replace_leaders(replicas, TIMES, signal.SIGTERM)
            say(f"  {TIMES} leaders told to go: {Spread.of(told).middle:.2f} s without one")
        await until(lambda: replicas.seen() == wanted, "every object was seen as it is", 120)
        runs = sum(line.what == "begin" for line in replicas.runs())
        return Gaps(Spread.of(killed), Spread.of(told), runs, len(replicas.overlaps()))


def bounds(gaps: Gaps) -> Iterator[Bound]:
    """A Lease lasts 15 s and is looked at every second or so: that is what a kill costs; a hand-over takes none of it."""
    yield Bound("nobody works after the leader is killed", gaps.killed.middle, 20, "at most", "s")
    yield Bound("nobody works after the leader is told to go", gaps.told.middle, 2, "at most", "s")
    yield Bound("objects worked on twice at once meanwhile", gaps.overlaps, 0, "at most", "")
