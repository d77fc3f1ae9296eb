"""Giving back what a burst of work has taken: glibc keeps freed memory for the process unless it is asked."""

from __future__ import annotations

import ctypes
import sys


def give_back_memory() -> None:
    """Let the system have what is free. Does nothing where the C library has no such function."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
