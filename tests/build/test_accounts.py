"""What the pods of the examples ask a real API server for, by its audit log, is what their roles allow: no less, and no more."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
from contextlib import closing, contextmanager
from http.client import HTTPSConnection
from threading import Event, Thread

import pytest

from poblano.client import Resources, connect
from poblano.core.kinds import Kind
from tests.build.accounts import deployed
from tests.cli.developing import EXAMPLES
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(600)
"""Some requests are made only when things go wrong, which they do in their own time."""

DEMOS = ("accounts-demo", "accounts-demo-2")
WEBAPPS = Kind("examples.poblano.dev", "v1alpha1", "WebApp", "webapps")


@pytest.fixture
def hello(tmp_path):
    """The example, in namespaces that no other test has."""
    folder = tmp_path / "hello"
    shutil.copytree(EXAMPLES / "hello", folder)
    module = folder / "hello.py"
    module.write_text(module.read_text().replace("poblano-demo", "accounts-demo"))
    return folder


def test_what_the_watcher_of_hello_does_is_what_it_may(control_plane, hello):
    """The second namespace is there at the start, which the rule `welcome` is told."""
    accounts = deployed(control_plane, hello, "accounts-of-hello", *DEMOS)
    with accounts.running("watcher") as watcher:
        watcher.says("leads")
        for space in DEMOS:
            joke = {"metadata": {"name": "joke", "labels": {"chuck-norris": "please"}}}
            apply(control_plane, space, {"apiVersion": "v1", "kind": "ConfigMap", **joke})
        accounts.are_used_up("watcher", but="watch")
    accounts.are_used_up("watcher")
    assert accounts.forbidden("watcher") == []
    assert accounts.uncovered("watcher") == set()


def test_what_the_watcher_of_the_operator_does_is_what_it_may(control_plane):
    """Some it does when things go wrong only: a get is made when somebody else has written before its status or finalizer is, and
    an event is counted when an action fails again.
    """
    accounts = deployed(control_plane, EXAMPLES / "operator", "accounts-of-webapps", "accounts-pages")
    with accounts.running("watcher") as watcher:
        watcher.says("leads")
        webapp(control_plane, "1-names-no-service")  # fails, again and again
        webapp(control_plane, "page")
        with others_writing(control_plane, "page"):
            accounts.are_used_up("watcher", but="watch")
        control_plane.kubectl("delete", "webapps", "--all", "-n", "accounts-pages", "--timeout=60s")
    accounts.are_used_up("watcher")
    assert accounts.forbidden("watcher") == []
    assert accounts.uncovered("watcher") == set()


def test_what_the_admission_pods_of_hello_do_is_what_they_may(control_plane, hello):
    """They make certificates, arm the webhooks, and write to the store for an action."""
    accounts = deployed(control_plane, hello, "accounts-of-hello-2", *DEMOS, kubernetes=control_plane.version)
    with accounts.webhooks() as paths:
        with accounts.running("admission", "--port", "0", "--certificates", "self") as admission:
            address = json.loads(admission.says('"serving"'))["https"][0]
            eventually(lambda: accounts.armed("mutating"), "the webhooks are armed")
            made = {"metadata": {"name": "example-1", "namespace": "accounts-demo"}, "data": {"a": "b"}}
            assert review(address, paths["mutate"], {"apiVersion": "v1", "kind": "ConfigMap", **made})["allowed"]
            accounts.are_used_up("admission", but="watch")
        accounts.are_used_up("admission")
    assert accounts.forbidden("admission") == []
    assert accounts.uncovered("admission") == set()


def test_what_the_admission_pods_of_the_operator_do_is_what_they_may(control_plane):
    """There are no rules that mutate, so that they have to do with one configuration only."""
    folder = EXAMPLES / "operator"
    accounts = deployed(control_plane, folder, "accounts-of-webapps-2", kubernetes=control_plane.version)
    with accounts.webhooks():
        with accounts.running("admission", "--port", "0", "--certificates", "self") as admission:
            admission.says('"serving"')
            eventually(lambda: accounts.armed("validating"), "the webhooks are armed")
            accounts.are_used_up("admission", but="watch")
        accounts.are_used_up("admission")
    assert accounts.forbidden("admission") == []
    assert accounts.uncovered("admission") == set()


def review(address, path, document):
    """The answer to the question whether an object may be made."""
    kind = {"group": "", "version": "v1"}
    about = {"name": document["metadata"]["name"], "namespace": document["metadata"]["namespace"]}
    request = {
        "uid": "1",
        "kind": {**kind, "kind": "ConfigMap"},
        "resource": {**kind, "resource": "configmaps"},
        "operation": "CREATE",
        "userInfo": {"username": "somebody"},
        "object": document,
        **about,
    }
    body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
    unverified = ssl._create_unverified_context()
    with closing(HTTPSConnection(address, context=unverified)) as connection:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())["response"]


def apply(cluster, space, document):
    cluster.kubectl("apply", "-n", space, "-f", "-", input=json.dumps(document))


def webapp(cluster, name):
    kind = {"apiVersion": WEBAPPS.api_version, "kind": WEBAPPS.kind}
    apply(cluster, "accounts-pages", {**kind, "metadata": {"name": name}, "spec": {"theme": "dark", "replicas": 1}})


@contextmanager
def others_writing(cluster, name):
    """Somebody who changes a WebApp without end, so that the operator comes too late with what it writes now and then."""
    over = Event()

    async def write():
        async with connect(cluster.kubeconfig) as client:
            api, replicas = Resources(client, field_manager="somebody"), 1
            while not over.is_set():
                replicas = replicas % 7 + 1
                await api.patch(WEBAPPS, name, {"spec": {"replicas": replicas}}, "accounts-pages")

    thread = Thread(target=lambda: asyncio.run(write()))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
