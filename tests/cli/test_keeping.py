"""The stores of a module in `poblano run`, in each role, and in `poblano dev`, over a reload."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
import signal
import ssl
import subprocess
from contextlib import closing
from types import SimpleNamespace

import pytest

from poblano.admission.certificates import issue
from poblano.admission.health import Checks
from poblano.cli import keeping
from poblano.cli.project import load_project
from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core.errors import NotFound
from poblano.core.kinds import Kind
from poblano.core.store.definition import STORE, store_definition
from tests.cli.developing import POBLANO, environment, started, write_project
from tests.cli.test_run import REVIEW, page, write
from tests.cluster.serving_cluster import running
from tests.eventually import eventually
from tests.watch.clusters import until

DEFINITIONS = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
NUMBERS = itertools.count(1)

MODULE = """
from poblano import Capability, Module, a

shop = Capability("shop")

@shop.when(a.ConfigMap).is_created().mutate
def count(cm):
    shop.store.set_item("asked", str(int(shop.store.get("asked", "0")) + 1))
    cm.set_label("asked", shop.store["asked"])

@shop.when(a.ConfigMap).is_created().watch
async def told(cm, phase):
    await shop.store.set(f"told {cm.metadata.name}", "yes")

module = Module(shop)
"""


@pytest.fixture(scope="module")
def cluster():
    with running(Settings()) as found:

        async def prepare():
            async with connect(found.kubeconfig) as client:
                api = Resources(client)
                await api.apply(DEFINITIONS, store_definition(), force=True)
                await api.create(NAMESPACES, {"metadata": {"name": "poblano-system"}})

        asyncio.run(prepare())
        yield found


@pytest.fixture
def project(tmp_path):
    """A module whose name in the cluster is of this test alone."""
    return write_project(tmp_path / "module", f"keeps-{next(NUMBERS)}", MODULE)


def uuid_of(folder):
    return (folder / "pyproject.toml").read_text().split('uuid = "')[1].split('"')[0]


def data_of(kubeconfig, folder, namespace="poblano-system"):
    """What the API server has in the store."""

    async def read():
        async with connect(kubeconfig) as client:
            try:
                found = await Resources(client).get(STORE, f"poblano-{uuid_of(folder)}-shop", namespace)
            except NotFound:
                return {}
            return found.get("data") or {}

    return asyncio.run(read())


@contextlib.contextmanager
def replica(folder, cluster, role="admission"):
    """`poblano run`, with batches an hour apart."""
    files = [] if role == "watcher" else ["--cert", folder / "tls.crt", "--key", folder / "tls.key", "--port", "0"]
    env = {"KUBECONFIG": str(cluster.kubeconfig), "POBLANO_STORE_FLUSH_SECONDS": "3600"}
    process = subprocess.Popen(
        [*POBLANO, "run", "--role", role, "--work", "alone", "--host", "127.0.0.1", "--health-port", "0", *files],
        cwd=folder,
        env=environment() | env,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = first_line(process)
        ports = {key: int(line[key][0].rsplit(":", 1)[1]) for key in ("https", "health") if key in line}
        eventually(lambda: page(ports["health"], "/readyz")[0] == 200, "it is ready", seconds=90)
        yield process, ports
    finally:
        process.kill()
        process.communicate()


def first_line(process):
    """What it says once it serves or watches."""
    while True:
        line = json.loads(process.stdout.readline())
        if line["message"] in {"serving", "watching"}:
            return line


def ask(port, issued, name="web"):
    """The label that a review of a new ConfigMap comes to."""
    tls = ssl.create_default_context(cadata=issued.authority.decode())
    review = json.loads(json.dumps(REVIEW))
    review["request"]["object"]["metadata"]["name"] = review["request"]["name"] = name
    with closing(http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=60)) as connection:
        connection.request(
            "POST", "/mutate/fail/10?timeout=10s", json.dumps(review), {"Content-Type": "application/json"}
        )
        return json.loads(connection.getresponse().read())["response"]


def end(process, health, *, drains=True):
    """SIGTERM; and where it drains once more, so that it does not serve on for 15 s."""
    process.send_signal(signal.SIGTERM)
    if drains:
        eventually(lambda: "it drains" in page(health, "/readyz?verbose")[1], "it drains", seconds=90)
        process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0


def test_reviews_write_to_the_store_and_a_sigterm_sends_what_they_wrote(project, cluster):
    write(project, issued := issue([], ["127.0.0.1"]))
    with replica(project, cluster) as (process, ports):
        assert "[+]store ok" in page(ports["health"], "/readyz?verbose")[1]
        answers = [ask(ports["https"], issued) for _ in range(3)]
        assert all(answer["allowed"] and "patch" in answer for answer in answers)
        assert data_of(cluster.kubeconfig, project).get("asked") is None
        shown = page(ports["health"], "/metrics")[1]
        assert 'poblano_store_items{capability="shop"} 1.0' in shown
        assert 'poblano_store_unsent{capability="shop"} 1.0' in shown
        end(process, ports["health"])
    assert data_of(cluster.kubeconfig, project)["asked"] == "3"
    with replica(project, cluster) as (process, ports):
        ask(ports["https"], issued)
        end(process, ports["health"])
    assert data_of(cluster.kubeconfig, project)["asked"] == "4"


@pytest.mark.parametrize("role", ("watcher", "all"))
def test_a_process_that_follows_keeps_the_store_too(project, cluster, role):
    write(project, issue([], ["127.0.0.1"]))
    with replica(project, cluster, role) as (process, ports):

        async def make():
            async with connect(cluster.kubeconfig) as client:
                one = {"metadata": {"name": f"made-for-{role}", "namespace": "default"}}
                await Resources(client).create(Kind("", "v1", "ConfigMap", "configmaps"), one)

        asyncio.run(make())
        key = f"told made-for-{role}"
        eventually(lambda: data_of(cluster.kubeconfig, project).get(key) == "yes", "the action has written", seconds=90)
        end(process, ports["health"], drains=role == "all")


def test_a_replica_that_cannot_know_its_store_is_not_ready(project, tmp_path):
    """It has no kind to keep it in."""
    write(project, issued := issue([], ["127.0.0.1"]))
    with running(Settings()) as empty:
        files = ["--cert", project / "tls.crt", "--key", project / "tls.key", "--port", "0"]
        process = subprocess.Popen(
            [*POBLANO, "run", "--host", "127.0.0.1", "--health-port", "0", *files],
            cwd=project,
            env=environment() | {"KUBECONFIG": str(empty.kubeconfig)},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            line = first_line(process)
            https, health = (int(line[key][0].rsplit(":", 1)[1]) for key in ("https", "health"))
            assert ask(https, issued)["allowed"]  # what it writes waits, and is read at once
            status, told = page(health, "/readyz?verbose")
            assert status == 503
            assert "[-]store failed: not known yet: poblano-keeps-" in told
            end(process, health)
        finally:
            process.kill()
            process.communicate()


async def test_stores_that_are_kept_no_longer_are_said_so_that_the_process_is_started_again(project, monkeypatch):
    class Ending:
        keepers = ()
        bind = not_ready = staticmethod(lambda: None)

        async def run(self):
            raise LookupError("what nobody has thought of")

    monkeypatch.setattr(keeping, "stores_of", lambda *_: Ending())
    readiness, liveness = Checks("readyz"), Checks("healthz")
    async with keeping.kept(load_project(project), SimpleNamespace(), readiness, liveness=liveness):
        await until(liveness.failures, "it is said")
        why = {"store": "it has ended (LookupError: what nobody has thought of)"}
        assert (readiness.failures(), liveness.failures()) == (why, why)


DEV = """
    from poblano import Capability, Module, a

    shop = Capability("shop", namespaces=["default"])

    @shop.when(a.ConfigMap).is_created().mutate
    def count(cm):
        before = shop.store.get("asked", "")
        shop.store.set_item("asked", before + "{by}")
        cm.set_label("asked", shop.store["asked"])

    module = Module(shop)
