"""An embedded cluster as a program that can be killed, and told to forget what happened before.

``python -m tests.faults.embedded PORT FOLDER`` serves until it is killed, and compacts its log at each line of input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from poblano.cluster.serving.served import Served, Settings
from poblano.cluster.serving.sockets import Address


async def serve(port: int, folder: Path) -> None:
    """Serve, say where, and obey."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with Served(Settings(address=Address("127.0.0.1", port), directory=folder)) as served:
        credentials = served.credentials
        _say({"url": served.url, "token": credentials.admin_token, "ca": credentials.authority.decode()})
        while await lines.readline():
            storage = served.cluster.storage
            storage.compact(storage.revision)
            _say({"compacted": storage.revision})


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
