"""Who is to make the certificates is said before pods are replaced: those of before would keep those to come from getting ready."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from poblano.build.webhooks import INJECTOR
from poblano.cli.applying import Applier
from poblano.cli.deploying import Deploying
from poblano.cli.main import cli
from poblano.cli.putting import Putter
from poblano.client import ApiClient, find_access
from poblano.cluster.serving.served import Settings
from poblano.core.deployed import MAKER
from tests.cli.kubelet import Kubelet
from tests.cluster.serving_cluster import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = """
from poblano import Capability, Module, a

shop = Capability("shop", namespaces=["shop"])
shop.when(a.Pod).is_created().validate(lambda pod: pod.approve(), name="first")
module = Module(shop)
"""
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
BUNDLE = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()


@pytest.fixture(scope="module")
def kubelet() -> Iterator[Kubelet]:
    with running(Settings()) as cluster:
        one = Kubelet(cluster)
        one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        yield one
        one.close()


def configuration(name: str, **annotations: str) -> dict[str, Any]:
    """One that is armed."""
    client = {"service": {"name": name, "namespace": "shop"}, "caBundle": BUNDLE}
    webhook = {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": client,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name, "annotations": annotations},
        "webhooks": [{**webhook, "failurePolicy": "Fail"}],
    }


def announced(kubelet: Kubelet, folder: Path, document: dict[str, Any]) -> bool:
    async def announce() -> bool:
        async with ApiClient(find_access(kubelet.kubeconfig(folder))) as client:
            return await Putter(client, Applier(client)).announce(document)

    return asyncio.run(announce())


def test_a_deployment_says_it_before_it_waits_for_pods_and_disarms_nothing(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    async def rolled_out(*_: object) -> None:
        if kubelet.status("GET", f"{WEBHOOKS}/poblano-ship") == 200:
            seen.append(await asyncio.to_thread(kubelet.ask, "GET", f"{WEBHOOKS}/poblano-ship"))

    async def armed(*_: object) -> None:
        pass

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Deploying, "_rolled_out", rolled_out)
    monkeypatch.setattr(Deploying, "_armed", armed)
    settings = '[tool.poblano]\nuuid = "ship"\nmodule = "ship:module"\nnamespace = "harbour"\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    (tmp_path / "ship.py").write_text(CODE)
    command = ["deploy", "--yes", "--kubeconfig", str(kubelet.kubeconfig(tmp_path)), "--certificates"]

    first = CliRunner().invoke(cli, [*command, "self"])
    assert (first.exit_code, seen) == (0, []), (first.output, first.exception)
    assert "from now on" not in first.output
    (webhook,) = kubelet.ask("GET", f"{WEBHOOKS}/poblano-ship")["webhooks"]
    arming = {"name": webhook["name"], "failurePolicy": "Fail", "clientConfig": {"caBundle": BUNDLE}}
    kubelet.ask("PATCH", f"{WEBHOOKS}/poblano-ship", {"webhooks": [arming]}, "application/strategic-merge-patch+json")

    second = CliRunner().invoke(cli, [*command, "provided"])
    assert second.exit_code == 0, (second.output, second.exception)
    assert "who makes the certificates from now on: provided" in second.output
    ((during,), after) = seen, kubelet.ask("GET", f"{WEBHOOKS}/poblano-ship")
    for found in (during, after):
        assert found["metadata"]["annotations"][MAKER] == "provided"
        assert [(one["failurePolicy"], one["clientConfig"]["caBundle"]) for one in found["webhooks"]] == [
            ("Fail", BUNDLE)
        ]


def test_what_is_not_there_yet_or_says_so_already_is_left_alone(kubelet: Kubelet, tmp_path: Path) -> None:
    new = configuration("poblano-same", **{MAKER: "self"})
    assert not announced(kubelet, tmp_path, new)
    kubelet.ask("POST", WEBHOOKS, new)
    assert not announced(kubelet, tmp_path, new)


def test_where_cert_manager_begins_nothing_is_refused_until_a_pod_of_its_own_is_ready(
    kubelet: Kubelet, tmp_path: Path
) -> None:
    kubelet.ask("POST", WEBHOOKS, configuration("poblano-begins", **{MAKER: "self", "example.com/team": "shop"}))
    injected = {MAKER: "cert-manager", INJECTOR: "shop/poblano-begins-certificates"}
    assert announced(kubelet, tmp_path, configuration("poblano-begins", **injected))
    found = kubelet.ask("GET", f"{WEBHOOKS}/poblano-begins")
    assert found["metadata"]["annotations"] == {**injected, "example.com/team": "shop"}
    assert [one["failurePolicy"] for one in found["webhooks"]] == ["Ignore"]

    assert announced(kubelet, tmp_path, configuration("poblano-begins", **{MAKER: "self"}))
    found = kubelet.ask("GET", f"{WEBHOOKS}/poblano-begins")
    assert found["metadata"]["annotations"] == {MAKER: "self", "example.com/team": "shop"}, (
        "its injector writes no more"
    )
