"""How the C library deals with the memory of a burst of work: glibc keeps what is freed, unless it is asked."""

from __future__ import annotations

import ctypes
import sys

_ARENA_MAX = -8
"""glibc, malloc.h: M_ARENA_MAX."""


def give_back_memory() -> None:
    """Let the system have what is free. Does nothing where the C library has no such function."""
    _call("malloc_trim", 0)


def share_memory() -> None:
    """Have the threads that begin from now on take memory from where all do, and not each keep what it has freed for itself.

    Does nothing where the C library has no such function.
    """
    _call("mallopt", _ARENA_MAX, 1)


def _call(name: str, *arguments: int) -> None:
    if sys.platform.startswith("linux"):
        function = getattr(ctypes.CDLL(None), name, None)
        if function is not None:
            function(*arguments)
