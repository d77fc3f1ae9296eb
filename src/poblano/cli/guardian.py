"""A small process that outlives ``poblano dev`` by a moment: when it ends in any way, its registration goes.

It is told on its standard input what to do, as one line of JSON, and then waits for the end of that pipe, which comes
even when the other side is killed. A line ``done`` says that there is nothing left to do. It never imports the module.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final

PATIENCE_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Order:
    """What to take away, and how to reach the API server."""

    kubeconfig: str
    context: str
    uuid: str
    name: str
    marks: dict[str, str]


class Guardian:
    """The handle of the process, for ``poblano dev``."""

    def __init__(self, order: Order) -> None:
        # -P: a file of the user's folder must not stand in for a module of the standard library.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "poblano.cli.guardian"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C and a closed terminal are for the parent
        )
        self._say(json.dumps(asdict(order)))

    def dismiss(self) -> None:
        """There is nothing left to take away."""
        self._say("done")
        self.leave()
        self._process.wait()

    def leave(self) -> None:
        """Let it do its work."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:  # somebody killed it: nothing is lost but the net
            return


def main() -> None:
    """The guardian itself."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    first, _, rest = _read_until_end().partition("\n")
    if first and rest.strip() != "done":
        _take_away(Order(**json.loads(first)))


def _read_until_end() -> str:
    """All of the standard input: it ends when the parent does. A child that it forked may hold the pipe open for longer."""
    parent = os.getppid()
    read = b""
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if ready:
            part = os.read(0, 65536)
            if not part:
                break
            read += part
    return read.decode()


def _take_away(order: Order) -> None:
    import asyncio

    from poblano.core.errors import PoblanoError

    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return asyncio.run(_remove(order))
        except PoblanoError as error:
            if time.monotonic() > deadline:
                print(f"Error: {order.name} is still registered: {error}", file=sys.stderr)
                return None
            time.sleep(PAUSE_SECONDS)


async def _remove(order: Order) -> None:
    from poblano.admission.registration import Registration
    from poblano.client import ApiClient, Resources, find_access

    access = find_access(order.kubeconfig or None, order.context)
    async with ApiClient(access) as client:
        await Registration(Resources(client), order.uuid, order.name, order.marks).remove()


if __name__ == "__main__":
    main()
