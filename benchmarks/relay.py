"""A program: passes bytes on to a server, and notes each connection in a file: how many does a client open?

The first line of the file is the URL to use instead of the server's; behind it stands a ``+`` for each connection.

::

    python -m benchmarks.relay https://127.0.0.1:6443 FILE
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import processes

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay that runs, and the file it notes in."""

    file: Path

    @property
    def url(self) -> str:
        """To be used instead of the server's; of the same host, so that the server's certificate is right for it."""
        return self.file.read_text().partition("\n")[0]

    @property
    def opened(self) -> int:
        """Connections so far."""
        return self.file.read_text().count("+")


@contextmanager
def relaying(url: str, folder: Path) -> Generator[Relay]:
    """Relay to `url` for the length of a `with` block."""
    relay = Relay(folder / "relay")
    command: list[str | Path] = [sys.executable, "-m", "benchmarks.relay", url, relay.file]
    with processes.running("relay", command, log=folder / "relay.log", cores=processes.ALL_CORES, cwd=_ROOT) as server:
        processes.until_ready(server, lambda: relay.file.exists() and "\n" in relay.file.read_text())
        yield relay


async def _serve(url: str, file: Path) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    passing: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        notes.write(b"+")
        there_reader, there_writer = await asyncio.open_connection(host, port)
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(_pass(source, sink))
            passing.add(task)
            task.add_done_callback(passing.discard)

    server = await asyncio.start_server(accept, host, 0)
    with file.open("wb", buffering=0) as notes:
        notes.write(f"{parts.scheme}://{host}:{server.sockets[0].getsockname()[1]}\n".encode())
        await server.serve_forever()


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while piece := await source.read(1 << 16):
                sink.write(piece)
                await sink.drain()
    finally:
        sink.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2])))
