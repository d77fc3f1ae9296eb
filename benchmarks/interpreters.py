"""What an import costs a fresh interpreter: milliseconds and resident megabytes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.figures import Spread

_PROBE = """
import time
start = time.perf_counter()
{statement}
milliseconds = (time.perf_counter() - start) * 1e3
pages = int(open("/proc/self/statm").read().split()[1])
import os
print('{{"ms": %f, "mb": %f}}' % (milliseconds, pages * os.sysconf("SC_PAGE_SIZE") / 1e6))
"""


@dataclass(frozen=True, slots=True)
class Import:
    """Time taken by a statement, and the whole process's memory after it."""

    ms: Spread
    mb: Spread


def fresh(statement: str, *, times: int = 7) -> Import:
    """Run a statement in so many new interpreters, after one that warms the file system's cache.

    >>> fresh("import json", times=1).mb.middle > 1
    True
    """
    seen = [_once(statement) for _ in range(times + 1)][1:]
    return Import(Spread.of([one["ms"] for one in seen]), Spread.of([one["mb"] for one in seen]))


def _once(statement: str) -> dict[str, float]:
    command = [sys.executable, "-c", _PROBE.format(statement=statement)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    measured: dict[str, float] = json.loads(printed)
    return measured
