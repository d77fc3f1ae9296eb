"""`poblano uninstall` against an embedded cluster: nothing of the module stands in anybody's way, and nobody loses data unasked."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from poblano.cli import deploying, uninstalling
from poblano.cli.everything import metadata_of
from poblano.cli.main import cli
from poblano.cluster.serving.served import Settings
from tests.cli.kubelet import Kubelet
from tests.cluster.serving_cluster import running
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

CODE = """
from datetime import timedelta
from poblano import Capability, Module, Resource, Store, a

class Boat(Resource, group="harbour.example.com", version="v1", plural="boats"):
    length: int

shop = Capability("shop", store=Store(), namespaces=["shop"])
shop.when(a.Pod).is_created().validate(lambda pod: pod.approve(), name="first")

@shop.when(Boat).finalize
def sink(boat, context):
    pass

module = Module(shop)
"""
FINALIZER = "poblano.dev/ship-shop-sink"
NEIGHBOURS = "poblano.dev/ship-yard-shop-sink"
STORE = {
    "apiVersion": "poblano.dev/v1",
    "kind": "PoblanoStore",
    "metadata": {"name": "poblano-ship-shop", "labels": {"poblano.dev/uuid": "ship"}},
}
LEASE = {"metadata": {"name": "poblano-ship"}, "spec": {}}
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
DEPLOYMENTS = "/apis/apps/v1/namespaces/harbour/deployments"
CONFIGS = "/api/v1/namespaces/shop/configmaps"
STORES = "/apis/poblano.dev/v1/namespaces/harbour/poblanostores"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def at_once(*_: object) -> None:
    """Nobody waits for the pods here."""


@pytest.fixture
def kubelet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubelet]:
    text = '[tool.poblano]\nuuid = "ship"\nmodule = "ship:module"\nnamespace = "harbour"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "ship.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deploying.Deploying, "_rolled_out", at_once)
    monkeypatch.setattr(uninstalling, "LOOK_SECONDS", 0.05)
    with running(Settings(controllers=True)) as cluster:
        one = Kubelet(cluster)
        one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        one.has_deployment("ship-yard", "shop", "poblano-ship-yard-admission")
        CliRunner().invoke(cli, ["deploy", "--yes", "--timeout", "0.1", "--kubeconfig", str(one.kubeconfig(tmp_path))])
        assert is_there(one, f"{WEBHOOKS}/poblano-ship")
        yield one
        one.close()


def uninstall(kubelet: Kubelet, folder: Path, *arguments: str, **options: Any) -> Result:
    config = str(kubelet.kubeconfig(folder))
    return CliRunner().invoke(cli, ["uninstall", "--kubeconfig", config, *arguments], **options)


def config_map(kubelet: Kubelet, name: str, *finalizers: str) -> None:
    kubelet.ask("POST", CONFIGS, {"metadata": {"name": name, "finalizers": list(finalizers)}})


def is_there(kubelet: Kubelet, path: str) -> bool:
    return kubelet.status("GET", path) == 200


def finalizers(kubelet: Kubelet, name: str) -> list[str]:
    found: list[str] = kubelet.ask("GET", f"{CONFIGS}/{name}")["metadata"].get("finalizers", [])
    return found


def remains(kubelet: Kubelet) -> list[str]:
    """What bears the label of the module, of what is usually built."""
    kinds = [
        DEPLOYMENTS,
        "/api/v1/services",
        "/api/v1/serviceaccounts",
        "/api/v1/secrets",
        WEBHOOKS,
        "/apis/rbac.authorization.k8s.io/v1/roles",
        "/apis/rbac.authorization.k8s.io/v1/rolebindings",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        "/apis/policy/v1/poddisruptionbudgets",
    ]
    found = [kubelet.ask("GET", f"{path}?labelSelector=poblano.dev/uuid%3Dship")["items"] for path in kinds]
    return [one["metadata"]["name"] for items in found for one in items]


def test_all_of_the_module_goes_and_what_users_keep_stays(kubelet: Kubelet, tmp_path: Path) -> None:
    assert remains(kubelet)
    kubelet.ask("POST", STORES, STORE)
    kubelet.ask("POST", "/apis/coordination.k8s.io/v1/namespaces/harbour/leases", LEASE)
    config_map(kubelet, "held", "else/where", FINALIZER, NEIGHBOURS)
    done = uninstall(kubelet, tmp_path, "--yes")
    assert done.exit_code == 0, (done.output, done.exception)
    assert remains(kubelet) == []
    assert done.output.index("ValidatingWebhookConfiguration") < done.output.index("Deployment"), "webhooks go first"
    assert finalizers(kubelet, "held") == ["else/where", NEIGHBOURS], "another module's begins like this one's"
    assert not is_there(kubelet, "/apis/coordination.k8s.io/v1/namespaces/harbour/leases/poblano-ship")
    assert is_there(kubelet, f"{STORES}/poblano-ship-shop")
    assert is_there(kubelet, f"{CRDS}/boats.harbour.example.com")
    assert is_there(kubelet, "/api/v1/namespaces/harbour")
    assert is_there(kubelet, "/apis/apps/v1/namespaces/shop/deployments/poblano-ship-yard-admission")

    again = uninstall(kubelet, tmp_path, "--yes")
    assert again.exit_code == 1
    assert "nothing of the module 'ship'" in again.output
    data = uninstall(kubelet, tmp_path, "--yes", "--delete-data")
    assert data.exit_code == 0, (data.output, data.exception)
    assert not is_there(kubelet, f"{STORES}/poblano-ship-shop")
    assert not is_there(kubelet, f"{CRDS}/boats.harbour.example.com")
    assert is_there(kubelet, f"{CRDS}/poblanostores.poblano.dev"), "others keep their stores in it"


def test_what_is_being_deleted_is_cleaned_up_first(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_map(kubelet, "going", FINALIZER)
    kubelet.ask("DELETE", f"{CONFIGS}/going")
    late = uninstall(kubelet, tmp_path, "--yes", "--timeout", "0.1")
    assert late.exit_code == 1
    assert "not cleaned up in 0.1 s: ConfigMap shop/going" in str(late.exception)
    assert "--force" in str(late.exception)
    assert is_there(kubelet, f"{DEPLOYMENTS}/poblano-ship-watcher"), "who is to clean up still runs"
    assert not is_there(kubelet, f"{WEBHOOKS}/poblano-ship"), "nobody is asked any more"

    held, still, scans, looks = uninstalling.Uninstalling._held, uninstalling.Uninstalling._still, [0], [0]

    async def scanned(self: uninstalling.Uninstalling) -> Any:
        scans[0] += 1
        return await held(self)

    async def then_cleaned_up(self: uninstalling.Uninstalling, going: Any) -> Any:
        """What the pods do, after a while."""
        looks[0] += 1
        if looks[0] == 3:
            patch = {"metadata": {"finalizers": None}}
            await asyncio.to_thread(kubelet.ask, "PATCH", f"{CONFIGS}/going", patch, "application/merge-patch+json")
        return await still(self, going)

    monkeypatch.setattr(uninstalling.Uninstalling, "_held", scanned)
    monkeypatch.setattr(uninstalling.Uninstalling, "_still", then_cleaned_up)

    def unserved(client: Any, kind: Any, tell: Any, *rest: Any) -> Any:
        if kind.plural == "pods":
            tell("wrecks cannot be looked at")
        return metadata_of(client, kind, tell, *rest)

    monkeypatch.setattr(uninstalling, "metadata_of", unserved)
    done = uninstall(kubelet, tmp_path, "--yes")
    assert done.exit_code == 0, (done.output, done.exception)
    assert "waiting for the pods to clean up after ConfigMap shop/going" in done.output
    assert (looks[0], scans[0]) == (3, 3), "what is waited for is asked for by name; more is looked for when it is gone"
    assert done.output.count("wrecks cannot be looked at") == 1
    assert remains(kubelet) == []


def test_what_nobody_cleans_up_is_let_go_when_that_is_asked_for(kubelet: Kubelet, tmp_path: Path) -> None:
    config_map(kubelet, "stuck", FINALIZER)
    kubelet.ask("DELETE", f"{CONFIGS}/stuck")
    done = uninstall(kubelet, tmp_path, "--yes", "--force", "--timeout", "0.1")
    assert "ConfigMap shop/stuck let go" in done.output
    eventually(lambda: not is_there(kubelet, f"{CONFIGS}/stuck"), "it is gone")


def test_what_is_stopped_on_the_way_says_so_and_goes_on_when_it_is_called_again(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopped(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(uninstalling.Uninstalling, "_pods_gone", stopped)
        first = uninstall(kubelet, tmp_path, "--yes")
    assert first.exit_code == 1
    assert "what is listed above is gone; for the rest, call it again for ship" in first.output
    assert remains(kubelet)
    again = uninstall(kubelet, tmp_path, "--yes")
    assert again.exit_code == 0, (again.output, again.exception)
    assert remains(kubelet) == []


def test_who_is_asked_and_says_no_has_changed_nothing(kubelet: Kubelet, tmp_path: Path) -> None:
    before = remains(kubelet)
    said = uninstall(kubelet, tmp_path, input="n\n")
    assert said.exit_code == 1
    assert "Take ship out of http" in said.output
    assert remains(kubelet) == before


def test_a_namespace_where_it_is_not_takes_nothing_out(kubelet: Kubelet, tmp_path: Path) -> None:
    """Webhooks and roles bear no namespace: they are those of the module where it is."""
    before = remains(kubelet)
    said = uninstall(kubelet, tmp_path, "--yes", "--namespace", "shop")
    assert said.exit_code == 1
    assert "the module 'ship' is not in shop, but in harbour: nothing was done" in str(said.exception)
    kubelet.has_deployment("ship", "shop", "poblano-ship-admission")
    said = uninstall(kubelet, tmp_path, "--yes", "--namespace", "shop")
    assert "is in harbour and shop, which share its webhooks" in str(said.exception)
    said = uninstall(kubelet, tmp_path, "ship,app.kubernetes.io/name", "--yes")
    assert "is no uuid for a module" in str(said.exception), "it is no part of a selector"
    assert remains(kubelet) == before


def test_where_nobody_can_answer_it_says_how_not_to_ask(kubelet: Kubelet, tmp_path: Path) -> None:
    before = remains(kubelet)
    said = uninstall(kubelet, tmp_path, input="")
    assert said.exit_code == 1
    assert "with --yes it does not ask" in said.output
    assert remains(kubelet) == before
