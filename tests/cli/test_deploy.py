"""`poblano deploy` against an embedded cluster whose controllers make Pods; a thread plays the pod that leads."""

from __future__ import annotations

import base64
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner

from poblano.cli import deploying
from poblano.cli.main import cli
from poblano.cluster.serving.served import Settings
from tests.cli.eager import sure_at_once
from tests.cli.kubelet import Kubelet
from tests.cluster.serving_cluster import running
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

CODE = """
from poblano import Capability, Module, a

shop = Capability("shop", namespaces=["shop"])
shop.when(a.Pod).is_created().validate(lambda pod: pod.approve(), name="first")
{more}
module = Module(shop)
"""
NODES = """
from poblano import Capability, Module, a

nodes = Capability("nodes")
nodes.when(a.Node).is_created().validate(lambda node: node.approve(), name="all")
module = Module(nodes)
"""
WATCH = """shop.when(a.ConfigMap).is_created().watch(lambda one, phase: None, name="seen")"""
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/poblano-ship"
ROLES = "/apis/rbac.authorization.k8s.io/v1/roles"
MERGE = "application/strategic-merge-patch+json"


@pytest.fixture(scope="module")
def kubelet() -> Iterator[Kubelet]:
    with running(Settings(controllers=True)) as cluster:
        one = Kubelet(cluster)
        one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        yield one
        one.close()


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[tool.poblano]\nuuid = "ship"\nmodule = "ship:module"\nnamespace = "harbour"\ndescription = "It ships"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    write(tmp_path, WATCH)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deploying, "LOOK_SECONDS", 0.05)
    sure_at_once(monkeypatch)


def write(folder: Path, more: str) -> None:
    (folder / "ship.py").write_text(CODE.format(more=more))


def deploy(kubelet: Kubelet, folder: Path, *arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(cli, ["deploy", "--kubeconfig", str(kubelet.kubeconfig(folder)), *arguments], **options)


class Leader:
    """Arms the webhooks, as the pod does that leads."""

    def __init__(self, kubelet: Kubelet) -> None:
        self._kubelet = kubelet
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._arm)

    def _arm(self) -> None:
        while not self._done.wait(0.05):
            try:
                found = self._kubelet.ask("GET", WEBHOOKS)["webhooks"]
            except HTTPError:
                continue
            for one in found:
                if not one["clientConfig"].get("caBundle"):
                    bundle = {"caBundle": base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()}
                    patch = [{"name": one["name"], "failurePolicy": "Fail", "clientConfig": bundle}]
                    self._kubelet.ask("PATCH", WEBHOOKS, {"webhooks": patch}, MERGE)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def names(kubelet: Kubelet, path: str) -> list[str]:
    found = kubelet.ask("GET", f"{path}?labelSelector=poblano.dev/uuid%3Dship")
    return [one["metadata"]["name"] for one in found["items"]]


def test_it_is_put_there_made_ready_and_armed_then_changed_and_what_is_not_needed_goes(
    kubelet: Kubelet, tmp_path: Path
) -> None:
    with Leader(kubelet):
        first = deploy(kubelet, tmp_path, "--yes", "--image", "mine:1")
    assert first.exit_code == 0, (first.output, first.exception)
    assert "Deployment poblano-ship-admission created" in first.output
    assert "poblano-ship-admission: 2 of 2 pods ready; poblano-ship-watcher: 2 of 2 pods ready" in first.output
    assert "the webhooks are armed" in first.output
    deployments = "/apis/apps/v1/namespaces/harbour/deployments"
    assert names(kubelet, deployments) == ["poblano-ship-admission", "poblano-ship-watcher"]
    pods = kubelet.ask("GET", f"{deployments}/poblano-ship-admission")["spec"]["template"]["spec"]
    assert [one["image"] for one in pods["containers"]] == ["mine:1"]

    again = deploy(kubelet, tmp_path, "--yes", "--image", "mine:1")
    assert again.exit_code == 0, (again.output, again.exception)
    assert "created" not in again.output
    assert "Deployment poblano-ship-admission unchanged" in again.output
    (armed,) = kubelet.ask("GET", WEBHOOKS)["webhooks"]
    assert (armed["failurePolicy"], bool(armed["clientConfig"]["caBundle"])) == ("Fail", True), "it was not disarmed"

    secrets = "/api/v1/namespaces/harbour/secrets"
    (code,) = [name for name in names(kubelet, secrets) if "module" in name]
    stray = {"metadata": {"name": "poblano-ship-module-0000000000", "labels": {"poblano.dev/uuid": "ship"}}}
    kubelet.ask("POST", secrets, stray)
    assert "poblano-ship-watcher-shop" in names(kubelet, ROLES)

    write(tmp_path, "")
    without = deploy(kubelet, tmp_path, "--yes", "--image", "mine:1")
    assert without.exit_code == 0, (without.output, without.exception)
    assert "Deployment poblano-ship-watcher taken away" in without.output
    assert names(kubelet, deployments) == ["poblano-ship-admission"]
    assert "poblano-ship-watcher" not in names(kubelet, "/api/v1/namespaces/harbour/serviceaccounts")
    assert "poblano-ship-watcher-shop" not in names(kubelet, ROLES), "roles in other namespaces go as well"
    left = [name for name in names(kubelet, secrets) if "module" in name]
    assert len(left) == 2, "that of the pods, and that of the pods of before, for a rollout that is undone"
    assert code in left
    assert "poblano-ship-module-0000000000" not in left


