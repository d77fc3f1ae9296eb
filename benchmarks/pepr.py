"""Pepr 1.1.4 from npm: its hello module, built and run in production mode."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import https, node
from benchmarks.certificates import ServingCertificate
from benchmarks.cluster import Cluster
from benchmarks.processes import Running, running, until_ready

VERSION = "1.1.4"
PORT = 3000
"""Pepr's own; it cannot be told another."""
URL = f"https://localhost:{PORT}"
_TOKEN = "t0ken"


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
    node.run(cache / "node", home, "npm", "install", "--no-fund", "--no-audit", f"pepr@{VERSION}")
    node.run(
        cache / "node",
        home,
        "npx",
        "pepr",
        "init",
        "-n",
        "hello",
        "-d",
        "hello",
        "-e",
        "reject",
        "-u",
        "hello",
        "-s",
        "-y",
    )
    (module / "node_modules").symlink_to("../node_modules")
    node.run(cache / "node", module, "npx", "pepr", "build")
    if not is_built(cache):  # it ends with 0 whatever happened
        raise RuntimeError(f"npx pepr build made nothing in {module}")
    return module


def beside(cache: Path, sources: Path, say: Callable[[str], None]) -> Path:
    """Build another module there, of ``capability.ts`` and ``pepr.ts``; made anew when these have changed.

    Args:
        cache: for what is built once.
        sources: the folder of the two; the module's is called like it.
        say: told what takes long.

    Returns:
        The module's folder, with ``dist/pepr-bench.js`` in it.
    """
    hello = build(cache)
    module = hello.with_name(sources.name)
    wanted = {
        module / "capabilities" / "bench.ts": sources / "capability.ts",
        module / "pepr.ts": sources / "pepr.ts",
    }
    built = module / "dist" / "pepr-bench.js"
    if built.exists() and all(
        file.exists() and file.read_text() == source.read_text() for file, source in wanted.items()
    ):
        return module
    say(f"Pepr {VERSION}: build the module of {sources.name}, once (in {cache.name}/)")
    shutil.rmtree(module, ignore_errors=True)
    (module / "capabilities").mkdir(parents=True)
    for file, source in wanted.items():
        file.write_text(source.read_text())
    for name in ("tsconfig.json", "eslint.config.mjs", "README.md"):
        shutil.copy(hello / name, module)
    package = (hello / "package.json").read_text()
    (module / "package.json").write_text(package.replace('"hello"', '"bench"'))
    (module / "node_modules").symlink_to("../node_modules")
    node.run(cache / "node", module, "npx", "pepr", "build")
    if not built.exists():  # it ends with 0 whatever happened
        raise RuntimeError(f"npx pepr build made nothing in {module}")
    return module


@contextmanager
def serving(
    module: Path, cluster: Cluster, tls: ServingCertificate, *, log: Path, cores: set[int]
) -> Generator[Running]:
    """Run the built module as its image does, admission only, until the block ends."""
    prepare(cluster)
    env = {
        "KUBECONFIG": str(cluster.write_kubeconfig(log.with_suffix(".kubeconfig"))),
        "NODE_ENV": "production",
        "LOG_LEVEL": "info",
        "PEPR_WATCH_MODE": "false",
        "PEPR_API_PATH": _TOKEN,
        "SSL_KEY_PATH": str(tls.key),
        "SSL_CERT_PATH": str(tls.cert),
    }
    with running("Pepr", [node.find(), "dist/pepr-hello.js"], log=log, cores=cores, cwd=module, env=env) as server:
        until_ready(server, lambda: https.answers(URL + "/healthz", ca=tls.ca))
        yield server


def url(phase: str) -> str:
    """Where Pepr answers `mutate` or `validate`.

    >>> url("mutate")
    'https://localhost:3000/mutate/t0ken'
    """
    return f"{URL}/{phase}/{_TOKEN}"


def prepare(cluster: Cluster) -> None:
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
