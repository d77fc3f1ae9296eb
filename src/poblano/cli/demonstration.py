"""The course of ``poblano demo``: each sample is created, and deleted where a rule is bound to that."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from poblano.admission.certificates import issue
from poblano.admission.server import AdmissionServer
from poblano.admission.tls import LiveCertificate
from poblano.cli.asking import USER, ApiServerDouble, Outcome
from poblano.cli.changes import changes
from poblano.cli.project import Project
from poblano.cli.samples import Sample
from poblano.cli.terminal import Terminal, asked, broken, ran
from poblano.core.entries import Entry
from poblano.core.review import Answer, Review
from poblano.core.verdict import RuleResult, Verdict

STYLE_OF = {"+": "green", "-": "red"}


class Demonstration:
    """Prints what becomes of each sample, and counts.

    Args:
        server: who is asked.
        terminal: where to print.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._ran: list[tuple[Entry, RuleResult, str]] = []
        self.accepted = self.changed = self.refused = 0
        self.surprises: list[str] = []

    def reviewed(self, entry: Entry, review: Review, verdict: Verdict, answer: Answer, seconds: float) -> None:
        """A review was answered: see `poblano.admission.reviewer.Observer`. What a rule raised is put in words at once."""
        for result in verdict.results:
            words = "" if result.error is None else broken(result, secret=verdict.about_secret)
            self._ran.append((entry, result, words))

    def show(self, outcome: Outcome) -> None:
        """Print who asked what, each rule and its verdict, and the change."""
        line = self._terminal.line
        line("")
        line((asked(outcome.request), "bold"), f" by {USER}")
        for entry, result, words in self._ran:
            line(f"  {entry.phase:8} ", *ran(result))
            if words:
                line(f"           {words}")
        if not outcome.called:
            line("  no rule applies")
        self._ran = []
        for warning in outcome.warnings:
            line(("  warning: ", "magenta"), warning)
        for change in changes(outcome.before, outcome.after):
            line("    ", (change, STYLE_OF.get(change[0], "dim")))
        if outcome.refused:
            line("  ", (f"refused with {outcome.code}", "red"), f": {outcome.message}")

    def count(self, sample: Sample, outcome: Outcome) -> None:
        """Compare with what was expected."""
        self.refused += outcome.refused
        self.accepted += not outcome.refused
        self.changed += not outcome.refused and outcome.after != outcome.before
        expected = sample.expected
        if outcome.refused == expected.accepted or (expected.code and expected.code != outcome.code):
            seen = f"refused with {outcome.code}" if outcome.refused else "accepted"
            mark = f'; if it is to be, write "# expect: refused {outcome.code}" above it' if outcome.refused else ""
            self.surprises.append(f"{sample.place}: expected to be {expected}, was {seen}{mark}")

    def summary(self) -> None:
        """How it went."""
        total = self.accepted + self.refused
        text = f"{total} objects: {self.accepted} accepted ({self.changed} changed), {self.refused} refused"
        self._terminal.line("")
        if not self.surprises:
            self._terminal.line((f"{text}, all as expected.", "bold green"))
            return
        self._terminal.line((f"{text}, and not all as expected:", "bold red"))
        for surprise in self.surprises:
            self._terminal.line("  ", (surprise, "red"))


async def demonstrate(project: Project, samples: Sequence[Sample], terminal: Terminal) -> bool:
    """Serve the module on the loopback and send it its samples; whether all fared as expected.

    Raises:
        PoblanoError: the server gave no answer.
    """
    demonstration = Demonstration(terminal)
    reviewer = project.reviewer([demonstration.reviewed], terminal.blocked)
    issued = issue(["localhost"], ["127.0.0.1", "::1"])
    server = AdmissionServer(reviewer, LiveCertificate(issued.pair), host="localhost", port=0)
    bindings = project.module.bindings
    try:
        async with server:
            double = ApiServerDouble(reviewer.entries, server.port, issued.authority, bindings)
            terminal.line(
                (project.settings.uuid, "bold"),
                f": {len(bindings)} rules, {len(reviewer.entries)} webhooks, served at https://localhost:{server.port}",
            )
            kept = await _create(samples, double, demonstration)
            await _delete(kept, double, demonstration)
    finally:
        reviewer.close()
    demonstration.summary()
    terminal.line("")
    terminal.line("Next, with a cluster that reaches this machine:")
    terminal.line(f"  {next_command(project.settings.folder)}")
    return not demonstration.surprises


async def _create(samples: Sequence[Sample], double: ApiServerDouble, demonstration: Demonstration) -> list[Outcome]:
    """Create the samples; what came of those that were accepted."""
    kept: list[Outcome] = []
    for sample in samples:
        # In a thread: the server that answers runs on this loop.
        outcome = await asyncio.to_thread(double.ask, "CREATE", sample.document)
        demonstration.show(outcome)
        demonstration.count(sample, outcome)
        if not outcome.refused:
            kept.append(outcome)
    return kept


async def _delete(kept: Sequence[Outcome], double: ApiServerDouble, demonstration: Demonstration) -> None:
    """Delete what was created, and show it where a rule is bound to that."""
    for created in kept:
        outcome = await asyncio.to_thread(double.ask, "DELETE", created.after)
        if outcome.called:
            demonstration.show(outcome)


def next_command(folder: Path) -> str:
    """What to try next, as a line for a shell."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "poblano" else "poblano"
    if shutil.which("poblano"):
        program = "poblano"
    elif os.sep in program:
        program = os.path.relpath(program, folder)
    change = f"cd {shlex.quote(os.path.relpath(folder))} && " if folder != Path.cwd() else ""
    return f"{change}{program} dev --kubeconfig ~/.kube/config --host localhost --port 8443"
