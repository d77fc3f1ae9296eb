"""One replica of a watcher, as ``poblano run --role watcher`` runs it, but with lease times of one's own. Not a test.

python -m tests.watch.replica FOLDER WORK DURATION RENEW RETRY
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from poblano.admission.server import loop_factory
from poblano.cli import main as cli
from poblano.cli.project import load_project
from poblano.cli.replicas import alone
from poblano.core.lease import LeaseTimes
from poblano.log import configure


def main(folder: str, work: str, *times: str) -> None:
    """Run it, and exit as the command does."""
    project = load_project(Path(folder))
    configure(project.settings.log_level)
    code = 0
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            duration, renew, retry = map(float, times)
            runner.run(
                alone(project, "127.0.0.1", 0, work, LeaseTimes(duration=duration, renew=renew, retry=retry)),
            )
    except Exception as error:  # noqa: BLE001 -- as the command line does
        code = cli.ended_by(error)
    cli._leave(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
