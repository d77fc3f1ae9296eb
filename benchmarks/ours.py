"""A module of Poblano, run as a pod would run it."""

from __future__ import annotations

import compileall
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import https
from benchmarks.certificates import ServingCertificate
from benchmarks.processes import Running, running, until_ready

HELLO = Path(__file__).parents[1] / "examples" / "hello"
SOURCE = Path(__file__).parents[1] / "src"


@contextmanager
def serving(module: Path, port: int, tls: ServingCertificate, *, log: Path, cores: set[int]) -> Generator[Running]:
    """Run `poblano run` in a module's folder until the block ends."""
    health = https.free_port()
    command: list[str | Path] = [
        Path(sys.executable).with_name("poblano"),
        "run",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    options: list[str | Path] = ["--health-port", str(health), "--cert", tls.cert, "--key", tls.key]
    # What pip does at installation: a server that has to compile itself first would hold the compiler's memory, too.
    compileall.compile_dir(SOURCE, quiet=2)
    with running("Poblano", [*command, *options], log=log, cores=cores, cwd=module) as server:
        until_ready(server, lambda: https.listens(port) and https.listens(health))
        yield server


def url(phase: str, port: int) -> str:
    """Where a module answers `mutate` or `validate`: all its actions keep the policy and time of pyproject.toml.

    >>> url("mutate", 8443)
    'https://localhost:8443/mutate/fail/10'
    """
    return f"https://localhost:{port}{path(phase)}"


def path(phase: str) -> str:
    """The path alone."""
    return f"/{phase}/fail/10"
