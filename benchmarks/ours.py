"""A module of Poblano, run as a pod would run it."""

from __future__ import annotations

import compileall
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import https
from benchmarks.certificates import ServingCertificate
from benchmarks.cluster import Cluster
from benchmarks.processes import Running, running, until_ready
from poblano.core.store.definition import store_definition

NOWHERE: dict[str, object] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "none",
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "none", "user": {}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
}
"""Port 9 is that of discard, which nobody serves."""

HELLO = Path(__file__).parents[1] / "examples" / "hello"
SOURCE = Path(__file__).parents[1] / "src"


@contextmanager
def serving(
    module: Path,
    port: int,
    tls: ServingCertificate,
    *,
    log: Path,
    cores: set[int],
    cluster: Cluster | None = None,
) -> Generator[Running]:
    """Run `poblano run` in a module's folder until the block ends.

    Its store is in the cluster; without one, what it keeps waits for an API server that never answers.
    """
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
    kubeconfig = log.with_suffix(".kubeconfig")
    if cluster is None:
        kubeconfig.write_bytes(https.dumps(NOWHERE))
    else:
        prepare(cluster)
        cluster.write_kubeconfig(kubeconfig)
    env = {"KUBECONFIG": str(kubeconfig)}
    with running("Poblano", [*command, *options], log=log, cores=cores, cwd=module, env=env) as server:
        until_ready(server, lambda: https.listens(port) and https.listens(health))
        yield server


def prepare(cluster: Cluster) -> None:
    """What `poblano store init` makes: the namespace and the kind that stores are kept in."""
    cluster.namespace("poblano-system")
    cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", store_definition())


def url(phase: str, port: int) -> str:
    """Where a module answers `mutate` or `validate`: all its actions keep the policy and time of pyproject.toml.

    >>> url("mutate", 8443)
    'https://localhost:8443/mutate/fail/10'
    """
    return f"https://localhost:{port}{path(phase)}"


def path(phase: str) -> str:
    """The path alone."""
    return f"/{phase}/fail/10"
