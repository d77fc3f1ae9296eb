"""Who follows the widgets: Poblano, kopf and Pepr, each as it would run in a pod, with one action that returns at once."""

from __future__ import annotations

import compileall
import subprocess
import sys
import venv
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import node, ours, pepr
from benchmarks.certificates import ServingCertificate

POBLANO, POBLANO_WATCH = "Poblano", "Poblano, watch"
KOPF, KOPF_EVENT = "kopf", "kopf, on.event"
PEPR = "Pepr"
EVERYBODY = (POBLANO, KOPF, PEPR)
"""Who is asked for: the first two come with what they have for those who want to be told, and no more."""
KOPF_VERSION = "1.45.2"
SOURCES = Path(__file__).parent / "reconciling"
_ROOT = SOURCES.parents[1]


@dataclass(frozen=True, slots=True)
class Reconciler:
    """A program that follows objects.

    Args:
        name: what reports call it.
        command: that starts it.
        cwd: the folder that it is started in.
        agent: how the ``User-Agent`` of its requests begins.
        env: what it needs to be told beside what all are told.
        marks: whether it writes into the objects, so that it needs new ones each time.
        applies: whether it takes part where each object is to be applied something.
    """

    name: str
    command: list[str | Path]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    marks: bool = False
    applies: bool = True


def those(
    wanted: Collection[str], cache: Path, tls: ServingCertificate, say: Callable[[str], None]
) -> list[Reconciler]:
    """Those of these names; what they need is installed and built, once.

    Args:
        wanted: of EVERYBODY.
        cache: where what is installed is kept.
        tls: a certificate for the port that Pepr wants to serve.
        say: told what takes long.
    """
    compileall.compile_dir(ours.SOURCE, quiet=2)
    found: list[Reconciler] = []
    if POBLANO in wanted:
        found += [_ours(POBLANO, "reconcile"), _ours(POBLANO_WATCH, "watch")]
    if KOPF in wanted:
        program = kopf(cache, say)
        found += [_kopf(KOPF, "create", program), _kopf(KOPF_EVENT, "event", program)]
    if PEPR in wanted:
        found.append(_pepr(cache, tls, say))
    return found


def _ours(name: str, phase: str) -> Reconciler:
    command: list[str | Path] = [
        Path(sys.executable).with_name("poblano"),
        "run",
        "--role",
        "watcher",
        "--work",
        "alone",
    ]
    command += ["--host", "127.0.0.1", "--health-port", "0"]
    env = {"BENCH_PHASE": phase, "PYTHONPATH": f"{_ROOT}:{ours.SOURCE}"}
    return Reconciler(name, command, SOURCES, env, applies=phase == "reconcile")


def kopf(cache: Path, say: Callable[[str], None]) -> Path:
    """The program `kopf`, in an environment of its own with nothing but what it needs, and uvloop, which it uses then."""
    home = cache / f"kopf-{KOPF_VERSION}"
    program = home / "bin" / "kopf"
    if not program.exists():
        say(f"kopf {KOPF_VERSION}: install, once (in {cache.name}/)")
        venv.create(home, with_pip=True, clear=True)
        wanted = [f"kopf[uvloop]=={KOPF_VERSION}"]
        subprocess.run([home / "bin" / "pip", "install", "--quiet", *wanted], check=True, capture_output=True)
    return program


def _kopf(name: str, phase: str, program: Path) -> Reconciler:
    command: list[str | Path] = [program, "run", "--standalone", "--quiet", "--namespace", "bench", "handlers.py"]
    env = {"BENCH_PHASE": phase, "PYTHONPATH": str(_ROOT)}
    return Reconciler(name, command, SOURCES, env, marks=phase == "create", applies=phase == "create")


def _pepr(cache: Path, tls: ServingCertificate, say: Callable[[str], None]) -> Reconciler:
    env = {
        "NODE_ENV": "production",
        "LOG_LEVEL": "error",
        "PEPR_WATCH_MODE": "true",
        "PEPR_API_PATH": "t0ken",
        "SSL_KEY_PATH": str(tls.key),
        "SSL_CERT_PATH": str(tls.cert),
    }
    return Reconciler(PEPR, [node.find(), "dist/pepr-bench.js"], pepr.beside(cache, SOURCES, say), env)
