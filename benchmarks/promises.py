"""The bounds that a run is held to, each computed from what the same run saw of a peer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from benchmarks.admission import Outcome, Row, Turn
from benchmarks.contenders import FLOOR, PEPR, POBLANO, STOCK
from benchmarks.creates import Rate
from benchmarks.figures import Bound, paired, ratio

BUSY = 16
"""The number of connections that the promises speak of."""


def of_admission(outcome: Outcome) -> Iterator[Bound]:
    """Beside Pepr and beside the floor, as far as they took part."""
    ours, pepr, floor, stock = (outcome.row(name, BUSY) for name in (POBLANO, PEPR, FLOOR, STOCK))
    if ours and pepr:
        yield Bound(f"throughput, {BUSY} connections, beside Pepr", _beside(ours, pepr, _rate), 5, "at least", "x")
        yield Bound(f"p99, {BUSY} connections, beside Pepr", _beside(ours, pepr, _p99), 0.2, "at most", "x")
        yield Bound(f"CPU a request, {BUSY} connections, beside Pepr", _beside(ours, pepr, _cpu), 0.2, "at most", "x")
    if ours and floor:
        yield Bound(
            f"throughput, {BUSY} connections, beside the floor", _beside(ours, floor, _rate), 0.5, "at least", "x"
        )
    if ours and stock:
        yield Bound(
            f"throughput, {BUSY} connections, beside uvicorn's own floor",
            _beside(ours, stock, _rate),
            0.5,
            "at least",
            "x",
        )
    memory, peer = outcome.memory_of(POBLANO), outcome.memory_of(PEPR)
    if memory and peer:
        yield Bound("memory after load, beside Pepr", ratio(memory.loaded_mb, peer.loaded_mb), 0.25, "at most", "x")
    if memory:
        yield Bound("memory of the idle admission process", memory.idle_mb, 60, "at most", "MB")


def of_creates(rates: Iterable[Rate]) -> Iterator[Bound]:
    """What is left of the API server's own rate."""
    for rate in rates:
        if rate.name == POBLANO:
            way = "one after the other" if rate.at_once == 1 else f"{rate.at_once} at once"
            yield Bound(f"creates with mutate and validate, {way}, beside none", rate.of_none, 0.7, "at least", "x")


def _beside(ours: Row, theirs: Row, figure: Callable[[Turn], float]) -> float:
    return paired([figure(turn) for turn in ours.turns], [figure(turn) for turn in theirs.turns])


def _rate(turn: Turn) -> float:
    return turn.load.rate


def _p99(turn: Turn) -> float:
    return turn.load.p99_ms


def _cpu(turn: Turn) -> float:
    return turn.cpu_us


def all_hold(bounds: Iterable[Bound]) -> bool:
    """Whether there is no bound that does not hold."""
    return all(bound.holds for bound in bounds)
