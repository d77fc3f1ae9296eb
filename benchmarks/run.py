"""One run from beginning to end: start the servers, measure each part, print, hold to the bounds."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import admission, cluster, machine, pepr, promises, report, tables
from benchmarks.admission import Outcome
from benchmarks.cluster import Cluster
from benchmarks.contenders import FLOOR, PEPR, POBLANO, Field, started
from benchmarks.figures import Bound
from benchmarks.processes import CLIENT_CORE, pin

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".bench"
PARTS = ("admission",)
EVERYBODY = (PEPR, POBLANO, FLOOR)
WARM_UP_SECONDS = 3


def measure(parts: Sequence[str], *, wanted: Sequence[str], rounds: int, seconds: int, write_readme: bool) -> bool:
    """Measure the parts, print the tables; whether every bound holds.

    Args:
        parts: of PARTS.
        wanted: the servers that take part.
        rounds: turns of each server at each number of connections.
        seconds: length of a turn.
        write_readme: put the tables into README.md too.
    """
    begun = time.monotonic()
    sections, bounds = [_circumstances()], list[Bound]()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="poblano-bench-")))
        plane = stack.enter_context(_cluster(scratch, wanted))
        field = stack.enter_context(started(scratch, CACHE, plane, wanted=wanted, say=say))
        if "admission" in parts:
            outcome = _admission(field, plane, rounds=rounds, seconds=seconds)
            sections.append(report.section("One review, one core", tables.admission(outcome.rows)))
            sections.append(report.section("Memory", tables.memory(outcome.memory)))
            bounds += promises.of_admission(outcome)
    sections.append(report.section("Bounds", tables.bounds(bounds)))
    text = report.document(*sections)
    print(text)
    say(f"took {time.monotonic() - begun:.0f} s")
    if write_readme:
        report.write_readme(ROOT / "README.md", text)
    return promises.all_hold(bounds)


def say(line: str) -> None:
    """Tell how far it is; the tables alone go to standard output."""
    print(line, file=sys.stderr, flush=True)


def _admission(field: Field, plane: Cluster | None, *, rounds: int, seconds: int) -> Outcome:
    if plane is not None:
        pin(plane.pids, {CLIENT_CORE})
    for contender in field.contenders:  # a just-in-time compiler needs a while
        admission.turn(contender, connections=16, seconds=WARM_UP_SECONDS)
    rows = admission.interleaved(field.contenders, rounds=rounds, seconds=seconds, say=say)
    return Outcome(rows, admission.memory(field.contenders))


@contextmanager
def _cluster(folder: Path, wanted: Sequence[str]) -> Iterator[Cluster | None]:
    """A control plane, or None where nobody needs one or the machine has none."""
    if PEPR not in wanted:
        yield None
        return
    (home := folder / "cluster").mkdir()
    with cluster.running(home) as plane:
        yield plane


def _circumstances() -> str:
    load = os.getloadavg()[0]
    return f"Measured on {machine.describe(pepr.node())}; load average at the start {load:.1f}."
