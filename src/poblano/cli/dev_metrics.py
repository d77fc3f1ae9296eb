"""The metrics of ``poblano dev``, on a free port of this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from poblano.admission.health import Checks, HealthServer
from poblano.admission.metrics import AdmissionMetrics
from poblano.core.entries import Entry
from poblano.core.review import Answer, Review
from poblano.core.verdict import Verdict
from poblano.metrics import new_registry
from poblano.watch.counting import Counted

HTTP_OK = 200


class DevMetrics:
    """What is counted: the same as in a pod."""

    def __init__(self) -> None:
        self.watching = Counted()
        self.admission = AdmissionMetrics()

    def reviewed(self, entry: Entry, review: Review, verdict: Verdict, _answer: Answer, seconds: float) -> None:
        """A review was answered: see `poblano.admission.reviewer.Observer`."""
        self.admission.observe(entry.phase, entry.path, review.request, verdict, seconds, HTTP_OK)

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[str]:
        """Serve them within the block; gives the address."""
        registry = new_registry()
        self.watching.attach(registry)
        self.admission.attach(registry)
        async with HealthServer(Checks("readyz"), registry, host="localhost", port=0) as health:
            yield f"http://localhost:{health.port}/metrics"
