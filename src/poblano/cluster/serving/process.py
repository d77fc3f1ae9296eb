"""A cluster in a process of its own, for `poblano dev` and `poblano demo`.

Theirs runs the user's code, which may hold the event loop, sit in a debugger, or ask the API server a blocking question from
an action; a cluster in the same loop would stand still with it, and one in a thread would share the interpreter's lock
and every crash. So it is a child. It is told its settings on its standard input as one line of JSON, says in one line of
JSON that it is ready (or why not), and ends at the end of that pipe, which comes even when the other side is killed.

    async with ClusterProcess(Settings(controllers=True)) as cluster:
        print(cluster.kubeconfig)
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poblano.cluster.serving.served import CannotServe, Served, Settings
from poblano.cluster.serving.sockets import Address

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

PATIENCE_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 2.0
_LIMIT: Final = 1 << 20


class ClusterProcess:
    """The handle of the process.

    Raises: CannotServe on entering.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""
        self.kubeconfig = Path()

    async def __aenter__(self) -> Self:
        # -P: a file of the user's folder must not stand in for a module of the standard library.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "poblano.cluster.serving.process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C and a closed terminal are for the parent
            limit=_LIMIT,
        )
        self._process = process
        try:
            await self._begin(process)
        except BaseException:
            await self._end(process)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            await self._end(self._process)

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._process is not None and self._process.returncode is None

    async def ended(self) -> str:
        """Wait until the process has ended by itself, and say how: "killed by signal 9"."""
        assert self._process is not None
        status = await self._process.wait()
        return f"killed by signal {-status}" if status < 0 else f"exit status {status}"

    async def _begin(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(_order(self._settings))
        line = await process.stdout.readline()
        if not line:
            raise CannotServe("the embedded cluster ended before it was ready; what it said stands above")
        said: dict[str, str] = json.loads(line)
        if "error" in said:
            raise CannotServe(said["error"])
        self.url, self.kubeconfig = said["url"], Path(said["kubeconfig"])

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        self._tidy()

    def _tidy(self) -> None:
        """Remove the folder of a kubeconfig that was to go with the cluster: one that is killed leaves it."""
        settings = self._settings
        if settings.kubeconfig is None and settings.directory is None and self.kubeconfig.is_absolute():
            shutil.rmtree(self.kubeconfig.parent, ignore_errors=True)


def _order(settings: Settings) -> bytes:
    return json.dumps(asdict(settings), default=str).encode() + b"\n"


def _read(line: str) -> Settings:
    order: dict[str, Any] = json.loads(line)
    order["address"] = Address(**order["address"])
    for key in ("directory", "kubeconfig"):
        order[key] = None if order[key] is None else Path(order[key])
    return Settings(**order)


async def _serve(settings: Settings) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_reader(0, ended.set)  # nothing more is ever said: what can be read is the end
    try:
        async with Served(settings) as served:
            _say({"url": served.url, "kubeconfig": str(served.kubeconfig)})
            await _until(ended)
    except CannotServe as error:
        _say({"error": str(error)})
    finally:
        loop.remove_reader(0)


async def _until(ended: asyncio.Event) -> None:
    """Wait for the end, or for the parent's: a child that it forked may hold the pipe open for longer."""
    parent = os.getppid()
    while os.getppid() == parent:
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), LOOK_SECONDS)
            return


def _say(document: dict[str, str]) -> None:
    os.write(1, json.dumps(document).encode() + b"\n")


def main() -> None:
    """What the process runs."""
    import uvloop

    line = sys.stdin.readline()
    if not line:
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(_read(line)))


if __name__ == "__main__":
    main()
