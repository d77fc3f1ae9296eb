"""Where reconcilers take their turns: a control plane with widgets in it, and one of them at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import audit, processes, relay
from benchmarks.cluster import Cluster
from benchmarks.informed import Informed, informed
from benchmarks.load import GROUP, NAMESPACE, VERSION
from benchmarks.processes import ALL_CORES, Running
from benchmarks.reconcilers import Reconciler
from benchmarks.turns import SIZES, Turn, Work

UPDATES = 5
"""How often each object is changed in the stream."""
SETTLED_SECONDS = 6.0
"""After which memory is looked at: kopf ends its idle workers after five."""
PATIENCE = 600.0
_ROOT = Path(__file__).parents[1]
_LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(slots=True)
class Objects:
    """Widgets that are there: of a kind of their own, since Pepr watches whole kinds; `step` is what was written last."""

    kind: str
    count: int
    step: int = 0

    @property
    def plural(self) -> str:
        """As in a path."""
        return f"{self.kind.lower()}s"


class Arena:
    """A control plane with widgets in it, and the turns that are taken there."""

    def __init__(self, plane: Cluster, folder: Path) -> None:
        self._plane = plane
        self._folder = folder
        self._made: dict[tuple[int, str], Objects] = {}
        self._numbers = 0

    def turn(self, who: Reconciler, work: Work) -> Turn:
        """Let `who` do the work."""
        self._plane.delete(_LEASES)  # nobody waits for one who was killed
        objects = self._objects(who, work.objects)
        step = objects.step + UPDATES
        tally, begun = self._file("tally"), time.time()
        env = self._environment(who, work, objects, step, tally, self._plane)
        with processes.running(
            who.name, who.command, log=tally.with_suffix(".log"), cores=ALL_CORES, cwd=who.cwd, env=env
        ) as server:
            called = _noted(server, tally, "all")
            cpu, peak = server.cpu_seconds(), server.peak_mb()
            asked = audit.first_asked(audit.log(self._folder), objects.plural, begun)
            if asked is None:
                raise RuntimeError(f"the API server does not know that {who.name} asked for {objects.plural}")
            time.sleep(SETTLED_SECONDS)
            after = server.rss_mb()
            streamed = self._stream(server, objects, step, tally) if work.streams else (None, None)
        return Turn(work.objects, called["first"] - asked, called["all"] - asked, cpu, peak, after, *streamed)

    def connections(self, who: Reconciler) -> int:
        """How many `who` opens until it has reconciled the objects; each is applied something."""
        self._plane.delete(_LEASES)
        work = Work(SIZES[0], applies=who.applies)
        objects, tally = self._objects(who, work.objects), self._file("tally")
        with relay.relaying(self._plane.url, self._folder) as between:
            through = Cluster(between.url, self._plane.ca, self._plane.token, [])
            env = self._environment(who, work, objects, objects.step + 1, tally, through)
            with processes.running(
                who.name, who.command, log=tally.with_suffix(".log"), cores=ALL_CORES, cwd=who.cwd, env=env
            ) as server:
                _noted(server, tally, "all")
                opened = between.opened
        (self._folder / "relay").unlink()
        return opened

    def informed(self) -> Informed:
        """What an informer of ours takes that keeps the metadata of the many alone."""
        plural = next(made.plural for (count, owner), made in self._made.items() if (count, owner) == (SIZES[1], ""))
        return informed(self._plane.write_kubeconfig(self._file("kubeconfig")), plural, SIZES[1])

    def _stream(self, server: Running, objects: Objects, step: int, tally: Path) -> tuple[float, float]:
        before = server.cpu_seconds()
        begun, _ = self._load("update", objects.plural, objects.count, UPDATES, step)
        objects.step = step
        seconds = _noted(server, tally, "updated")["updated"] - begun
        updates = UPDATES * objects.count
        return updates / seconds, (server.cpu_seconds() - before) / updates * 1e6

    def _objects(self, who: Reconciler, count: int) -> Objects:
        """Those of this number; of its own, and new, for one that writes into them."""
        owner = who.name if who.marks else ""
        known = self._made.get((count, owner))
        if known is None or who.marks:
            known = self._made[count, owner] = self._new(count)
        return known

    def _new(self, count: int) -> Objects:
        self._numbers += 1
        objects = Objects(f"Widget{self._numbers}", count)
        self._plane.create(_DEFINITIONS, _definition(objects))
        self._plane.served(f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{objects.plural}")
        self._load("create", objects.plural, count)
        return objects

    def _load(self, *arguments: object) -> tuple[float, float]:
        where = [self._plane.url, self._plane.ca, self._plane.token]
        command = [sys.executable, "-m", "benchmarks.load", *map(str, where), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=False)
        if done.returncode:
            raise RuntimeError(f"the load failed: {done.stderr[-1000:]}")
        begun, ended = json.loads(done.stdout)
        return begun, ended

    def _file(self, name: str) -> Path:
        self._numbers += 1
        return self._folder / f"{name}-{self._numbers}"

    def _environment(
        self, who: Reconciler, work: Work, objects: Objects, step: int, tally: Path, plane: Cluster
    ) -> dict[str, str]:
        return {
            **who.env,
            "KUBECONFIG": str(plane.write_kubeconfig(tally.with_suffix(".kubeconfig"))),
            "BENCH_KIND": objects.kind,
            "BENCH_NAMESPACE": NAMESPACE,
            "BENCH_OBJECTS": str(objects.count),
            "BENCH_LAST_STEP": str(step),
            "BENCH_TALLY": str(tally),
            "BENCH_ACTION": "apply" if work.applies else "return",
            "BENCH_CONTENDER": who.name.lower().replace(", ", "-").replace(".", "-"),
            "BENCH_URL": plane.url,
            "BENCH_CA": str(plane.ca),
            "BENCH_TOKEN": plane.token,
        }


def _noted(server: Running, tally: Path, what: str) -> dict[str, float]:
    """Wait until the contender has noted that; all that it has noted, with the time of each."""
    processes.until_ready(server, lambda: what in _read(tally), seconds=PATIENCE)
    return _read(tally)


def _read(tally: Path) -> dict[str, float]:
    if not tally.exists():
        return {}
    return {what: float(at) for what, at, _ in (line.split() for line in tally.read_text().splitlines())}


def _definition(objects: Objects) -> dict[str, object]:
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    nothing: dict[str, object] = {}
    names = {"plural": objects.plural, "singular": objects.kind.lower(), "kind": objects.kind}
    version = {"name": VERSION, "served": True, "storage": True, "schema": schema, "subresources": {"status": nothing}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{objects.plural}.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]},
    }
