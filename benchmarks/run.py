"""One run from beginning to end: start the servers, measure each part, print, hold to the bounds."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Collection, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import (
    admission,
    cluster,
    creates,
    embedded,
    failover,
    machine,
    micro,
    node,
    promises,
    reconcilers,
    reconciles,
    report,
    stores,
    tables,
    turns,
)
from benchmarks.admission import Outcome
from benchmarks.cluster import Cluster
from benchmarks.contenders import FLOOR, PEPR, POBLANO, STOCK, Field, started
from benchmarks.figures import Bound
from benchmarks.processes import ALL_CORES, CLIENT_CORE, Bystanders, pin
from benchmarks.quiet import Quiet
from tests.control_plane import Unavailable

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".bench"
PARTS = ("micro", "admission", "creates", "embedded", "reconciles", "failover", "store")
EVERYBODY = (PEPR, POBLANO, FLOOR, STOCK, reconcilers.KOPF)
WARM_UP_SECONDS = 3
CREATE_ROUNDS = 3
EMBEDDED_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a run takes: turns of each server at each number of connections, and the seconds of one."""

    rounds: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run has come to so far: sections of the report, and the promises with their numbers."""

    sections: list[str] = field(default_factory=list[str])
    bounds: list[Bound] = field(default_factory=list[Bound])

    def add(self, title: str, *parts: str, bounds: Collection[Bound] = ()) -> None:
        """One more section, and the bounds that its numbers are held to."""
        self.sections.append(report.section(title, *parts))
        self.bounds.extend(bounds)

    def text(self) -> str:
        """The whole report."""
        return report.document(*self.sections, report.section("Bounds", self.held()))

    def held(self) -> str:
        """The promises, with their numbers."""
        return tables.bounds(self.bounds) if self.bounds else ""


def measure(parts: Collection[str], *, wanted: Collection[str], effort: Effort, write: bool) -> bool:
    """Measure the parts, print the tables; whether every bound holds.

    Args:
        parts: of PARTS.
        wanted: the servers that take part, of EVERYBODY.
        effort: how thoroughly.
        write: put the tables into docs/measured.md and the bounds into README.md too.

    Raises:
        WrongAnswer, FailedLoad: a server does not do the work it is measured at, which voids the run.
        NotReady: a server did not come up.
        NoClient: there is no wrk, and it could not be installed.
    """
    begun, bystanders, quiet, findings = time.monotonic(), Bystanders(), Quiet(), Findings()
    if "micro" in parts:
        _micro(findings, quiet)
    if {"admission", "creates"} & set(parts):
        _servers(findings, parts, wanted, effort, quiet)
    if "embedded" in parts:
        _embedded(findings, effort)
    if "reconciles" in parts:
        _reconciles(findings, wanted, effort)
    if "failover" in parts:
        _failover(findings)
    if "store" in parts:
        _store(findings, wanted)
    circumstances = _circumstances(bystanders, quiet)
    print(text := report.document(circumstances, findings.text()))
    say(f"took {time.monotonic() - begun:.0f} s")
    if write:
        report.write(ROOT, text, report.document(report.HEADING, circumstances, findings.held()))
    return promises.all_hold(findings.bounds)


def say(line: str) -> None:
    """Tell how far it is; the tables alone go to standard output."""
    print(line, file=sys.stderr, flush=True)


def _micro(findings: Findings, quiet: Quiet) -> None:
    costs = micro.measure(quiet, say)
    findings.add("In one process", tables.costs(costs), bounds=[cost.bound for cost in costs if cost.bound])


def _embedded(findings: Findings, effort: Effort) -> None:
    with tempfile.TemporaryDirectory(prefix="poblano-bench-") as scratch:
        try:
            start, rows = embedded.measure(Path(scratch), rounds=min(effort.rounds, EMBEDDED_ROUNDS), say=say)
        except Unavailable as reason:
            say(f"The embedded cluster is left out: there is nothing to compare it with. {reason}")
            return
    about = report.ABOUT_EMBEDDED.format(seconds=tables.span(start.seconds), memory=tables.span(start.memory_mb))
    findings.add("The embedded cluster", about, tables.embedded(rows), bounds=embedded.bounds(start, rows))


def _reconciles(findings: Findings, wanted: Collection[str], effort: Effort) -> None:
    with tempfile.TemporaryDirectory(prefix="poblano-bench-") as scratch:
        try:
            found = reconciles.measure(Path(scratch), CACHE, wanted=wanted, rounds=effort.rounds, say=say)
        except Unavailable as reason:
            say(f"The reconciles are left out: there is no API server. {reason}")
            return
    table = tables.reconciles(found, applies=False)
    findings.add("Reconciles", report.ABOUT_RECONCILES, table, bounds=list(turns.bounds(found)))
    findings.add("Reconciles that apply", report.ABOUT_APPLIES, tables.reconciles(found, applies=True))
    findings.add("A stream of updates", report.ABOUT_UPDATES, tables.updates(found))


def _failover(findings: Findings) -> None:
    with tempfile.TemporaryDirectory(prefix="poblano-bench-") as scratch:
        gaps = failover.measure(Path(scratch), say)
    findings.add("Two replicas", report.ABOUT_FAILOVER, tables.failover(gaps), bounds=list(failover.bounds(gaps)))


def _store(findings: Findings, wanted: Collection[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="poblano-bench-") as scratch:
        try:
            found = stores.measure(Path(scratch), CACHE, wanted=wanted, say=say)
        except Unavailable as reason:
            say(f"The store is left out: there is no API server. {reason}")
            return
    findings.add("The store", report.ABOUT_STORE, tables.stores(found), bounds=list(stores.bounds(found)))


def _servers(findings: Findings, parts: Collection[str], wanted: Collection[str], effort: Effort, quiet: Quiet) -> None:
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="poblano-bench-")))
        plane = stack.enter_context(_cluster(scratch)) if PEPR in wanted or "creates" in parts else None
        if plane is None:
            wanted = [name for name in wanted if name != PEPR]
        taking_part = stack.enter_context(started(scratch, CACHE, plane, wanted=wanted, say=say))
        if "admission" in parts:
            _admission(findings, taking_part, plane, effort, quiet)
        if "creates" in parts and plane is not None:
            pin([*plane.pids, *(contender.server.pid for contender in taking_part.contenders)], ALL_CORES)
            _creates(findings, taking_part, plane, effort, quiet)


def _admission(findings: Findings, taking_part: Field, plane: Cluster | None, effort: Effort, quiet: Quiet) -> None:
    if plane is not None:
        pin(plane.pids, {CLIENT_CORE})
    _warm_up(taking_part)
    rows = admission.interleaved(
        taking_part.contenders, rounds=effort.rounds, seconds=effort.seconds, quiet=quiet, say=say
    )
    memory = admission.memory(taking_part.contenders)
    promised = list(promises.of_admission(Outcome(rows, memory)))
    findings.add("One review, one core", report.ABOUT_ADMISSION, tables.admission(rows), bounds=promised)
    findings.add("Memory", tables.memory(memory))
    others = taking_part.asking("example-4")
    if others:
        rows = admission.interleaved(
            others, rounds=effort.rounds, seconds=effort.seconds, connections=[promises.BUSY], quiet=quiet, say=say
        )
        findings.add("The same with another action", report.ABOUT_EXAMPLE_4, tables.admission(rows))


def _creates(findings: Findings, taking_part: Field, plane: Cluster, effort: Effort, quiet: Quiet) -> None:
    _warm_up(taking_part)
    rates = creates.measure(
        taking_part, plane, rounds=min(effort.rounds, CREATE_ROUNDS), seconds=effort.seconds, quiet=quiet, say=say
    )
    promised = list(promises.of_creates(rates))
    findings.add("Creates through a real API server", report.ABOUT_CREATES, tables.creates(rates), bounds=promised)


def _warm_up(taking_part: Field) -> None:
    """A just-in-time compiler needs a while."""
    for contender in taking_part.contenders:
        admission.turn(contender, connections=promises.BUSY, seconds=WARM_UP_SECONDS)


@contextmanager
def _cluster(scratch: Path) -> Generator[Cluster | None]:
    """A control plane, or None and a word about it where the machine has none."""
    (home := scratch / "cluster").mkdir()
    with ExitStack() as stack:
        try:
            plane = stack.enter_context(cluster.running(home))
        except Unavailable as reason:
            say(f"Pepr and the creates are left out, both need an API server. {reason}")
            plane = None
        yield plane


def _circumstances(bystanders: Bystanders, quiet: Quiet) -> str:
    others = f"Others used {bystanders.share():.0%} of it meanwhile.{quiet.said()}"
    return f"Measured on {machine.describe(node.find())}. {others}"
