"""What a call costs in this process, in microseconds of CPU time: nothing here waits, and others who want the CPU do not count."""

from __future__ import annotations

import gc
import time
import timeit
from collections.abc import Callable

from benchmarks.figures import Spread


def per_call(call: Callable[[], object], *, repeats: int = 9, seconds: float = 0.05) -> Spread:
    """Microseconds of CPU time a call: the median of several repeats, each long enough to be measured, the collector running.

    Args:
        call: what to measure.
        repeats: how many times to measure it.
        seconds: what one repeat takes about.

    >>> 0 < per_call(lambda: None, repeats=3, seconds=0.001).middle < 100
    True
    """
    timer = timeit.Timer(call, setup=gc.enable, timer=time.process_time)
    loops, taken = timer.autorange()
    loops = max(1, round(loops * seconds / taken))
    return Spread.of([one / loops * 1e6 for one in timer.repeat(repeats, loops)])
