"""`poblano run` as a pod runs it: certificate files, health, review, drain."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import signal
import ssl
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poblano.admission.certificates import Issued, issue
from poblano.cli.defining import NAMESPACES
from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core.crd import CRD
from poblano.core.store.definition import store_definition
from tests.cli.developing import EXAMPLES, POBLANO, environment
from tests.cluster.serving_cluster import running as serving
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Generator

HELLO = EXAMPLES / "hello"
CLUSTER: dict[str, str] = {}
"""How a process reaches it."""
REVIEW = {
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "request": {
        "uid": "u",
        "operation": "CREATE",
        "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
        "resource": {"group": "", "version": "v1", "resource": "configmaps"},
        "namespace": "poblano-demo",
        "name": "example-1",
        "userInfo": {"username": "jane"},
        "object": {"metadata": {"name": "example-1"}},
    },
}


@pytest.fixture(scope="module")
def kubeconfig() -> Generator[Path]:
    """Of a cluster that serves stores: hello has one."""

    async def prepare(kubeconfig: Path) -> None:
        async with connect(kubeconfig) as client:
            api = Resources(client)
            await api.apply(CRD, store_definition(), force=True)
            await api.create(NAMESPACES, {"metadata": {"name": "poblano-system"}})

    with serving(Settings()) as cluster:
        asyncio.run(prepare(cluster.kubeconfig))
        yield cluster.kubeconfig


@pytest.fixture(autouse=True)
def _cluster_is_known(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLUSTER, "KUBECONFIG", str(kubeconfig))


def write(folder: Path, issued: Issued) -> None:
    (folder / "tls.crt").write_bytes(issued.pair.certificate)
    (folder / "tls.key").write_bytes(issued.pair.key)


@contextlib.contextmanager
def running(folder: Path, environ: dict[str, str] | None = None) -> Generator[tuple[subprocess.Popen[str], int, int]]:
    options = ["--host", "127.0.0.1", "--port", "0", "--health-port", "0"]
    files = [] if environ else ["--cert", str(folder / "tls.crt"), "--key", str(folder / "tls.key")]
    process = subprocess.Popen(
        [*POBLANO, "run", *options, *files],
        cwd=HELLO,
        env=environment() | CLUSTER | (environ or {}),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert line["message"] == "serving"
        port, health = (int(re.split(r":(\d+)$", line[key][0])[1]) for key in ("https", "health"))
        yield process, port, health
    finally:
        process.kill()
        process.communicate()


def post(port: int, issued: Issued, path: str = "/mutate/fail/10") -> dict[str, object]:
    tls = ssl.create_default_context(cadata=issued.authority.decode())
    with closing(http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=60)) as connection:
        connection.request("POST", f"{path}?timeout=10s", json.dumps(REVIEW), {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            assert response.status == 200
            answer: dict[str, object] = json.loads(response.read())["response"]
            return answer


def page(port: int, path: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.status, response.read().decode()


def test_it_answers_counts_and_drains(tmp_path: Path) -> None:
    issued = issue([], ["127.0.0.1"])
    write(tmp_path, issued)
    with running(tmp_path) as (process, port, health):
        answer = post(port, issued)
        assert (answer["uid"], answer["allowed"], answer["patchType"]) == ("u", True, "JSONPatch")
        assert post(port, issued, "/mutate/fail/9")["patchType"] == "JSONPatch", "where a build of another timeout asks"
        assert page(health, "/healthz") == (200, "ok")
        eventually(lambda: page(health, "/readyz")[0] == 200, "it is ready")
        assert page(health, "/readyz?verbose") == (
            200,
            "[+]webhook ok\n[+]certificate ok\n[+]store ok\nreadyz check passed\n",
        )
        labels = 'capability="hello",kind="ConfigMap",operation="CREATE",result="changed",rule="mark-example-1"'
        counted = f"poblano_admission_rules_total{{{labels}}} 2.0"
        assert counted in page(health, "/metrics")[1]

        process.send_signal(signal.SIGTERM)
        eventually(lambda: page(health, "/readyz")[0] == 503, "it is not ready while it drains")
        assert post(port, issued)["allowed"] is True
        process.send_signal(signal.SIGTERM)  # a second one ends the drain at once
        assert process.wait(90) == 0
        assert process.stdout is not None
        lines = [json.loads(line) for line in process.stdout]
    reviews = [line for line in lines if line["message"] == "review"]
    assert {line["user"] for line in reviews} == {"jane"}
    assert reviews[0]["verdict"] == "changed"


def test_new_certificate_files_are_served_without_a_restart(tmp_path: Path) -> None:
    old, new = issue([], ["127.0.0.1"]), issue([], ["127.0.0.1"])
    write(tmp_path, old)
    with running(tmp_path) as (_, port, _):
        assert post(port, old)["uid"] == "u"
        write(tmp_path, new)

        def trusted() -> bool:
            with contextlib.suppress(ssl.SSLCertVerificationError):
                return post(port, new)["uid"] == "u"
            return False

        eventually(trusted, "the new certificate is served")
        with pytest.raises(ssl.SSLCertVerificationError):
            post(port, old)


def test_options_come_from_the_environment_as_well(tmp_path: Path) -> None:
    issued = issue([], ["127.0.0.1"])
    write(tmp_path, issued)
    given = {"POBLANO_CERT": str(tmp_path / "tls.crt"), "POBLANO_KEY": str(tmp_path / "tls.key")}
    with running(tmp_path, given) as (_, port, _):
        assert post(port, issued)["uid"] == "u"


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*POBLANO, "run", *options]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("options", "code", "said"),
    (
        ([], 2, "--cert and --key missing: give a certificate and its key"),
        (["--cert", "tls.crt"], 2, "--key missing"),
        (["--role", "watcher", "--work", "some"], 2, "'some' is not one of elected, shared, alone"),
        (["--role", "everything"], 2, "'everything' is not one of admission, watcher, all"),
        (["--port", "http"], 2, "'http' is not a valid integer"),
        (["--cert", "absent.crt", "--key", "absent.key"], 1, "absent.crt cannot be read: No such file or directory"),
        (["--cert", "hello.py", "--key", "hello.py"], 1, "give a PEM certificate and the key it was made with"),
    ),
)
def test_what_is_missing_or_wrong_is_said(options: list[str], code: int, said: str) -> None:
    done = run(HELLO, *options)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_watcher_without_anything_to_watch_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poblano]\nuuid = "idle"\nmodule = "idle:module"\n')
    (tmp_path / "idle.py").write_text("from poblano import Capability, Module\nmodule = Module(Capability('idle'))\n")
    done = run(tmp_path, "--role", "watcher")
    assert (done.returncode, "a watcher would have nothing to do" in done.stderr) == (2, True)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    issued = issue([], ["127.0.0.1"])
    write(tmp_path, issued)
    files = ["--cert", str(tmp_path / "tls.crt"), "--key", str(tmp_path / "tls.key")]
    with running(tmp_path) as (_, port, _):
        done = run(HELLO, "--host", "127.0.0.1", "--port", str(port), "--health-port", "0", *files)
    assert done.returncode == 1
    assert f"port {port} cannot be had: " in done.stderr
    assert "choose another with --port" in done.stderr
