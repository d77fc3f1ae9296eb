"""Notes when the action of a contender is called: first, for the last object of all, and with the last update of all.

It is loaded by Poblano and kopf alike, and imports nothing that costs anything. What it is told comes from the environment.
"""

from __future__ import annotations

import os
import time

GROUP, VERSION = "bench.poblano.dev", "v1"
KIND = os.environ.get("BENCH_KIND", "Widget")
PLURAL = f"{KIND.lower()}s"
NAMESPACE = os.environ.get("BENCH_NAMESPACE", "bench")
MANAGER = os.environ.get("BENCH_CONTENDER", "nobody")
APPLIES = os.environ.get("BENCH_ACTION", "return") == "apply"


class Tally:
    """Counts calls, and appends a line to a file at the three that matter: what it was, when, and how many there were."""

    def __init__(self) -> None:
        self._file = os.open(os.environ.get("BENCH_TALLY", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._objects = int(os.environ.get("BENCH_OBJECTS", "0"))
        self._last_step = int(os.environ.get("BENCH_LAST_STEP", "0"))
        self._seen: set[str] = set()
        self._updated: set[str] = set()
        self.calls = 0

    def called(self, name: str, step: int) -> None:
        """The action was called, or has done, for an object whose ``spec.step`` is `step`."""
        self.calls += 1
        if self.calls == 1:
            self._note("first")
        if len(self._seen) < self._objects:
            self._seen.add(name)
            if len(self._seen) == self._objects:
                self._note("all")
        elif step == self._last_step:
            self._updated.add(name)
            if len(self._updated) == self._objects:
                self._note("updated")

    def _note(self, what: str) -> None:
        os.write(self._file, f"{what} {time.time():.6f} {self.calls}\n".encode())


def wanted(name: str, step: int) -> dict[str, object]:
    """The ConfigMap that each contender applies for an object."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{MANAGER}-{name}", "namespace": NAMESPACE},
        "data": {"step": str(step), "theme": "dark", "made-for": name},
    }
