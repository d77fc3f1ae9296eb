"""A replica whose time of day is wrong by so many seconds: ``python -m tests.faults.jumping OFFSET FOLDER WORK TIMES...``

The kernel's clock is everybody's, so what is wrong is what this process is told: `time.time`, and the time that its Leases say.
"""

from __future__ import annotations

import datetime as dt
import sys
import time

from poblano.watch import election, leases
from tests.watch import replica


def main(offset: float, *arguments: str) -> None:
    """Run it so."""
    real = time.time
    time.time = lambda: real() + offset

    def wall() -> str:
        return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=offset)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    leases.wall = election.wall = wall
    replica.main(*arguments)


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
