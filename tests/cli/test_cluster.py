"""``poblano cluster``: the real command, a real listener, and whatever a user can get wrong."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from poblano.cli.main import cli
from tests.cli.developing import POBLANO, environment
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Generator

ANYWHERE = ("--listen", "127.0.0.1:0")


@dataclass(frozen=True)
class Running:
    """A running command and the kubeconfig it wrote."""

    process: subprocess.Popen[str]
    kubeconfig: Path

    @property
    def config(self) -> dict[str, Any]:
        loaded: dict[str, Any] = yaml.safe_load(self.kubeconfig.read_text())
        return loaded

    @property
    def token(self) -> str:
        token: str = self.config["users"][0]["user"]["token"]
        return token

    def ask(self, path: str, *, token: str | None = None, **headers: str) -> tuple[int, Any]:
        """The status and the answer to a GET."""
        cluster = self.config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        bearer = self.token if token is None else token
        given = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(cluster["server"] + path, headers={**given, **named})
        try:
            with urllib.request.urlopen(
                request, context=ssl.create_default_context(cadata=authority), timeout=30
            ) as got:
                return got.status, json.loads(got.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def kubectl(self, *arguments: str, **environ: str) -> str:
        """What kubectl prints; an exit status of 1 ("no") is not a failure."""
        program = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or "kubectl"
        command = [program, f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=environment() | environ
        )
        return (done.stdout + done.stderr).strip()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """The exit status, and what was printed."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def running(folder: Path, *arguments: str) -> Generator[Running]:
    """The command, once its kubeconfig is there; killed at the end if it has not ended."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.unlink(missing_ok=True)
    command = [*POBLANO, "cluster", *ANYWHERE, "--kubeconfig-out", str(kubeconfig), *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            eventually(lambda: kubeconfig.exists() or process.poll() is not None, "it is ready", pause=0.02)
            yield Running(process, kubeconfig)
        finally:
            process.kill()


def refused(folder: Path, *arguments: str) -> str:
    """What the command says when it cannot start: one line."""
    done = subprocess.run(
        [*POBLANO, "cluster", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("Error: ").strip()


def test_it_is_ready_when_its_kubeconfig_is_there_and_ends_on_sigterm(tmp_path: Path) -> None:
    with running(tmp_path) as cluster:
        status, answer = cluster.ask("/api/v1/namespaces/default")
        assert (status, answer["kind"]) == (200, "Namespace")
        assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600
        url = cluster.config["clusters"][0]["cluster"]["server"]
        code, out, err = cluster.end()
    assert (code, err) == (0, "")
    assert out == f"Kubernetes API at {url} (in memory: gone when this ends)\nexport KUBECONFIG={tmp_path}/kubeconfig\n"


def test_it_ends_on_ctrl_c_and_with_its_terminal(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        with running(tmp_path) as cluster:
            assert cluster.end(number)[0] == 0


def test_a_watch_does_not_keep_it_and_is_ended_cleanly(tmp_path: Path) -> None:
    with running(tmp_path) as cluster:
        server = cluster.config["clusters"][0]["cluster"]["server"]
        request = urllib.request.Request(
            server + "/api/v1/namespaces?watch=true", headers={"Authorization": f"Bearer {cluster.token}"}
        )
        context = ssl._create_unverified_context()
        with urllib.request.urlopen(request, context=context, timeout=30) as watch:
            assert json.loads(watch.readline())["type"] == "ADDED"
            assert cluster.end()[0] == 0
            assert [json.loads(line)["type"] for line in watch.read().splitlines()] == ["ADDED"] * 3


def test_without_roles_whoever_is_known_may_everything_and_nobody_else_gets_in(tmp_path: Path) -> None:
    with running(tmp_path) as cluster:
        assert cluster.ask("/api/v1/secrets", Impersonate_User="zoe")[0] == 200
        for token in ("", "nope"):
            status, answer = cluster.ask("/version", token=token)
            assert (status, answer["reason"]) == (401, "Unauthorized")
        assert cluster.end()[0] == 0


def test_with_roles_they_decide(tmp_path: Path) -> None:
    with running(tmp_path, "--rbac") as cluster:
        status, answer = cluster.ask("/api/v1/secrets", Impersonate_User="zoe")
        assert (status, answer["message"]) == (
            403,
            'secrets is forbidden: User "zoe" cannot list resource "secrets" in API group "" at the cluster scope',
        )
        assert cluster.ask("/version", token="")[0] == 200
        assert cluster.ask("/api/v1/secrets", token="")[0] == 403
        assert cluster.ask("/version", token="nope")[0] == 401
        assert cluster.end()[0] == 0


def test_kubectl_asks_who_it_is_and_what_it_may(tmp_path: Path) -> None:
    with running(tmp_path, "--rbac") as cluster:
        kubectl = cluster.kubectl
        assert "system:masters" in kubectl("auth", "whoami")
        assert kubectl("create", "serviceaccount", "bot") == "serviceaccount/bot created"
        assert kubectl("create", "role", "reader", "--verb=list", "--resource=pods").endswith("reader created")
        assert kubectl("create", "rolebinding", "reads", "--role=reader", "--serviceaccount=default:bot").endswith(
            "created"
        )
        bot = "--as=system:serviceaccount:default:bot"
        assert kubectl("auth", "can-i", "list", "pods", bot) == "yes"
        assert kubectl("auth", "can-i", "delete", "pods", bot) == "no"
        assert "pods" in kubectl("auth", "can-i", "--list", bot)
        token = kubectl("create", "token", "bot", "--duration=20m")
        assert kubectl("get", "pods", f"--token={token}", "--user=") == "No resources found in default namespace."
        refusal = kubectl("get", "secrets", f"--token={token}", "--user=")
        assert refusal.startswith(
            'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:default:bot"'
        )
        assert kubectl("delete", "serviceaccount", "bot").startswith('serviceaccount "bot" deleted')
        assert "Unauthorized" in kubectl("get", "pods", f"--token={token}", "--user=")
        assert cluster.end()[0] == 0


def test_nobody_grants_what_they_do_not_hold(tmp_path: Path) -> None:
    with running(tmp_path, "--rbac") as cluster:
        kubectl = cluster.kubectl
        kubectl("create", "rolebinding", "zoe", "--clusterrole=admin", "--user=zoe")
        assert kubectl("create", "role", "r", "--verb=get", "--resource=pods", "--as=zoe").endswith("r created")
        refusal = kubectl("create", "role", "s", "--verb=get", "--resource=nodes", "--as=zoe")
        assert refusal.endswith(
            'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}'
        )
        assert cluster.end()[0] == 0


def test_a_data_directory_brings_back_the_same_cluster(tmp_path: Path) -> None:
    kept = ("--data-dir", str(tmp_path / "data"))
    seen = []
    for _ in range(2):
        with running(tmp_path, *kept) as cluster:
            config = cluster.config
            uid = cluster.ask("/api/v1/namespaces/default")[1]["metadata"]["uid"]
            seen.append((uid, config["users"], config["clusters"][0]["cluster"]["certificate-authority-data"]))
            code, out, _ = cluster.end()
            assert code == 0
            assert f"(kept in {tmp_path}/data)" in out
    assert seen[0] == seen[1]


def test_a_data_directory_is_one_process_s(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with running(tmp_path, "--data-dir", data) as cluster:
        assert refused(tmp_path, *ANYWHERE, "--data-dir", data) == (
            f"{data} is in use by another process (process {cluster.process.pid}); end that one, or give another --data-dir"
        )
        assert cluster.end()[0] == 0


def test_the_kubeconfig_has_a_place_of_its_own_that_is_gone_with_the_cluster(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*POBLANO, "cluster", *ANYWHERE],
        cwd=tmp_path,
        env=environment() | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        place = Path(process.stdout.readline().strip().removeprefix("export KUBECONFIG="))
        assert place.parent.parent == tmp_path
        assert yaml.safe_load(place.read_text())["kind"] == "Config"
        process.terminate()
        assert process.wait(30) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused(tmp_path, "--listen", f"127.0.0.1:{port}") == (
            f"cannot listen at 127.0.0.1:{port}: something else listens there; "
            "end it, or take any free port: --listen 127.0.0.1:0"
        )


@pytest.mark.parametrize("host", ["198.51.100.1", "no.such.host.invalid"])
def test_a_host_that_is_not_this_machine_s_is_told(tmp_path: Path, host: str) -> None:
    assert refused(tmp_path, "--listen", f"{host}:0").startswith(f"cannot listen at {host}:0: ")


def test_places_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("notes")
    assert refused(tmp_path, *ANYWHERE, "--data-dir", str(file / "data")) == (
        f"cannot use the data directory {file}/data: Not a directory; give another --data-dir"
    )
    assert refused(tmp_path, *ANYWHERE, "--kubeconfig-out", str(file / "kubeconfig")) == (
        f"cannot write {file}/kubeconfig: Not a directory; give another --kubeconfig-out"
    )
    assert refused(tmp_path, *ANYWHERE, "--kubeconfig-out", str(file)) == (
        f"{file} holds something else already; give another --kubeconfig-out, or delete it"
    )
    assert file.read_text() == "notes"


@pytest.mark.skipif(os.geteuid() == 0, reason="cannot run here: root may write anywhere")
def test_a_directory_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "Permission denied" in refused(tmp_path, *ANYWHERE, "--data-dir", str(tmp_path / "data"))


def test_a_data_directory_that_holds_something_else_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "cluster.sqlite").write_text("this is no database, and long enough to be seen as none " * 40)
    said = refused(tmp_path, *ANYWHERE, "--data-dir", str(data))
    assert said.startswith("cannot read what the data directory holds: ")
    assert said.endswith("; give another --data-dir")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("6443", "'6443' is not HOST:PORT"),
        ("localhost:http", "'http' is not a port: give 0 to 65535 (0 takes a free one)"),
        ("::1:6443", "'::1:6443' is not HOST:PORT"),
    ],
)
def test_what_is_no_address_is_told(value: str, message: str) -> None:
    done = CliRunner().invoke(cli, ["cluster", "--listen", value])
    assert done.exit_code == 2
    assert done.output.endswith(f"Error: Invalid value for '--listen': {message}\n")


def test_the_help_says_what_it_is_and_how_to_use_it() -> None:
    shown = " ".join(CliRunner().invoke(cli, ["cluster", "--help"]).output.split())
    for part in (
        "Run a small Kubernetes cluster: its API, on this machine.",
        "export KUBECONFIG=... (the line it prints)",
        "--listen HOST:PORT Where to serve; port 0 takes a free one. IPv6 as [::1]:6443. [default: 127.0.0.1:6443]",
        "--data-dir DIR Keep objects, keys and certificates here, for the next start.",
        "--kubeconfig-out FILE Write the kubeconfig here, once the cluster answers.",
        "--rbac Let roles decide who may do what.",
        "--controllers Let Deployments, Jobs and the like make Pods, and let Pods run",
    ):
        assert part in shown
