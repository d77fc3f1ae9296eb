"""Who leads: one candidate at a time holds a Lease, and knows when it must stop. Without I/O, as client-go's leaderelection.

An `Elector` says what to do next (`command`: read, write, sleep); its driver does it and reports what came of it. Whoever
acts asks `leads` before each thing it does: it is answered by the clock, not by the last message.

No clock is compared with another's: a record is judged by how long ago, here, it was seen to change. What must hold: the
clocks run as fast as each other, to about a third. Times are taken before a request is sent, so a slow one only shortens.

>>> elector = Elector("a", clock=lambda: 0.0)
>>> elector.command
Read()
>>> elector.read(None, ""); elector.command.record.holder
'a'
>>> elector.written("1"); elector.leads
True
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTimes:
    """Seconds. client-go: the defaults of every core component.

    Attributes:
        duration: how long the others wait after the record was last seen to change.
        renew: how long a leader goes on without having renewed.
        retry: between the renewals of the one who leads; the others look twice as often, so that what is given back is taken
            soon.
        jitter: by how much of `retry` a pause is drawn longer.

    Raises:
        ValueError: they do not keep two from leading: duration > renew > retry with its jitter.
    """

    duration: float = 15.0
    renew: float = 10.0
    retry: float = 2.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if not (self.duration > self.renew > self.retry * (1 + self.jitter) and self.retry > 0 and self.duration >= 1):
            raise ValueError(
                f"a lease of {self.duration} s must be longer than its renewal ({self.renew} s), "
                f"and that one than its pauses ({self.retry} s and {self.jitter:.0%})"
            )


@dataclass(frozen=True, slots=True)
class Record:
    """What a Lease says. `acquired` and `renewed` are of somebody's wall clock and for people to read."""

    holder: str
    duration: int
    transitions: int
    acquired: str = ""
    renewed: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """Read the Lease."""


@dataclass(frozen=True, slots=True)
class Write:
    """Replace the Lease that is at `version`; create it where that is ""."""

    record: Record
    version: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Over:
    """It is over: `lost` when leadership was lost, and the process is to end; otherwise it was given back."""

    lost: bool


Command: TypeAlias = Read | Write | Pause | Over


@dataclass(slots=True)
class _Seen:
    """The record as it was last seen to change, and when that was by our clock."""

    record: Record | None = None
    version: str = ""
    at: float = 0.0


class Elector:
    """One candidate.

    Args:
        identity: unlike any other's: the pod's name and something drawn.
        clock: seconds that never go back, and go on while the machine sleeps.
        wall: the time of day, as a Lease has it.
        times: how long things take.
        chance: draws from 0 to 1.
    """

    def __init__(
        self,
        identity: str,
        *,
        clock: Callable[[], float],
        wall: Callable[[], str] = str,
        times: LeaseTimes | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.identity = identity
        self._clock = clock
        self._wall = wall
        self._times = times or LeaseTimes()
        self._chance = chance
        self._seen = _Seen()
        self._sure = False
        self._held_until: float | None = None
        self._asked = 0.0
        self._releasing = False
        self._command: Command = Read()

    @property
    def leads(self) -> bool:
        """Whether it may act, now. To be asked from any thread."""
        until = self._held_until
        return until is not None and not self._releasing and self._clock() < until

    @property
    def left(self) -> float | None:
        """For how many seconds it may act yet if nothing more is heard; None when it does not lead."""
        until = self._held_until
        return None if until is None else max(0.0, until - self._clock())

    @property
    def releasing(self) -> bool:
        """Whether it was told to give it back."""
        return self._releasing

    @property
    def holder(self) -> str:
        """Who leads, as far as is known; "" when nobody does."""
        return self._seen.record.holder if self._seen.record else ""

    @property
    def command(self) -> Command:
        """What to do now, until it is reported on."""
        if self._held_until is not None and self._clock() >= self._held_until:
            self._held_until = None
            self._command = Over(lost=not self._releasing)
        return self._command

    def begin(self) -> None:
        """The request is about to be sent."""
        self._asked = self._clock()

    def read(self, record: Record | None, version: str) -> None:
        """The Lease was read; None when there is none."""
        if isinstance(self.command, Over):
            return
        if record is None:  # what was seen of it counts until it would have run out: its holder may not know yet
            self._seen.version = ""
        elif self._seen.record is None or version != self._seen.version:
            self._seen = _Seen(record, version, self._clock())
        self._sure = True
        if self._held_until is None:
            self._command = self._write() if self._is_free else self._pause()
        elif self._is_mine(record):
            self._command = self._write()
        else:  # somebody else took it, or it was deleted under us
            self._held_until = None
            self._command = Over(lost=not self._releasing)

    def written(self, version: str) -> None:
        """The Lease is as was asked."""
        done, until = self.command, self._asked + self._times.renew
        if not isinstance(done, Write):
            return
        self._seen, self._sure = _Seen(done.record, version, self._asked), True
        if self._releasing:
            self._held_until = None
            self._command = Over(lost=False)
        elif self._held_until is not None or self._clock() < until:
            self._held_until = until
            self._command = self._pause()
        else:  # the answer took too long to lead by it
            self._command = self._pause()

    def failed(self) -> None:
        """A read or write was refused, for a conflict or otherwise, or not answered: what is there is not known."""
        if isinstance(self.command, Over):
            return
        self._sure = False
        self._command = self._pause()

    def slept(self) -> None:
        """The pause is over."""
        if isinstance(self.command, Pause):
            self._command = self._write() if self._knows_its_own else Read()

    def release(self) -> None:
        """Give it back, once all work has stopped: the next one need not wait. Not to be said while a request is out."""
        leading, self._releasing = self.leads, True
        self._command = (self._write() if self._knows_its_own else Read()) if leading else Over(lost=False)

    @property
    def _knows_its_own(self) -> bool:
        """Whether it leads and the record is as it wrote it: then it need not be read first."""
        return self._held_until is not None and self._sure and self._is_mine(self._seen.record)

    def _is_mine(self, record: Record | None) -> bool:
        return record is not None and record.holder == self.identity

    @property
    def _is_free(self) -> bool:
        record = self._seen.record
        if record is None or record.holder in {"", self.identity}:
            return True
        return self._clock() >= self._free_at

    @property
    def _free_at(self) -> float:
        """When what was seen runs out."""
        duration = self._seen.record.duration if self._seen.record else 0
        return self._seen.at + max(float(duration), self._times.duration)

    def _pause(self) -> Pause:
        jittered = self._times.retry * (1 + self._times.jitter * self._chance())
        if self._held_until is not None or not self._sure:
            return Pause(jittered)
        return Pause(min(jittered / 2, max(self._free_at - self._clock(), 0.0)))

    def _write(self) -> Write:
        now, before = self._wall(), self._seen.record
        transitions = before.transitions if before else 0
        if self._releasing:
            return Write(Record("", 1, transitions, now, now), self._seen.version)
        mine = before is not None and self._is_mine(before) and self._held_until is not None
        acquired = before.acquired if mine and before else now
        transitions += 0 if mine or before is None else 1
        return Write(Record(self.identity, round(self._times.duration), transitions, acquired, now), self._seen.version)
