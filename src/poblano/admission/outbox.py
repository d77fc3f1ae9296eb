"""Answers on their way out.

What is written to a socket wakes whoever waits at its other end, and on a machine of which several are made that is the dearest
part of an answer. So the answers that are made in one turn of the event loop leave together: the first one wakes the API server,
the others find it awake. None waits for long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

logger = logging.getLogger("poblano.admission")

TOGETHER: Final = 16
"""How many answers leave together at most."""

LONGEST_WAIT: Final = 0.002
"""Seconds after which no further request is begun before the answers that wait have left."""


class Outbox:
    """The answers of one server that have not been written yet.

    >>> async def two_answers(sent: list[bytes]) -> None:
    ...     outbox = Outbox()
    ...     outbox.put(sent.append, b"one", 0.0)
    ...     outbox.put(sent.append, b"two", 0.0)
    ...     await asyncio.sleep(0)
    >>> sent: list[bytes] = []
    >>> asyncio.run(two_answers(sent))
    >>> sent
    [b'one', b'two']
    """

    __slots__ = ("_since", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[bytes], object], bytes]] = []
        self._since = 0.0

    def put(self, write: Callable[[bytes], object], answer: bytes, arrived: float) -> None:
        """Write `answer` when this turn of the loop is over, or its time has come.

        Args:
            write: takes it.
            answer: whole, as it goes over the wire.
            arrived: the monotonic time at which its request came.
        """
        if not self._waiting:
            self._since = arrived
            asyncio.get_running_loop().call_soon(self.send)
        self._waiting.append((write, answer))
        if len(self._waiting) >= TOGETHER:
            self.send()

    def hurry(self, now: float) -> None:
        """Another request is about to be begun: what has waited for long enough leaves first."""
        if self._waiting and now - self._since > LONGEST_WAIT:
            self.send()

    def send(self) -> None:
        """Write what waits, in the order in which it came."""
        waiting, self._waiting = self._waiting, []
        for write, answer in waiting:
            try:
                write(answer)
            except Exception:  # the others' answers are not to be lost with it
                logger.exception("an answer could not be written")
