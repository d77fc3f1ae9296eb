"""How long things last: short in continuous integration, at full length in the soak (``POBLANO_FAULTS=full``)."""

from __future__ import annotations

import os
from dataclasses import dataclass

from poblano.core.backoff import MOST_ASKED
from poblano.core.listwatch import GRACE, SECONDS
from poblano.watch.informer import SILENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds.

    Attributes:
        lasting: between which a watch is asked to last.
        outage: that a fault lasts which comes to an end by itself.
        slack: that a recovery may take beyond the deadline of a watch: for the list, and for a machine that is busy.
        chaos: of faults drawn by chance.
        silence: after which a list is given up of which nothing comes.
        asked: for which a server may ask to be left alone.
    """

    lasting: tuple[float, float]
    outage: float
    slack: float
    chaos: float
    silence: float
    asked: float

    @property
    def bound(self) -> float:
        """What every recovery is held to."""
        return self.lasting[1] + GRACE + self.slack


SHORT = Pace(lasting=(2.0, 3.0), outage=3.0, slack=38.0, chaos=45.0, silence=3.0, asked=4.0)
FULL = Pace(lasting=SECONDS, outage=50.0, slack=5.0, chaos=600.0, silence=SILENCE_SECONDS, asked=MOST_ASKED)
PACE = FULL if os.environ.get("POBLANO_FAULTS") == "full" else SHORT
