"""A module that writes to its store as fast as it can, then now and then, then with waiting; and notes what others wrote."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from poblano import Capability, Module, Phase, Store, a

TALLY = os.environ.get("BENCH_TALLY", os.devnull)
WRITES = 9000
"""An API server takes 10 000 operations in a patch, and Pepr sends each write as one."""
KEYS, PROBES, FLUSH = 500, 3, 5.0

keeping = Capability("keeping", namespaces=["bench"], store=Store())
seen: set[str] = set()
working: list[asyncio.Task[None]] = []


@keeping.when(a.ConfigMap).is_created().with_name("nobody").watch
def nothing(cm: a.ConfigMap, phase: Phase) -> None:
    """Pepr has to have an action, too."""


def note(what: str, value: float) -> None:
    """Tell the benchmark."""
    with Path(TALLY).open("a") as tally:
        tally.write(f"{what} {value}\n")


def hear(items: Mapping[str, str]) -> None:
    """Note what came from elsewhere."""
    for key in items:
        if key.startswith("outside-") and key not in seen:
            seen.add(key)
            note(key, time.time())


async def work() -> None:
    """All of it, once."""
    store, writes = keeping.store, 0
    await asyncio.sleep(1)
    begun = time.time()
    while writes < WRITES:
        for _ in range(100):
            store.set_item(f"key-{writes % KEYS}", str(writes))
            writes += 1
        await asyncio.sleep(0)
    note("accepted", writes / (time.time() - begun))
    await asyncio.sleep(3 * FLUSH)
    for number in range(PROBES):
        note(f"probe-{number}", time.time())
        store.set_item(f"probe-{number}", "x")
        await asyncio.sleep(2 * FLUSH + 1.7)  # at another moment of the interval each time
    for number in range(PROBES):
        begun = time.time()
        await store.set_item_and_wait(f"awaited-{number}", "x")
        note(f"awaited-{number}", time.time() - begun)
    note("ready", time.time())


keeping.store.subscribe(hear)
keeping.store.on_ready(lambda: working.append(asyncio.get_running_loop().create_task(work())))

module = Module(keeping)
