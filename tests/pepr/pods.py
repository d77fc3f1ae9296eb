"""`poblano run` as a pod runs it: one process, its two ports, and all that it printed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from poblano.admission.certificates import Pair
from tests.admission.serving import Answer, Client, connected, issued, post, request
from tests.cli.developing import environment, write_project
from tests.eventually import eventually
from tests.pepr.site.hook import BEHAVIOUR, TUNED

ROOT = Path(__file__).parents[2]


@dataclass
class Pod:
    """A running `poblano run`."""

    process: asyncio.subprocess.Process
    folder: Path
    log: Path
    port: int = 0
    health_port: int = 0

    def said(self) -> str:
        """All that it has printed, on either output."""
        return self.log.read_text()

    def lines(self, message: str) -> list[dict[str, Any]]:
        """The log lines with that message."""
        logged = [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]
        return [line for line in logged if line["message"] == message]

    def reviews(self, count: int) -> list[dict[str, Any]]:
        """The lines of that many reviews; each is written once its answer is on its way."""

        def found() -> list[dict[str, Any]] | None:
            lines = self.lines("review")
            return lines if len(lines) >= count else None

        return eventually(found, f"{count} reviews are logged", pause=0.02) or []

    async def ask(self, body: bytes, path: str = "/mutate/fail/10", *headers: str) -> Answer:
        """Post a review on a connection of its own."""
        async with connected(self) as client:
            return await client.ask(post(body, path, *headers))

    async def page(self, path: str) -> Answer:
        """Get a page of the health port."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.health_port)
        try:
            return await Client(reader, writer).ask(request(f"GET {path} HTTP/1.1", "Host: a"))
        finally:
            writer.close()

    async def metrics(self) -> dict[tuple[str, ...], float]:
        """What /metrics says: the samples, by name and the values of their labels, sorted by the labels' names."""
        families = text_string_to_metric_families((await self.page("/metrics")).body.decode())
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }


@contextlib.asynccontextmanager
async def running(
    directory: Path, code: str, *, pair: Pair | None = None, tuned: dict[str, float] | None = None, **environ: str
) -> AsyncGenerator[Pod]:
    """Run a module until the block ends. It gets no cluster and no home.

    Arguments: `pair` is what it serves, by default one that `connected` trusts; `tuned` shortens what takes long: see the hook.
    """
    folder = write_project(directory / "module", "shop", code)
    files = directory / "tls"
    files.mkdir()
    write_pair(files, pair or issued().pair)
    pod = Pod(
        await started(directory, folder, files, {TUNED: json.dumps(tuned or {}), **environ}), folder, directory / "log"
    )
    try:
        await _serving(pod)
        yield pod
    finally:
        with contextlib.suppress(ProcessLookupError):
            pod.process.kill()
        await pod.process.wait()


def write_pair(folder: Path, pair: Pair) -> None:
    """The files that a mounted Secret would be."""
    (folder / "tls.crt").write_bytes(pair.certificate)
    (folder / "tls.key").write_bytes(pair.key)


def hooked(**environ: str) -> dict[str, str]:
    """The environment of a process into which the tests may put Pepr's behaviour."""
    path = f"{ROOT / 'tests' / 'pepr' / 'site'}:{ROOT}"
    return {**environment(), "PYTHONPATH": path, **environ}


async def started(directory: Path, folder: Path, files: Path, environ: dict[str, str]) -> asyncio.subprocess.Process:
    """A process that may not serve yet; what it prints goes to `log` in `directory`."""
    options = ["--host", "127.0.0.1", "--port", "0", "--health-port", "0"]
    pair = ["--cert", str(files / "tls.crt"), "--key", str(files / "tls.key")]
    with (directory / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "poblano.cli", "run", *options, *pair),
            cwd=folder,
            env=hooked(HOME=str(directory), **environ),
            stdout=log,
            stderr=log,
        )


async def _serving(pod: Pod) -> None:
    async with asyncio.timeout(90):
        while not pod.said().endswith("\n") or not (lines := pod.lines("serving")):
            assert pod.process.returncode is None, f"it ended:\n{pod.said()}"
            await asyncio.sleep(0.02)
    pod.port, pod.health_port = (int(lines[0][key][0].rpartition(":")[2]) for key in ("https", "health"))


__all__ = ["BEHAVIOUR", "Pod", "hooked", "running", "started", "write_pair"]
