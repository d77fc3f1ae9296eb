"""Who is told of every review in a pod: the log and the metrics.

The reviews that are answered within one turn of the event loop are logged at its end, in one write, after their answers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from poblano.admission.actions import Late
from poblano.admission.metrics import AdmissionMetrics
from poblano.core.entries import Entry
from poblano.core.review import Answer, Review
from poblano.core.verdict import Verdict
from poblano.log import Log, emit_all
from poblano.log_lines import Line
from poblano.metrics import new_registry
from poblano.module import Module
from poblano.review_log import review_line

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from poblano.admission.app import AdmissionApp

HTTP_OK = 200
"""What every review that was understood is answered with."""


class Production:
    """Logs and counts.

    Args:
        module: whose rules are counted by name.
    """

    def __init__(self, module: Module) -> None:
        self.registry: CollectorRegistry = new_registry()
        self.metrics = AdmissionMetrics(module.bindings)
        self.metrics.attach(self.registry)
        self._lines: list[Line] = []

    def watch(self, app: AdmissionApp) -> None:
        """Show what the server itself counts."""
        self.metrics.watch(app)

    def reviewed(self, entry: Entry, review: Review, verdict: Verdict, answer: Answer, seconds: float) -> None:
        """A review was answered: see `poblano.admission.reviewer.Observer`."""
        line = review_line(entry.phase, review.request, verdict, seconds)
        if line is not None:
            if not self._lines:
                loop = asyncio.get_running_loop()
                loop.call_soon(loop.call_soon, self.write)  # behind the answers, which leave at the end of this turn
            self._lines.append(line)
        self.metrics.observe(entry.phase, entry.path, review.request, verdict, seconds, HTTP_OK)
        for result in verdict.results:
            if isinstance(result.error, Late):
                self.metrics.timed_out(entry.phase, result.capability, result.rule)

    def write(self) -> None:
        """Write the lines of the reviews that were answered since the last time."""
        lines, self._lines = self._lines, []
        if lines:
            emit_all(lines)


def blocked(action: str, seconds: float) -> None:
    """An action held the event loop: say which."""
    Log.warning(
        "a rule blocked the event loop and runs in a thread from now on; make it async def, or quicker",
        action=action,
        ms=round(seconds * 1000),
    )
