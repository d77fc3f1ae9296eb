"""All connections of one server: who holds what, who has overstayed, and who has to go when it is full."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from poblano.admission.familiar import Heads
from poblano.admission.limits import Limits
from poblano.admission.outbox import Outbox
from poblano.admission.replies import plain_prefix

SLOWEST_SWEEP = 1.0  # seconds; the Date header is as old as this
FASTEST_SWEEP = 0.02


_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")


def http_date(seconds: float) -> bytes:
    """A time as the ``Date`` header has it, in any locale. RFC 9110 5.6.7.

    >>> http_date(784111777.9)
    b'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(seconds)
    named = _DAYS[weekday], day, _MONTHS[month - 1], year
    return b"%b, %02d %b %04d %02d:%02d:%02d GMT" % (*named, hour, minute, second)


class Connection(Protocol):
    """What the registry asks of a connection."""

    deadline: float
    """Monotonic time by which the client must have done what it is in the middle of."""
    answered: int
    """How many requests it got an answer to."""
    arrived: float
    """Monotonic time of the first byte of its current or last request."""
    held: int
    """Bytes of requests not answered yet."""

    @property
    def idle(self) -> bool:
        """No request is begun or waiting."""
        ...

    @property
    def receiving(self) -> bool:
        """A request is begun and not complete."""
        ...

    def overdue(self) -> None:
        """Its deadline has passed."""
        ...

    def evict(self) -> None:
        """Its place is needed."""
        ...

    def overrun(self) -> None:
        """Its half-received body is in the way."""
        ...

    def finish(self) -> None:
        """Close, after the answers that are on their way."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...


class Connections:
    """The connections of one server, their budget, and one timer for the deadlines of all.

    A timer per request costs more than answering it, so a single one sweeps over all connections; it lives as
    long as there is a connection.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.heads = Heads()
        self.outbox = Outbox()
        self.draining = False
        """Every answer says ``Connection: close``."""
        self.buffered = 0
        self.evicted = 0
        """How many idle connections had to go for a new one."""
        self.date = b""
        self.prefix = b""
        self._all: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Event | None = None
        shortest = min(limits.head_seconds, limits.body_seconds, limits.idle_seconds, limits.linger_seconds)
        self._interval = min(max(shortest / 4, FASTEST_SWEEP), SLOWEST_SWEEP)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> None:
        """Take one in; where there is no room, an idle one goes, and where none is idle, this one."""
        if self._timer is None:
            self._sweep()
        self._all.add(connection)
        if len(self._all) > self.limits.connections and not self.make_room(but=connection):
            self.evicted += 1
            connection.evict()

    def make_room(self, but: Connection | None = None) -> bool:
        """Evict an idle connection; False where there is none."""
        # An API server's connections have been answered before, a flood's have not: strangers go first.
        idle = (c for c in self._all if c.idle and c is not but)
        least_useful = min(idle, key=lambda c: (c.answered > 0, c.arrived), default=None)
        if least_useful is None:
            return False
        self.evicted += 1
        least_useful.evict()
        return True

    def remove(self, connection: Connection) -> None:
        """Forget one, and what it held."""
        self._all.discard(connection)
        self.release(connection)
        if not self._all:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._emptied is not None:
                self._emptied.set()

    def hold(self, connection: Connection, size: int) -> None:
        """Count bytes that wait for an answer. Over the budget, the body that has been on its way for longest is cut."""
        connection.held += size
        self.buffered += size
        while self.buffered > self.limits.buffered_bytes:
            slowest = min((c for c in self._all if c.receiving), key=lambda c: c.arrived, default=None)
            if slowest is None:
                return
            slowest.overrun()
            self.release(slowest)

    def release(self, connection: Connection) -> None:
        """The bytes of a connection were answered."""
        self.buffered -= connection.held
        connection.held = 0

    async def drained(self, seconds: float) -> bool:
        """Close every connection after its last answer; cut what is left after `seconds`. True if nothing was cut."""
        self.draining = True
        for connection in list(self._all):
            connection.finish()
        if await self._empty_within(seconds):
            return True
        self.cut()
        await self._empty_within(1.0)
        return False

    def cut(self) -> None:
        """Close every connection at once."""
        for connection in list(self._all):
            connection.abort()

    async def _empty_within(self, seconds: float) -> bool:
        if not self._all:
            return True
        self._emptied = asyncio.Event()
        try:
            await asyncio.wait_for(self._emptied.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _sweep(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(
            self._interval, self._sweep
        )  # first: it goes on whatever fails
        self.date = http_date(time.time())
        self.prefix = plain_prefix(self.date)
        now = time.monotonic()
        for connection in [c for c in self._all if c.deadline < now]:
            connection.overdue()
