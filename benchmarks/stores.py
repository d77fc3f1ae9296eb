"""Poblano's store beside Pepr's: how many writes it takes, what a flush is, and how long until another process sees a write.

Each runs alone, beside the API server. An observer follows its objects as another process would; and it writes to them from outside, so
that the time until the store itself hears of others' writes is known as well.
"""

from __future__ import annotations

import compileall
import http.client
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from benchmarks import certificates, cluster, node, ours, pepr, processes
from benchmarks.cluster import Cluster
from benchmarks.figures import Bound, Spread, ratio
from benchmarks.processes import ALL_CORES
from poblano.core.store.definition import STORE, store_definition

NAMES = (POBLANO, PEPR) = ("Poblano", "Pepr")
NAMESPACE = "bench"
PROBES = 3
PATIENCE = 240.0
SOURCES = Path(__file__).parent / "storing"
_ROOT = SOURCES.parents[1]
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True, slots=True)
class Kept:
    """What one of them came to.

    Attributes:
        accepted: writes a second that do not wait, of 9000.
        flushed: items of a patch, while it writes to 500 keys as fast as it can.
        arrives: seconds from such a write until another process can see it at the API server.
        heard: seconds from a write of somebody else until its subscriber is told.
        awaited: seconds that a write takes that waits until it has arrived.
    """

    accepted: float
    flushed: Spread
    arrives: Spread
    heard: Spread
    awaited: Spread


@dataclass(frozen=True, slots=True)
class Keeper:
    """Whose store is measured: how it is started, the path of its object, and what its keys begin with there."""

    name: str
    command: Sequence[str | Path]
    cwd: Path
    env: Mapping[str, str]
    path: str
    prefix: str

    @property
    def collection(self) -> str:
        """The path of all such objects."""
        return self.path.rpartition("/")[0]


def measure(scratch: Path, cache: Path, *, wanted: Collection[str], say: Callable[[str], None]) -> dict[str, Kept]:
    """Let each take its turn.

    Args:
        scratch: for what a run writes.
        cache: for what is installed and built once.
        wanted: of NAMES.
        say: told how far it is.

    Raises:
        tests.control_plane.Unavailable: there is no control plane here.
        NotReady: one did not come up, or not to its end.
    """
    found: dict[str, Kept] = {}
    tls = certificates.make(scratch)
    with cluster.running(scratch) as plane:
        plane.namespace(NAMESPACE)
        plane.create(_DEFINITIONS, store_definition())
        pepr.prepare(plane)
        for who in _those(wanted, cache, tls, say):
            plane.served(who.collection)
            found[who.name] = kept = _turn(plane, scratch, who)
            say(
                f"  store, {who.name:<8} {kept.accepted:>9,.0f} writes/s, {kept.flushed.middle:,.0f} items a flush, "
                f"seen after {kept.arrives.middle:.1f} s, awaited {kept.awaited.middle:.3f} s"
            )
    return found


def bounds(found: Mapping[str, Kept]) -> Iterator[Bound]:
    """What is promised beside Pepr."""
    if POBLANO in found and PEPR in found:
        mine, theirs = found[POBLANO], found[PEPR]
        awaited = ratio(mine.awaited.middle, theirs.awaited.middle)
        yield Bound("an awaited write to the store, beside Pepr", awaited, 0.2, "at most", "x")
        heard = ratio(mine.heard.middle, theirs.heard.middle)
        yield Bound("a write of others to the store is heard of, beside Pepr", heard, 0.5, "at most", "x")


def of_notes(notes: Mapping[str, float], patches: Sequence[int], arrived: Mapping[str, float]) -> Kept:
    """What the notes of a module and of the observer come to.

    >>> notes = {"accepted": 9.0, "probe-0": 1.0, "awaited-0": 0.5, "outside-0": 3.5}
    >>> kept = of_notes(notes, [4], {"probe-0": 6.0, "outside-0": 3.0})
    >>> kept.arrives.middle, kept.heard.middle, kept.awaited.middle
    (5.0, 0.5, 0.5)
    """

    def named(prefix: str) -> list[str]:
        return sorted(key for key in notes if key.startswith(prefix))

    return Kept(
        notes["accepted"],
        Spread.of([float(size) for size in patches]),
        Spread.of([arrived[key] - notes[key] for key in named("probe-")]),
        Spread.of([notes[key] - arrived[key] for key in named("outside-")]),
        Spread.of([notes[key] for key in named("awaited-")]),
    )


