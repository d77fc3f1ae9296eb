"""Keeps Python's garbage collector from looking through a cache that it can free nothing of.

A list of ten thousand objects makes it run dozens of times, each over more; and each full collection afterwards goes through
all that is kept, which holds everybody up.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

from poblano.core.memory import give_back_memory


@contextmanager
def uncollected() -> Generator[None]:
    """No collection while much is made that is to be kept. Nothing is to be awaited within."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def settled() -> None:
    """What there is now is to stay: no collection looks at it any more. To be called when all caches have synced."""
    gc.collect()
    gc.freeze()
    give_back_memory()
