"""What comes of the reconciles: turns, what they sum up to, and the bounds that it is held to. Nothing here measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import Bound, Spread, paired
from benchmarks.informed import Informed
from benchmarks.reconcilers import KOPF, PEPR, POBLANO

SIZES = (1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Work:
    """What is done in a turn: with how many objects, and whether each is applied something."""

    objects: int
    applies: bool = False

    @property
    def streams(self) -> bool:
        """Whether a stream of updates follows."""
        return not self.applies and self.objects == SIZES[0]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one contender did in one turn.

    Args:
        objects: how many there were.
        first: seconds from the first LIST to the first call of the action.
        last: the same to its call for the last object.
        cpu: seconds of the process until then, its start included.
        peak_mb: the most memory that it had until then.
        after_mb: its memory a few seconds later.
        updates: of the stream that follows, in a second, until the action had the last of each object; None without.
        update_cpu_us: CPU time of each.
    """

    objects: int
    first: float
    last: float
    cpu: float
    peak_mb: float
    after_mb: float
    updates: float | None = None
    update_cpu_us: float | None = None

    @property
    def rate(self) -> float:
        """Objects a second."""
        return self.objects / self.last


@dataclass(frozen=True, slots=True)
class Reconciled:
    """All turns of each contender at each work, and the connections that it opened, counted in a turn of its own; and what an
    informer of metadata alone came to."""

    turns: Mapping[tuple[Work, str], Sequence[Turn]]
    connections: Mapping[str, int]
    informed: Sequence[Informed] = ()

    def rows(self, *, applies: bool) -> Iterator[tuple[str, Work, Sequence[Turn]]]:
        """Who, what, and the turns at it; the smaller work first."""
        for (work, name), turns in sorted(self.turns.items(), key=lambda found: found[0][0].objects):
            if work.applies == applies:
                yield name, work, turns

    def beside(self, peer: str, work: Work, figure: Callable[[Turn], float]) -> float | None:
        """How many times the peer's figure ours is: the median of the rounds' own ratios; None where one did not take part."""
        ours, theirs = self.turns.get((work, POBLANO)), self.turns.get((work, peer))
        return paired([figure(turn) for turn in ours], [figure(turn) for turn in theirs]) if ours and theirs else None


def spread(turns: Sequence[Turn], figure: Callable[[Turn], float]) -> Spread:
    """Of one figure of the turns."""
    return Spread.of([figure(turn) for turn in turns])


def bounds(found: Reconciled) -> Iterator[Bound]:
    """What is promised, as far as it was measured."""
    for size in SIZES:
        work, of = Work(size), f"{size:,} objects".replace(",", " ")
        rate, memory = (found.beside(KOPF, work, figure) for figure in (_rate, _after))
        if rate is not None and memory is not None:
            yield Bound(f"reconciles a second, {of}, beside kopf", rate, 8, "at least", "x")
            yield Bound(f"memory then, {of}, beside kopf", memory, 1 / 3, "at most", "x")
        rate, memory = (found.beside(PEPR, work, figure) for figure in (_rate, _after))
        if rate is not None and memory is not None:
            yield Bound(f"reconciles a second, {of}, beside Pepr", rate, 1, "at least", "x")
            yield Bound(f"memory then, {of}, beside Pepr", memory, 1, "at most", "x")

    if found.informed:
        seconds, kilobytes = ([getattr(one, name) for one in found.informed] for name in ("seconds", "kilobytes"))
        yield Bound("the metadata of 10 000 objects is known", Spread.of(seconds).middle, 5, "at most", "s")
        yield Bound("memory of each", Spread.of(kilobytes).middle, 3, "at most", "KB")


def _rate(turn: Turn) -> float:
    return turn.rate


def _after(turn: Turn) -> float:
    return turn.after_mb
