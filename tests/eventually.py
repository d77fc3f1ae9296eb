"""Waiting for what a server does in its own time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def eventually(probe: Callable[[], T], promise: str, *, seconds: float = 90, pause: float = 0.1) -> T:
    """Ask until the answer is true, and return it. For what a controller or a cache of the API server does.

    Raises AssertionError, with the promise and the last answer, when it has not become true in that many seconds.

    >>> eventually(iter([0, 0, 7]).__next__, "it becomes seven", pause=0)
    7
    """
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        if time.monotonic() >= deadline:
            raise AssertionError(f"not in {seconds} s: {promise}; the last answer was {answer!r}")
        time.sleep(pause)
    return answer
