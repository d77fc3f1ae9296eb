"""`poblano deploy` by somebody who may not do all of it changes nothing, and says all that is missing at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from poblano.cli.deploying import NotDeployed
from poblano.cli.main import cli
from poblano.cluster.serving.served import Settings
from tests.cli.kubelet import Kubelet
from tests.cluster.serving_cluster import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.serving_cluster import Running

CODE = """
from poblano import Capability, Module, a

shop = Capability("shop", namespaces=["shop"])
shop.when(a.Pod).is_created().validate(lambda pod: pod.approve(), name="first")
shop.when(a.ConfigMap).is_created().watch(lambda one, phase: None, name="configs")
module = Module(shop)
"""
SEES = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}
NAMESPACED = {"apiGroups": ["", "apps", "policy"], "resources": ["*"], "verbs": ["*"]}
CLUSTER_WIDE = {
    "apiGroups": ["admissionregistration.k8s.io", "apiextensions.k8s.io", "rbac.authorization.k8s.io"],
    "resources": ["*"],
    "verbs": ["*"],
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Running]:
    with running(Settings(controllers=True, rbac=True)) as one:
        yield one


@pytest.fixture(scope="module")
def kubelet(cluster: Running) -> Iterator[Kubelet]:
    one = Kubelet(cluster)
    for name in ("shop", "harbour", "team"):
        one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield one
    one.close()


def deployer(cluster: Running, kubelet: Kubelet, folder: Path, *rules: dict[str, Any]) -> Path:
    """A kubeconfig of somebody who may do that much, everywhere."""
    name = f"deployer-{folder.name}".replace("_", "-")
    kubelet.ask("POST", "/api/v1/namespaces/team/serviceaccounts", {"metadata": {"name": name}})
    role = {"metadata": {"name": name}, "rules": rules}
    bound = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "team"}],
    }
    for plural, body in (("clusterroles", role), ("clusterrolebindings", bound)):
        kubelet.ask("POST", f"/apis/rbac.authorization.k8s.io/v1/{plural}", body)
    path = f"/api/v1/namespaces/team/serviceaccounts/{name}/token"
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": kubelet.ask("POST", path, {"spec": {}})["status"]["token"]}
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


def refused(folder: Path, namespace: str, config: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Why nothing is deployed."""
    text = f'[tool.poblano]\nuuid = "ship"\nmodule = "ship:module"\nnamespace = "{namespace}"\n'
    (folder / "pyproject.toml").write_text(text)
    (folder / "ship.py").write_text(CODE)
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, ["deploy", "--yes", "--kubeconfig", str(config)])
    assert isinstance(result.exception, NotDeployed), result.output
    return str(result.exception)


def objects(kubelet: Kubelet) -> set[str]:
    """What a deployment would have made first."""
    paths = ("/api/v1/serviceaccounts", "/api/v1/namespaces", "/apis/rbac.authorization.k8s.io/v1/clusterroles")
    return {one["metadata"]["name"] for path in paths for one in kubelet.ask("GET", path)["items"]}


def test_who_may_not_write_webhooks_definitions_and_roles_is_told_of_each_before_anything_is_there(
    cluster: Running, kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = deployer(cluster, kubelet, tmp_path, SEES, NAMESPACED)
    before = objects(kubelet)
    told = refused(tmp_path, "harbour", config, monkeypatch)
    assert "nothing was changed, since the cluster would refuse" in told
    for what in ("ValidatingWebhookConfiguration poblano-ship: ", "Role poblano-ship-watcher in harbour: "):
        assert what in told
    assert "Deployment poblano-ship" not in told
    assert objects(kubelet) == before


def test_who_may_not_grant_what_the_pods_need_is_told_so_before_anything_is_there(
    cluster: Running, kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API server lets nobody grant what they may not do themselves: here, to watch."""
    writes = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["create", "patch"]}
    hooks = {"apiGroups": ["admissionregistration.k8s.io", "apiextensions.k8s.io"], "resources": ["*"], "verbs": ["*"]}
    made = ["serviceaccounts", "secrets", "services", "resourcequotas", "deployments", "poddisruptionbudgets"]
    pods = {"apiGroups": ["", "apps", "policy"], "resources": made, "verbs": ["create", "patch"]}
    config = deployer(cluster, kubelet, tmp_path, SEES, writes, hooks, pods)
    before = objects(kubelet)
    told = refused(tmp_path, "harbour", config, monkeypatch)
    assert "Role poblano-ship-watcher in harbour: " in told
    assert "attempting to grant RBAC permissions not currently held" in told
    assert "WebhookConfiguration" not in told
    assert "Namespace" not in told, "who is given a namespace need not be let change it"
    assert objects(kubelet) == before


def test_of_a_namespace_that_is_not_there_yet_is_asked_what_may_be_made_in_it(
    cluster: Running, kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = deployer(cluster, kubelet, tmp_path, SEES, CLUSTER_WIDE)
    before = objects(kubelet)
    told = refused(tmp_path, "nowhere", config, monkeypatch)
    assert "Namespace nowhere: " in told
    assert "you may not patch, create deployments.apps in nowhere" in told
    assert objects(kubelet) == before
