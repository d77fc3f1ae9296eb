"""Several replicas of one module in processes of their own, killed and stopped at will; and what they wrote down.

Each run of an action brackets itself in one file with the time that all processes of a machine share. A run that has no end
ended with its process.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self, cast

from tests.cli.developing import environment

ROOT = Path(__file__).resolve().parents[2]

MODULE = """
import asyncio, os, pathlib, time
from poblano import Capability, Context, Module, a

LOG = os.open(pathlib.Path(__file__).with_name("runs"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
shop = Capability("shop", namespaces=[os.environ["SPACE"]])

def note(what, one):
    os.write(LOG, f"{what} {os.getpid()} {time.monotonic()!r} {one.metadata.name} {one.data['n']}\\n".encode())

@shop.when(a.ConfigMap).with_name_regex("^item-").reconcile
async def bracketed(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
    note("begin", one)
    await asyncio.sleep(0.02)
    note("end", one)

@shop.when(a.ConfigMap).with_name_regex("^slow-").reconcile
async def writes_late(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
    note("begin", one)
    while not pathlib.Path(__file__).with_name("go").exists():
        await asyncio.sleep(0.05)
    await ctx.apply(a.ConfigMap(metadata={"name": "by-" + one.metadata.name}, data={"pid": str(os.getpid())}))
    note("end", one)

@shop.when(a.ConfigMap).with_name_regex("^thread-").reconcile
def cannot_be_stopped(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
    note("begin", one)
    while True:
        time.sleep(0.05)
        note("still", one)

@shop.when(a.ConfigMap).with_name_regex("^blocks-").reconcile
async def holds_the_loop(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
    note("begin", one)
    time.sleep(float(one.data["n"]))
    note("end", one)

module = Module(shop)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What an action wrote down."""

    what: str
    pid: int
    at: float
    name: str
    n: str


@dataclass(slots=True, eq=False)
class Replica:
    """One process."""

    process: subprocess.Popen[bytes]
    output: Path
    died: float = float("inf")

    @property
    def pid(self) -> int:
        return self.process.pid

    def lines(self) -> list[dict[str, object]]:
        """Its log."""
        return [json.loads(line) for line in self.output.read_text().splitlines() if line.startswith("{")]

    def says(self, message: str) -> dict[str, object] | None:
        """The first line of its log with that message."""
        return next((line for line in self.lines() if line["message"] == message), None)

    def is_ready(self) -> bool:
        """Whether its health port says so: its caches are warm."""
        if (watching := self.says("watching")) is None:
            return False
        (address,) = cast("list[str]", watching["health"])
        with closing(HTTPConnection(address, timeout=10)) as connection:
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == HTTPStatus.OK
            except (OSError, HTTPException):
                return False

    def is_alive(self) -> bool:
        if self.process.poll() is not None and self.died == float("inf"):
            self.died = time.monotonic()
        return self.process.returncode is None


@dataclass(slots=True)
class Replicas:
    """The replicas of one module. Ends all of them at the end of ``with``."""

    folder: Path
    kubeconfig: Path
    space: str
    work: str = "elected"
    times: tuple[float, float, float] = (15, 10, 2)
    all: list[Replica] = field(default_factory=list)

    def __enter__(self) -> Self:
        (self.folder / "pyproject.toml").write_text(
            f'[tool.poblano]\nuuid = "shop"\nmodule = "shop:module"\nnamespace = "{self.space}"\n'
        )
        (self.folder / "shop.py").write_text(MODULE)
        (self.folder / "runs").touch()
        return self

    def __exit__(self, *_: object) -> None:
        for replica in self.all:
            if replica.is_alive():
                os.kill(replica.pid, signal.SIGCONT)
                replica.process.kill()
            replica.process.wait()

    def start(self) -> Replica:
        """One more."""
        output = self.folder / f"replica-{len(self.all)}.log"
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.watch.replica",
            self.folder,
            self.work,
            *map(str, self.times),
        ]
        env = environment() | {"KUBECONFIG": str(self.kubeconfig), "SPACE": self.space, "PYTHONPATH": str(ROOT)}
        with output.open("wb") as file:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=file, stderr=file)
        self.all.append(Replica(process, output))
        return self.all[-1]

    @property
    def alive(self) -> list[Replica]:
        return [one for one in self.all if one.is_alive()]

    def leader(self) -> Replica | None:
        """The one that leads."""
        return next((one for one in self.alive if one.says("leads")), None)

    def runs(self) -> list[Line]:
        """What the actions wrote down, in order of time."""
        found = [line.split() for line in (self.folder / "runs").read_text().splitlines()]
        return sorted(
            (Line(what, int(pid), float(at), name, n) for what, pid, at, name, n in found), key=lambda one: one.at
        )

    def overlaps(self) -> list[tuple[Line, Line]]:
        """Runs of one object that went on at once, in whichever processes."""
        died, found = {one.pid: one.died for one in self.all}, []
        by_name: dict[str, list[tuple[float, float, Line]]] = defaultdict(list)
        for line in self.runs():
            if line.what == "begin":
                by_name[line.name].append((line.at, died[line.pid], line))
            elif line.what == "end":
                spans = by_name[line.name]
                last = max(number for number, span in enumerate(spans) if span[2].pid == line.pid)
                spans[last] = (spans[last][0], line.at, spans[last][2])
        for spans in by_name.values():
            for (_, end, one), (begin, _, other) in itertools.pairwise(spans):
                if begin < end:
                    found.append((one, other))
        return found

    def seen(self) -> dict[str, str]:
        """The last `n` of each object that a run came to the end with."""
        return {line.name: line.n for line in self.runs() if line.what == "end"}
