"""What is built goes into clusters as its users put it there: kubectl apply, again and again; helm install, and upgrade."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import helm_python
import pytest

from poblano.build.helm.records import record_size
from poblano.build.output import write_files
from poblano.cluster.serving.served import Settings
from tests.build.examples import UUIDS, files_of_example
from tests.cluster.serving_cluster import Running, running

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane

Kubectl = Callable[..., str]
OPERATORS = (Path(__file__).parents[1] / "fixtures" / "operators" / "definitions.json").read_text()
"""What cert-manager and Prometheus' operator define."""

SPACES = "".join(
    f"---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n" for name in ("poblano-demo", "poblano-demo-2")
)
"""Namespaces in which hello has roles."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Running]:
    with running(Settings()) as started:
        yield started


@pytest.fixture(scope="module")
def ask(cluster: Running, kubectl: str) -> Kubectl:
    def asked(*arguments: str, given: str | None = None) -> str:
        command = [kubectl, "--kubeconfig", str(cluster.kubeconfig), *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return asked


def versions(ask: Kubectl, text: str) -> str:
    """Which version of each object is in the cluster. kubectl says "configured" of some that it did not change: it replaces the
    selector of a disruption budget by the same.
    """
    return ask("get", "-f", "-", "-o", "jsonpath={range .items[*]}{.metadata.resourceVersion} {end}", given=text)


@pytest.mark.parametrize("name", UUIDS)
def test_a_strict_api_server_takes_the_whole_and_takes_it_again(ask: Kubectl, tmp_path: Path, name: str):
    made = files_of_example(name)
    text = made[f"poblano-module-{UUIDS[name]}.yaml"]
    write_files(tmp_path, made)
    ask("apply", "-f", "-", given=SPACES)
    ask("apply", "--validate=strict", "-f", "-", given=text)
    before = versions(ask, text)
    ask("apply", "--validate=strict", "-f", "-", given=text)
    ask("apply", "--validate=strict", "-k", str(tmp_path / "kustomize"))

    assert len(before.split()) == text.count("\n---\n")
    assert versions(ask, text) == before


def test_a_strict_api_server_takes_what_is_asked_for_besides(ask: Kubectl):
    everything = {"certificates": "cert-manager", "monitoring": True, "network_policy": True, "pull_secrets": ("mine",)}
    text = files_of_example("hello", **everything)["poblano-module-hello.yaml"]
    ask("apply", "-f", "-", given=json.dumps({"kind": "List", "apiVersion": "v1", "items": json.loads(OPERATORS)}))
    ask("wait", "--for=condition=established", "crd", "--all")
    ask("apply", "-f", "-", given=SPACES)
    said = ask("apply", "--validate=strict", "-f", "-", given=text)

    for kind in (
        "certificate.cert-manager.io",
        "prometheusrule.monitoring.coreos.com",
        "networkpolicy.networking.k8s.io",
    ):
        assert f"{kind}/poblano-hello" in said


def test_server_side_apply_takes_it_too_and_takes_it_again(ask: Kubectl):
    text = files_of_example("hello")["poblano-module-hello.yaml"]
    ask("apply", "-f", "-", given=SPACES)
    ask("delete", "--ignore-not-found", "-f", "-", given=text)
    how = ("apply", "--server-side", "--field-manager=gitops", "--validate=strict", "-f", "-")
    for _ in range(2):  # the second notes whose the labels are that a namespace is born with
        ask(*how, given=text)
    before = versions(ask, text)
    ask(*how, given=text)

    assert versions(ask, text) == before


# ------------------------------------------------------------------------------------------------ Helm


@pytest.fixture
def release(cluster: Running, ask: Kubectl, tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """The operator's chart, installed; and where the chart is. Helm takes nothing for its own that somebody else has applied."""
    made = files_of_example("operator")
    ask("delete", "--ignore-not-found", "-f", "-", given=made["poblano-module-webapps.yaml"])
    write_files(tmp_path, made)
    folder = str(tmp_path / "webapps-chart")
    with helm_python.Config(kubeconfig_path=str(cluster.kubeconfig), namespace="shop") as config:
        config.install(folder, "webapps", {"admission": {"replicas": 3}}, namespace="shop", create_namespace=True)
        yield config, folder
        config.uninstall("webapps", ignore_not_found=True)


def webhooks(ask: Kubectl) -> list[dict[str, Any]]:
    kind = "validatingwebhookconfigurations"
    return json.loads(ask("get", kind, "poblano-webapps", "-o", "json"))["webhooks"]


def arm(ask: Kubectl) -> None:
    """As the pods do: one server-side apply of the policies and the authority."""
    armed = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "poblano-webapps"},
        "webhooks": [
            {"name": one["name"], "failurePolicy": "Fail", "clientConfig": {"caBundle": "Q0E="}}
            for one in webhooks(ask)
        ],
    }
    options = ("--server-side", "--force-conflicts", "--field-manager=poblano-webapps")
    ask("apply", *options, "-f", "-", given=json.dumps(armed))


def test_an_upgrade_of_a_chart_leaves_the_webhooks_armed(ask: Kubectl, release: tuple[Any, str]):
    config, folder = release
    assert {one["failurePolicy"] for one in webhooks(ask)} == {"Ignore"}
    arm(ask)
    config.upgrade(folder, "webapps", {"admission": {"webhookTimeout": 7}}, namespace="shop")

    found = webhooks(ask)
    assert {one["timeoutSeconds"] for one in found} == {7}
    assert {one["failurePolicy"] for one in found} == {"Fail"}
    assert {one["clientConfig"]["caBundle"] for one in found} == {"Q0E="}
    assert {one["clientConfig"]["service"]["namespace"] for one in found} == {"shop"}


def test_how_large_the_record_of_a_release_is_is_known_before(ask: Kubectl, release: tuple[Any, str]):
    made = files_of_example("operator")
    secret = json.loads(ask("get", "secret", "-n", "shop", "sh.helm.release.v1.webapps.v1", "-o", "json"))
    size = len(base64.b64decode(secret["data"]["release"]))
    chart = {name: text for name, text in made.items() if name.startswith("webapps-chart/")}

    assert size < record_size(chart, made["poblano-module-webapps.yaml"]) < 1.3 * size


def test_a_release_that_goes_leaves_the_definition_and_so_the_objects(ask: Kubectl, release: tuple[Any, str]):
    config, _ = release
    assert "replicas" in ask("get", "deployment", "poblano-webapps-admission", "-n", "shop", "-o", "yaml")
    config.uninstall("webapps")

    assert "webapps.examples.poblano.dev" in ask("get", "customresourcedefinitions", "-o", "name")
    assert ask("get", "deployments,serviceaccounts,secrets", "-n", "shop", "-o", "name", "-l", "poblano.dev/uuid") == ""


# ------------------------------------------------------------------------------------------------ an older server


def test_an_old_server_takes_what_is_built_for_it_and_takes_it_again(control_plane: ControlPlane):
    text = files_of_example("hello", kubernetes=control_plane.version)["poblano-module-hello.yaml"]
    control_plane.kubectl("apply", "-f", "-", input=SPACES)
    try:
        control_plane.kubectl("apply", "--validate=strict", "-f", "-", input=text)

        said = control_plane.kubectl("apply", "--validate=strict", "-f", "-", input=text).stdout
        assert [line for line in said.splitlines() if not line.endswith(" unchanged")] == []
    finally:
        control_plane.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", input=text)
        control_plane.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", input=SPACES)