def _those(
    wanted: Collection[str], cache: Path, tls: certificates.ServingCertificate, say: Callable[[str], None]
) -> Iterator[Keeper]:
    if POBLANO in wanted:
        compileall.compile_dir(ours.SOURCE, quiet=2)
        program = Path(sys.executable).with_name("poblano")
        options = ["run", "--role", "watcher", "--work", "alone", "--host", "127.0.0.1", "--health-port", "0"]
        path = f"/apis/{STORE.api_version}/namespaces/{NAMESPACE}/{STORE.plural}/poblano-bench-keeping"
        env = {"PYTHONPATH": f"{_ROOT}:{ours.SOURCE}"}
        yield Keeper(POBLANO, [program, *options], SOURCES, env, path, "")
    if PEPR in wanted:
        env = {
            "NODE_ENV": "production",
            "LOG_LEVEL": "error",
            "PEPR_WATCH_MODE": "false",
            "PEPR_API_PATH": "t0ken",
            "SSL_KEY_PATH": str(tls.key),
            "SSL_CERT_PATH": str(tls.cert),
        }
        module = pepr.beside(cache, SOURCES, say)
        path = "/apis/pepr.dev/v1/namespaces/pepr-system/peprstores/pepr-bench-store"
        yield Keeper(PEPR, [node.find(), "dist/pepr-bench.js"], module, env, path, "keeping-v2-")


def _turn(plane: Cluster, scratch: Path, who: Keeper) -> Kept:
    tally = scratch / f"{who.name}.tally"
    tally.touch()
    env = {
        **who.env,
        "KUBECONFIG": str(plane.write_kubeconfig(tally.with_suffix(".kubeconfig"))),
        "BENCH_TALLY": str(tally),
    }
    command = [str(part) for part in who.command]
    with (
        Observer(plane, who) as observer,
        processes.running(
            who.name, command, log=tally.with_suffix(".log"), cores=ALL_CORES, cwd=who.cwd, env=env
        ) as server,
    ):
        processes.until_ready(server, partial(_has, tally, "ready"), seconds=PATIENCE, pause=0.2)
        for number in range(PROBES):
            observer.write(key := f"outside-{number}")
            processes.until_ready(server, partial(_has, tally, key), seconds=PATIENCE)
        return of_notes(_notes(tally), observer.patches, observer.arrived)


def _notes(tally: Path) -> dict[str, float]:
    lines = [line.split() for line in tally.read_text().splitlines()]
    return {line[0]: float(line[1]) for line in lines if len(line) == 2}


def _has(tally: Path, what: str) -> bool:
    return what in _notes(tally)


class Observer:
    """Another process that looks at a store: notes when each key was there first, and how many items changed at once."""

    def __init__(self, plane: Cluster | None, who: Keeper) -> None:
        self.arrived: dict[str, float] = {}
        self.patches: list[int] = []
        self._who, self._plane = who, plane
        self._known: dict[str, str] = {}
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def write(self, key: str) -> None:
        """Write one item, as somebody else would."""
        patch = [{"op": "add", "path": f"/data/{self._who.prefix}{key}", "value": "x"}]
        self.arrived[key] = time.time()
        connection, answer = self._ask("PATCH", self._who.path, patch)
        answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the store of {self._who.name} could not be written: {answer.status}")

    def _run(self) -> None:
        while not self._ends.is_set():
            with suppress(OSError, http.client.HTTPException):
                self._watch()

    def _watch(self) -> None:
        name = self._who.path.rpartition("/")[2]
        query = f"?watch=1&timeoutSeconds=5&fieldSelector=metadata.name={name}"
        connection, answer = self._ask("GET", self._who.collection + query)
        try:
            for line in answer:
                self.see(json.loads(line)["object"].get("data") or {})
        finally:
            connection.close()

    def see(self, data: Mapping[str, str]) -> None:
        """Note what is new in a version of the object."""
        items = {key.removeprefix(self._who.prefix): value for key, value in data.items()}
        changed = [key for key, value in items.items() if self._known.get(key) != value]
        for key in changed:
            self.arrived.setdefault(key, time.time())
        if bulk := sum(key.startswith("key-") for key in changed):
            self.patches.append(bulk)
        self._known = items

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[http.client.HTTPSConnection, Any]:
        assert self._plane is not None
        context = ssl.create_default_context(cafile=self._plane.ca)
        where = self._plane.url.removeprefix("https://")
        connection = http.client.HTTPSConnection(where, context=context, timeout=60)
        headers = {"Authorization": f"Bearer {self._plane.token}", "Content-Type": "application/json-patch+json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        return connection, connection.getresponse()
