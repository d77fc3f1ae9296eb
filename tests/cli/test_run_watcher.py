"""`poblano run --role watcher`: watch and reconcile actions by themselves, as a pod runs them."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import subprocess
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from tests.cli.developing import POBLANO, environment
from tests.cluster.serving_cluster import running
from tests.eventually import eventually
from tests.watch.acting import finally_, found
from tests.watch.clusters import CONFIGMAPS

MODULE = """
from poblano import Capability, Context, Log, Module, Phase, a

shop = Capability("shop", namespaces=["default"])

@shop.when(a.ConfigMap).with_label("wants", "copy").reconcile
async def copy(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
    await ctx.apply(a.ConfigMap(metadata={"name": f"{one.metadata.name}-copy"}, data=dict(one.data)))

@shop.when(a.ConfigMap).is_created().watch
def seen(one: a.ConfigMap, phase: Phase) -> None:
    Log.info(one, "seen", phase=str(phase))

module = Module(shop)
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.poblano]\nuuid = "copies"\nmodule = "copies:module"\n')
    (tmp_path / "copies.py").write_text(MODULE)
    return tmp_path


async def copied(kubeconfig):
    async with connect(kubeconfig) as client:
        api = Resources(client)
        web = {"metadata": {"name": "web", "namespace": "default", "labels": {"wants": "copy"}}, "data": {"a": "1"}}
        await api.apply(CONFIGMAPS, web)

        async def copy():
            return await found(api, "default", "web-copy")

        return await finally_(copy, "it is copied")


HEAVY = {
    *("aiohttp", "attr", "cryptography", "frozenlist", "rich", "structlog", "uvicorn", "watchfiles", "yarl"),
    *("configparser", "email", "html", "http.client", "http.server", "logging.config", "multiprocessing", "pickle"),
    *("bz2", "lzma", "shutil", "socketserver", "tempfile", "unittest", "urllib.request", "wsgiref", "xml"),
    *("poblano.build", "poblano.cluster", "poblano.testing"),
}
"""What costs memory, and is for others: for webhooks, for a terminal, for building, for a process that serves Python."""


def imported(told):
    """The modules of a process that runs with PYTHONPROFILEIMPORTTIME, and the packages that they are in."""
    names = [line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")]
    return {".".join(name.split(".")[: count + 1]) for name in names for count in range(name.count(".") + 1)}


RUNS = ("controller_runtime_reconcile_total", "shop/copy", "success")


def scraped(host, port):
    """What /metrics says: values by name and the labels' values, in the order of the labels' names."""
    with closing(http.client.HTTPConnection(host, int(port))) as connection:
        connection.request("GET", "/metrics")
        families = list(text_string_to_metric_families(connection.getresponse().read().decode()))
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_it_acts_says_that_it_is_ready_and_ends_when_told(project):
    """And what it does not need, it does not load: a quarter of what other frameworks take is their HTTP client alone."""
    told = project / "imports"
    with running(Settings()) as cluster, told.open("w") as errors:
        process = subprocess.Popen(
            [*POBLANO, "run", "--role", "watcher", "--host", "127.0.0.1", "--health-port", "0"],
            cwd=project,
            env=environment()
            | {"KUBECONFIG": str(cluster.kubeconfig), "POBLANO_NAMESPACE": "default", "PYTHONPROFILEIMPORTTIME": "1"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            first = json.loads(process.stdout.readline())
            assert first["message"] == "watching"
            host, port = first["health"][0].rsplit(":", 1)

            def ready():
                with closing(http.client.HTTPConnection(host, int(port))) as connection:
                    connection.request("GET", "/readyz?verbose")
                    answer = connection.getresponse()
                    return answer.status == 200 and b"[+]caches ok\n[+]leader ok" in answer.read()

            eventually(ready, "it is ready")
            copy = asyncio.run(copied(cluster.kubeconfig))
            assert (copy["data"], copy["metadata"]["ownerReferences"][0]["name"]) == ({"a": "1"}, "web")
            assert {"poblano.client.pool", "poblano.watch.reconciling"} <= imported(told.read_text())
            assert not HEAVY & imported(told.read_text())
            eventually(lambda: scraped(host, port).get(RUNS, 0) >= 1, "the run is counted")
            depth = "workqueue_depth", "shop/seen/watch", "shop/seen/watch", "0"
            counts = eventually(lambda: (found := scraped(host, port)).get(depth) == 0 and found, "all is worked on")
            assert counts["leader_election_master_status", "poblano-copies"] == 1
            assert counts["workqueue_adds_total", "shop/copy", "shop/copy"] >= 1
            assert [key for key in counts if key[:2] == ("rest_client_requests_total", "200")]
            assert [key for key in counts if key[0] == "poblano_watch_synced"]
        finally:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=90)
        assert process.returncode == 0
        lines = [json.loads(line) for line in out.splitlines()]
        seen = [line for line in lines if line["message"] == "seen" and line["name"] == "web"]
        assert [(line["rule"], line["phase"]) for line in seen] == [("seen", "ADDED")]