def test_who_is_asked_and_says_no_has_changed_nothing(kubelet: Kubelet, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "no"\nmodule = "ship:module"\nnamespace = "nowhere"\n'
    )
    said = deploy(kubelet, tmp_path, input="n\n")
    assert "Put no into nowhere of http" in said.output
    assert said.exit_code == 1
    with pytest.raises(HTTPError):
        kubelet.ask("GET", "/api/v1/namespaces/nowhere")


def test_whoever_takes_a_uuid_that_is_there_already_is_told_before(kubelet: Kubelet, tmp_path: Path) -> None:
    kubelet.has_deployment("taken", "shop", "poblano-taken-admission")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "taken"\nmodule = "ship:module"\nnamespace = "second"\n'
    )
    said = deploy(kubelet, tmp_path, input="n\n")
    assert "a module 'taken' is in shop now: it moves, and what is there is taken away" in said.output
    unanswered = deploy(kubelet, tmp_path, input="")
    assert "with --yes it does not ask" in unanswered.output
    assert kubelet.status("GET", "/api/v1/namespaces/second") == 404


def test_a_namespace_that_a_rule_names_is_made_when_that_is_asked_for(kubelet: Kubelet, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "away"\nmodule = "ship:module"\nnamespace = "away"\n'
    )
    (tmp_path / "ship.py").write_text(CODE.format(more=WATCH).replace('["shop"]', '["far", "shop"]'))
    said = deploy(kubelet, tmp_path, "--yes", "--timeout", "1")
    assert "far: no such namespace" in said.output
    assert "--create-namespaces" in said.output
    with pytest.raises(HTTPError):
        kubelet.ask("GET", "/api/v1/namespaces/away")
    deploy(kubelet, tmp_path, "--yes", "--timeout", "1", "--create-namespaces")
    assert kubelet.ask("GET", "/api/v1/namespaces/far")


def test_when_nobody_arms_the_webhooks_that_is_told(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(*_: object) -> None:
        """However slow the machine is, it is not the pods that are late."""

    monkeypatch.setattr(deploying.Deploying, "_rolled_out", at_once)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "mute"\nmodule = "ship:module"\nnamespace = "mute"\n'
    )
    said = deploy(kubelet, tmp_path, "--yes", "--timeout", "0.1")
    assert "nobody has armed validate-fail-10.mute.poblano.dev" in str(said.exception)
    assert "poblano doctor" in str(said.exception)


def test_pods_that_are_not_accepted_are_told_of(kubelet: Kubelet, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "full"\nmodule = "ship:module"\nnamespace = "full"\n'
    )
    kubelet.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "full"}})
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    kubelet.ask("POST", "/api/v1/namespaces/full/resourcequotas", quota)
    eventually(
        lambda: kubelet.ask("GET", "/api/v1/namespaces/full/resourcequotas/none").get("status", {}).get("hard"),
        "the quota is known",
    )
    for seconds in ("1", "9", "81"):  # in which it is said of the Deployment why it has no pods
        said = deploy(kubelet, tmp_path, "--yes", "--timeout", seconds)
        assert f"not ready after {seconds} s" in str(said.exception)
        if "exceeded quota" in str(said.exception):
            break
    assert "poblano-full-admission: its pods are not accepted: " in str(said.exception)
    assert "exceeded quota" in str(said.exception)


def test_what_would_lock_the_cluster_up_is_not_put_there(kubelet: Kubelet, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "lock"\nmodule = "ship:module"\nnamespace = "lock"\n'
    )
    (tmp_path / "ship.py").write_text(NODES)
    said = deploy(kubelet, tmp_path, "--yes")
    assert said.exit_code == 1
    assert "kyverno#16177" in str(said.exception)
    assert kubelet.status("GET", "/api/v1/namespaces/lock") == 404


def test_the_secret_of_a_registry_is_made_and_its_password_is_nowhere(kubelet: Kubelet, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "pull"\nmodule = "ship:module"\nnamespace = "pull"\n'
    )
    login = ("-p", "registry", "-S", "registry.example.com", "-U", "anna")
    said = deploy(kubelet, tmp_path, "--yes", "--timeout", "1", *login, env={"POBLANO_DOCKER_PASSWORD": "hunter2"})
    assert "hunter2" not in said.output + str(said.exception)
    secret = kubelet.ask("GET", "/api/v1/namespaces/pull/secrets/registry")
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    assert config["auths"]["registry.example.com"]["password"] == "hunter2"
    pods = kubelet.ask("GET", "/apis/apps/v1/namespaces/pull/deployments/poblano-pull-admission")["spec"]["template"]
    assert pods["spec"]["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-S", "registry.example.com"), "name it with --pull-secret"),
        (("-p", "x", "-S", "registry.example.com"), "--docker-username is missing"),
        (("-p", "x", "-U", "anna"), "--docker-server is missing"),
        (("--timeout", "0"), "--timeout"),
        (("--certificates", "cert-manager", "--yes"), 'no matches for kind "Issuer"'),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_done(
    kubelet: Kubelet, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "bad"\nmodule = "ship:module"\nnamespace = "bad"\n'
    )
    said = deploy(kubelet, tmp_path, *arguments)
    assert said.exit_code != 0
    assert says in f"{said.output} {said.exception}"
    with pytest.raises(HTTPError):
        kubelet.ask("GET", "/api/v1/namespaces/bad")
