"""The same review at every server, in turns: throughput, latency, CPU time and memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks import https, wrk
from benchmarks.figures import Spread
from benchmarks.processes import Running
from benchmarks.quiet import Quiet

T = TypeVar("T")
CONNECTIONS = (1, 16, 64)


@dataclass(slots=True)
class Contender:
    """A server that takes part.

    Args:
        name: what reports call it.
        server: its process.
        url: where it answers the review.
        body: the file with the review.
        idle_mb: its memory when it had been asked nothing yet.
        answered: requests it has answered so far.
    """

    name: str
    server: Running
    url: str
    body: Path
    idle_mb: float
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One load on one server."""

    load: wrk.Load
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Row:
    """What all turns of one server at one number of connections came to; milliseconds, and microseconds of CPU a request."""

    name: str
    connections: int
    rate: Spread
    p50_ms: Spread
    p99_ms: Spread
    cpu_us: Spread
    turns: tuple[Turn, ...] = ()

    @classmethod
    def of(cls, name: str, connections: int, turns: Sequence[Turn]) -> Row:
        """Sum up the turns."""
        return cls(
            name,
            connections,
            Spread.of([turn.load.rate for turn in turns]),
            Spread.of([turn.load.p50_ms for turn in turns]),
            Spread.of([turn.load.p99_ms for turn in turns]),
            Spread.of([turn.cpu_us for turn in turns]),
            tuple(turns),
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident megabytes of a server before any request and after this many."""

    name: str
    idle_mb: float
    loaded_mb: float
    answered: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that the turns showed."""

    rows: list[Row] = field(default_factory=list[Row])
    memory: list[Memory] = field(default_factory=list[Memory])

    def row(self, name: str, connections: int) -> Row | None:
        """One server's row, or None where it did not take part."""
        return next((row for row in self.rows if (row.name, row.connections) == (name, connections)), None)

    def memory_of(self, name: str) -> Memory | None:
        """One server's memory, or None where it did not take part."""
        return next((memory for memory in self.memory if memory.name == name), None)


def check(contender: Contender, right: Callable[[bytes], object], *, ca: Path) -> None:
    """Ask once; `right` raises WrongAnswer where the answer's body is none.

    Raises:
        WrongAnswer: what `right` says.
    """
    right(https.call(contender.url, ca=ca, method="POST", body=contender.body.read_bytes()).body)


def turn(contender: Contender, *, connections: int, seconds: float) -> Turn:
    """Load one server for some seconds."""
    before = contender.server.cpu_seconds()
    load = wrk.run(contender.url, str(contender.body), script=wrk.POST, connections=connections, seconds=seconds)
    contender.answered += load.requests
    return Turn(load, (contender.server.cpu_seconds() - before) / load.requests * 1e6)


def interleaved(
    contenders: Sequence[Contender],
    *,
    rounds: int,
    seconds: float,
    connections: Sequence[int] = CONNECTIONS,
    quiet: Quiet,
    say: Callable[[str], None],
) -> list[Row]:
    """Let the servers take turns, each round beginning with another one, so that a noisy minute hits all of them."""
    turns: dict[tuple[str, int], list[Turn]] = {}
    for count in connections:
        for number in range(rounds):
            for contender in rotated(contenders, number):
                one = quiet.measured(partial(turn, contender, connections=count, seconds=seconds))
                turns.setdefault((contender.name, count), []).append(one)
                speed = f"{one.load.rate:>8,.0f}/s, p99 {one.load.p99_ms:.2f} ms"
                say(f"  {count:>2} connections, round {number + 1}: {contender.name:<8} {speed}")
    return [Row.of(name, count, seen) for (name, count), seen in turns.items()]


def rotated(contenders: Sequence[T], by: int) -> list[T]:
    """The same servers, beginning `by` places further on."""
    at = by % len(contenders)
    return [*contenders[at:], *contenders[:at]]


def memory(contenders: Sequence[Contender]) -> list[Memory]:
    """What each server holds now."""
    return [Memory(c.name, c.idle_mb, c.server.rss_mb(), c.answered) for c in contenders]
