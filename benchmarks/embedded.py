"""The embedded cluster beside the real control plane: how soon it is ready, what it weighs, what it does in a second.

Both have the whole machine for themselves, in turns, and the same client on it.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks import cluster, processes
from benchmarks.api_client import Seen
from benchmarks.cluster import Cluster
from benchmarks.figures import Bound, Spread, paired
from benchmarks.processes import ALL_CORES

REAL, OURS, DURABLE = "kube-apiserver", "Poblano", "Poblano, on disk"
OBJECTS = 10_000
AT_ONCE = 8
WATCHERS = (0, 100)
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Start:
    """How the embedded cluster comes up: seconds until its kubeconfig is there, MB of memory then."""

    seconds: Spread
    memory_mb: Spread


@dataclass(frozen=True, slots=True)
class Served:
    """What one server did, in the turns with so many watchers."""

    server: str
    watchers: int
    creates: Spread
    events: Spread
    listed: Spread
    paged: Spread
    of_real: float
    """The median of each round's part of the real server's create rate."""


def measure(scratch: Path, *, rounds: int, say: Callable[[str], None]) -> tuple[Start, list[Served]]:
    """Let them take turns.

    Raises:
        tests.control_plane.Unavailable: there is no real control plane here.
        NotReady: a server did not come up.
    """
    starts: list[tuple[float, float]] = []
    seen: dict[tuple[str, int], list[Seen]] = {}
    for number in range(rounds):
        for name in (REAL, OURS, DURABLE):
            folder = scratch / f"{name.split(',')[0]}-{number}-{len(name)}"
            folder.mkdir()
            with _server(name, folder, starts) as served:
                for watchers in WATCHERS:
                    one = _turn(served, f"bench-{watchers}", watchers)
                    seen.setdefault((name, watchers), []).append(one)
                    say(f"  {name:<18} round {number + 1}, {watchers:>3} watchers: {one.creates:>6,.0f} creates/s")
    start = Start(Spread.of([seconds for seconds, _ in starts]), Spread.of([memory for _, memory in starts]))
    return start, summary(seen)


def summary(seen: Mapping[tuple[str, int], Sequence[Seen]]) -> list[Served]:
    """Medians, and the create rate as a part of the real server's of the same round.

    >>> rates = {(REAL, 0): [Seen(100, 0, 1, 1)], (OURS, 0): [Seen(80, 0, 1, 1)]}
    >>> summary(rates)[1].of_real
    0.8
    """
    return [
        Served(
            name,
            watchers,
            Spread.of([one.creates for one in turns]),
            Spread.of([one.events for one in turns]),
            Spread.of([one.listed for one in turns]),
            Spread.of([one.paged for one in turns]),
            paired([one.creates for one in turns], [one.creates for one in seen[REAL, watchers]]),
        )
        for (name, watchers), turns in seen.items()
    ]


def bounds(start: Start, rows: Sequence[Served]) -> list[Bound]:
    """What is promised of it."""
    held = [
        Bound("the embedded cluster is ready", start.seconds.middle, 1, "at most", "s"),
        Bound("memory of the embedded cluster then", start.memory_mb.middle, 80, "at most", "MB"),
    ]
    for row in rows:
        if row.server == OURS:
            watched = f"{row.watchers} watchers" if row.watchers else "nobody watches"
            held.append(Bound(f"creates in it, {watched}, beside the real", row.of_real, 0.5, "at least", "x"))
    return held


@contextmanager
def _server(name: str, folder: Path, starts: list[tuple[float, float]]) -> Generator[Cluster]:
    if name == REAL:
        with cluster.running(folder) as plane:
            yield plane
        return
    kubeconfig = folder / "kubeconfig"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "poblano.cli",
        "cluster",
        "--listen",
        "127.0.0.1:0",
        "--kubeconfig-out",
        kubeconfig,
    ]
    if name == DURABLE:
        command += ["--data-dir", folder / "data"]
    begun = time.perf_counter()
    with processes.running(name, command, log=folder / "log", cores=ALL_CORES) as server:
        processes.until_ready(server, kubeconfig.exists, pause=0.005)
        starts.append((time.perf_counter() - begun, server.rss_mb()))
        yield _cluster(kubeconfig, folder, server.pid)


def _cluster(kubeconfig: Path, folder: Path, pid: int) -> Cluster:
    config = yaml.safe_load(kubeconfig.read_text())
    ca = folder / "ca.crt"
    ca.write_bytes(base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]))
    return Cluster(config["clusters"][0]["cluster"]["server"], ca, config["users"][0]["user"]["token"], [pid])


def _turn(served: Cluster, namespace: str, watchers: int) -> Seen:
    served.namespace(namespace)
    command = [sys.executable, "-m", "benchmarks.api_client", served.url, str(served.ca), served.token, namespace]
    command += [str(OBJECTS), str(AT_ONCE), str(watchers)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"the client failed: {done.stderr[-1000:]}")
    return Seen(**json.loads(done.stdout))
