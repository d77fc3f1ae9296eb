"""What the tests change in a process they start, by its environment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEHAVIOUR = "TESTS_PEPR_BEHAVIOUR"
"""The name of a behaviour of Pepr's to be put in."""

TUNED = "TESTS_PEPR_TUNED"
"""A JSON map: `grace`, how long a drain keeps serving; `every`, how often certificate files are read; `duration`, `renew` and
`retry` of Leases; in seconds.
"""

PASSED = "TESTS_PEPR_PASSED"
"""A file with the seconds that have gone by besides, for whoever waits until an authority is trusted by all."""


def hook() -> None:
    """Do what the environment says."""
    tuned = json.loads(os.environ.get(TUNED) or "{}")
    if tuned:
        from poblano.admission import server, tls
        from poblano.admission.certifying import running, sources
        from poblano.core.lease import LeaseTimes

        sources.FILES_EVERY = tuned.get("every", sources.FILES_EVERY)
        running.CONSIDERED_EVERY = tuned.get("every", running.CONSIDERED_EVERY)
        times = [(LeaseTimes.__init__, name) for name in ("duration", "renew", "retry")]
        for function, name in ((server.AdmissionServer.__init__, "grace"), (tls.follow, "every"), *times):
            if name in tuned:
                function.__kwdefaults__[name] = tuned[name]
    if file := os.environ.get(PASSED):
        _let_pass(file)
    if name := os.environ.get(BEHAVIOUR):
        from tests.pepr.behaviour import ForGood, behaviour

        behaviour(name).put_in(ForGood())


def _let_pass(file: str) -> None:
    """Have the clocks of certificates say what a file says, more than those of the machine."""
    from poblano.admission.certifying.replica import Replica
    from poblano.core.certificates import Rotation
    from poblano.watch.standing import clock

    def passed() -> float:
        return clock() + float(Path(file).read_text())

    _with_clock(Replica, passed)
    _with_clock(Rotation, passed)


def _with_clock(owner: Any, clock: Callable[[], float]) -> None:
    begin = owner.__init__

    def begun(self: object, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options | {"clock": clock})

    owner.__init__ = begun
