"""Kills the leader of two replicas under a load of changes, tells it to go as often, and says how long nobody worked. For ``make soak``.

python -m tests.watch.killing 10
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import sys
import tempfile
from pathlib import Path

from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running
from tests.watch.clusters import until
from tests.watch.loads import changing, make_space, replace_leaders
from tests.watch.replicas import Replicas


def say(line: str) -> None:
    """Print it."""
    sys.stdout.write(f"{line}\n")


async def main(times: int) -> None:
    """Do so, and fail if an object was worked on twice at once, or a change was missed."""
    with running(Settings()) as cluster, tempfile.TemporaryDirectory() as folder:
        await make_space(cluster.kubeconfig, "shop")
        with Replicas(Path(folder), cluster.kubeconfig, "shop") as replicas:
            replicas.start()
            replicas.start()
            async with changing(cluster.kubeconfig, "shop") as wanted:
                killed = await replace_leaders(replicas, times)
                told = await replace_leaders(replicas, times, signal.SIGTERM)
            await until(lambda: replicas.seen() == wanted, "every object was seen as it is", 120)
            runs, overlaps = replicas.runs(), replicas.overlaps()
        begun = sum(line.what == "begin" for line in runs)
        say(
            f"{times} leaders killed, {times} told to go: {begun} runs, {len(overlaps)} of them twice at once, none missed"
        )
        for what, gaps in (("SIGKILL", killed), ("SIGTERM", told)):
            say(
                f"after {what} nobody worked for {statistics.median(gaps):.2f} s (median; {min(gaps):.2f} to {max(gaps):.2f})"
            )
        if overlaps:
            sys.exit(f"twice at once: {overlaps}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