"""


def test_dev_makes_the_kind_and_a_module_that_is_loaded_anew_finds_what_the_old_one_wrote(tmp_path):
    folder = write_project(tmp_path / "module", "keeps", DEV.format(by="a"))
    with started("dev", folder=folder, environ={"POBLANO_STORE_FLUSH_SECONDS": "3600"}) as dev:
        dev.says("defined poblanostores.poblano.dev")
        dev.says("export KUBECONFIG=")
        dev.kubectl("create", "configmap", "one")
        dev.kubectl("create", "configmap", "two")
        write_project(folder, "keeps", DEV.format(by="b"))
        dev.says("reloaded 1 rule")
        dev.kubectl("create", "configmap", "three")
        found = dev.kubectl("get", "configmap", "three", "-o", "jsonpath={.metadata.labels.asked}")
        assert found == "aab"
        kept = json.loads(dev.kubectl("get", "poblanostores", "-n", "poblano-system", "-o", "json"))
        assert [(one["metadata"]["name"], one["data"]) for one in kept["items"]] == [
            ("poblano-keeps-shop", {"asked": "aa"})
        ]
        dev.ends(signal.SIGTERM)


EARLY = """
from poblano import Capability, Log, Module, a

shop = Capability("shop", namespaces=["default"])

@shop.when(a.ConfigMap).with_name("web").reconcile
async def read(cm, ctx):
    shop.store.get("n")
    Log.info("read", known=shop.store.keeper.informer.reflector.has_synced)

module = Module(shop)
"""


def test_no_watch_action_runs_before_what_is_in_its_store_is_known(tmp_path):
    """It would find an empty store, and write over what is there."""
    folder = write_project(tmp_path / "module", "early", EARLY)
    with running(Settings()) as found:

        async def apply(kind, obj):
            async with connect(found.kubeconfig) as client:
                await Resources(client).apply(kind, obj, "default", force=True)

        asyncio.run(apply(NAMESPACES, {"metadata": {"name": "poblano-system"}}))
        asyncio.run(apply(Kind("", "v1", "ConfigMap", "configmaps"), {"metadata": {"name": "web"}}))
        arguments = ("run", "--role", "watcher", "--work", "alone", "--health-port", "0")
        with started(*arguments, folder=folder, environ={"KUBECONFIG": str(found.kubeconfig)}) as watcher:
            watcher.says("install what defines it")
            asyncio.run(apply(DEFINITIONS, store_definition()))
            assert json.loads(watcher.says('"message":"read"'))["known"] is True
            watcher.ends(signal.SIGTERM)
