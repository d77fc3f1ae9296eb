"""What the tests change in a process they start, by its environment."""

from __future__ import annotations

import json
import os

BEHAVIOUR = "TESTS_PEPR_BEHAVIOUR"
"""The name of a behaviour of Pepr's to be put in."""

TUNED = "TESTS_PEPR_TUNED"
"""A JSON map: `grace`, how long a drain keeps serving; `every`, how often certificate files are read; `settle` and `haste`, how
long an authority is trusted before it signs; in seconds.
"""


def hook() -> None:
    """Do what the environment says."""
    tuned = json.loads(os.environ.get(TUNED) or "{}")
    if tuned:
        from poblano.admission import server, tls
        from poblano.admission.certifying import running, sources
        from poblano.core.certificates import Lifetimes

        sources.FILES_EVERY = tuned.get("every", sources.FILES_EVERY)
        running.CONSIDERED_EVERY = tuned.get("every", running.CONSIDERED_EVERY)
        times = [(Lifetimes.__init__, name) for name in ("settle", "haste")]
        for function, name in ((server.AdmissionServer.__init__, "grace"), (tls.follow, "every"), *times):
            if name in tuned:
                function.__kwdefaults__[name] = tuned[name]
    if name := os.environ.get(BEHAVIOUR):
        from tests.pepr.behaviour import ForGood, behaviour

        behaviour(name).put_in(ForGood())
