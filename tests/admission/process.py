"""A server in a process of its own: for signals, and for what it weighs.

    python -m tests.admission.process '{"grace": 1, "limits": {"connections": 10}}'

prints its port and its health port. With ``"rules": true``, those of `tests.admission.hostile` answer. Not a test.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poblano.admission.health import Checks, HealthServer
from poblano.admission.limits import Limits
from poblano.admission.reviewer import ModuleReviewer
from poblano.admission.server import AdmissionServer, loop_factory, until_signalled
from poblano.admission.tls import LiveCertificate, read_pair
from poblano.module import Module
from tests.admission.hostile import rules
from tests.admission.serving import Fake, echo, issued

ROOT = Path(__file__).parents[2]


async def run(options: dict[str, Any]) -> None:
    """Serve until a signal."""
    if "files" in options:
        resource.setrlimit(resource.RLIMIT_NOFILE, (options["files"], options["files"]))
    pair = read_pair(Path(options["certificate"]), Path(options["key"]))
    server = AdmissionServer(
        ModuleReviewer(Module(rules()))
        if options.get("rules")
        else Fake(does=echo, bodies=Forgetful(), timeouts=Forgetful()),
        LiveCertificate(pair),
        host="127.0.0.1",
        port=0,
        limits=Limits(**options.get("limits", {})),
        grace=options.get("grace", 0),
    )
    readiness = Checks("readyz")
    readiness.add("admission", lambda: "draining" if server.draining else None)
    async with HealthServer(readiness, host="127.0.0.1", port=0) as health, server:
        until_then = asyncio.create_task(until_signalled(server))
        await asyncio.sleep(0)  # from here on it hears signals
        sys.stdout.write(f"{server.port} {health.port}\n")
        sys.stdout.flush()
        await until_then


class Forgetful(list[Any]):
    """A list that stays empty."""

    def append(self, item: object) -> None:
        """Do nothing."""


@dataclass
class Served:
    """A server in another process."""

    process: asyncio.subprocess.Process
    port: int
    health_port: int

    def rss(self) -> int:
        """Resident memory in bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def served(directory: Path, **options: Any) -> AsyncIterator[Served]:
    """Start one, and end it if the test has not."""
    pair = issued().pair
    for name, data in (("certificate", pair.certificate), ("key", pair.key)):
        (directory / name).write_bytes(data)
        options[name] = str(directory / name)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.admission.process", json.dumps(options), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        port, health_port = (await process.stdout.readline()).split()
        yield Served(process, int(port), int(health_port))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(json.loads(sys.argv[1])))
