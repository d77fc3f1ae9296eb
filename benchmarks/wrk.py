"""The load: wrk on one thread and one core, its figures read from a line that our Lua files print."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import CLIENT_CORE

HERE = Path(__file__).parent
POST = HERE / "post.lua"
CREATE = HERE / "create.lua"


class NoClient(Exception):
    """wrk is not there and could not be had."""


class FailedLoad(Exception):
    """Some requests of a load were refused or lost, so its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw.

    Args:
        requests: how many were answered.
        seconds: how long it took.
        p50_ms: half were answered in at most this many milliseconds.
        p99_ms: 99 in 100 were answered in at most this many milliseconds.
        bad: how many failed or got another status than 2xx or 3xx.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    bad: int

    @property
    def rate(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def find() -> Path:
    """Where wrk is; installs Debian's package when it is missing and we are root.

    Raises:
        NoClient: it is missing; the message says what to install.
    """
    if not shutil.which("wrk") and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["update", "-qq"], ["install", "-y", "-qq", "wrk"]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(["apt-get", *command], check=False, env=environment, capture_output=True)
    found = shutil.which("wrk")
    if not found:
        raise NoClient(
            "the benchmarks need wrk as their client: apt-get install wrk (Debian, Ubuntu) or brew install wrk"
        )
    return Path(found)


def parse(printed: str) -> Load:
    """Read the line that post.lua and create.lua print last.

    >>> parse('...\\n{"requests":20,"microseconds":2000000,"p50":500,"p99":1500,"failed":1,"refused":2}\\n')
    Load(requests=20, seconds=2.0, p50_ms=0.5, p99_ms=1.5, bad=3)
    """
    seen = json.loads(printed.strip().splitlines()[-1])
    return Load(
        seen["requests"],
        seen["microseconds"] / 1e6,
        seen["p50"] / 1e3,
        seen["p99"] / 1e3,
        seen["failed"] + seen["refused"],
    )


def run(url: str, *args: str, script: Path, connections: int, seconds: float, cores: set[int] | None = None) -> Load:
    """Load a URL and return what came of it.

    Args:
        url: where to post.
        args: handed to the script.
        script: POST or CREATE.
        connections: kept open and busy all the time.
        seconds: how long; wrk takes whole ones.
        cores: where the client runs. Default: the core that no server under measurement uses.

    Raises:
        FailedLoad: a request failed or was answered with something else than 2xx.
    """
    pin = ",".join(str(core) for core in sorted(cores or {CLIENT_CORE}))
    command = [
        "taskset",
        "-c",
        pin,
        str(find()),
        "-t1",
        f"-c{connections}",
        f"-d{round(seconds)}s",
        "-s",
        str(script),
        url,
        "--",
        *args,
    ]
    load = parse(subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout)
    if load.bad or not load.requests:
        raise FailedLoad(f"{url}: {load.bad} of {load.requests} requests failed or were refused")
    return load
