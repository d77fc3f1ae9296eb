"""A program: an informer that keeps the metadata of widgets alone; prints how long it took to know them, and what each weighs.

::

    python -m benchmarks.informed KUBECONFIG widget2s 10000
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.load import GROUP, NAMESPACE, VERSION

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Informed:
    """What the informer came to.

    Args:
        seconds: from its first request until all was known.
        kilobytes: of resident memory that each object took.
    """

    seconds: float
    kilobytes: float


def informed(kubeconfig: Path, plural: str, objects: int) -> Informed:
    """Run it in a process of its own.

    Raises:
        RuntimeError: it failed.
    """
    command: list[str | Path] = [sys.executable, "-m", "benchmarks.informed", kubeconfig, plural, str(objects)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"the informer failed: {done.stderr[-1000:]}")
    return Informed(**json.loads(done.stdout))


async def _inform(kubeconfig: str, plural: str, objects: int) -> Informed:
    from poblano.client import connect
    from poblano.core.kinds import Kind
    from poblano.core.projection import METADATA
    from poblano.watch.informer import Informer

    kind = Kind(GROUP, VERSION, plural.removesuffix("s").capitalize(), plural)
    async with connect(kubeconfig) as client:
        await client.request("GET", "/version")  # the connection is there, and what it takes is loaded
        informer = Informer(client, kind, NAMESPACE, projection=METADATA)
        before, began = _resident(), time.perf_counter()
        running = asyncio.create_task(informer.run())
        await informer.synced()
        seconds, grown = time.perf_counter() - began, _resident() - before
        if len(informer.cache) != objects:
            raise RuntimeError(f"there are {objects}, and {len(informer.cache)} are known")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return Informed(seconds, grown / objects / 1000)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Do what the command line says."""
    import uvloop

    kubeconfig, plural, objects = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(_inform(kubeconfig, plural, int(objects))))))


if __name__ == "__main__":
    main()
