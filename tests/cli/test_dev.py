"""`poblano dev` and a real API server: examples/hello, and what goes through the actions bound to it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from poblano.client import Resources, connect
from poblano.core.errors import BadRequest
from poblano.models import a
from tests.cli.developing import EXAMPLES, Dev, developing, write_project
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.control_plane import ControlPlane


@pytest.fixture(scope="module")
def hello(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Generator[Dev]:
    folder = tmp_path_factory.mktemp("modules") / "hello"
    shutil.copytree(EXAMPLES / "hello", folder)
    # Another test that has used them may have left them on their way out.
    spaces = ("poblano-demo", "poblano-demo-2", "poblano-system")
    control_plane.kubectl("delete", "namespace", *spaces, "--ignore-not-found", timeout=150)
    with developing(control_plane, folder) as dev:
        applied = control_plane.kubectl("apply", "-f", f"{folder}/hello.samples.yaml", check=False)
        dev.lines.append(applied.stderr)
        yield dev
    control_plane.kubectl("delete", "namespace", "poblano-demo", "poblano-demo-2", "--wait=false")
    control_plane.kubectl("delete", "crd", "unicorns.poblano.dev", "--wait=false")


def read(cluster: ControlPlane, *what: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cluster.kubectl("get", *what, "-o", "json").stdout)
    return found


def demo(cluster: ControlPlane, *what: str, namespace: str = "poblano-demo") -> dict[str, Any]:
    return read(cluster, *what, "-n", namespace)


def test_it_says_on_one_line_when_and_where_it_is_registered(hello: Dev, control_plane: ControlPlane) -> None:
    line = hello.says("registered")
    assert f"registered 2 webhooks at {control_plane.url} as poblano-hello-dev, serving https://localhost:" in line
    assert line.rstrip().endswith("Ctrl-C to stop")


def test_the_namespace_loses_the_label_it_is_to_lose(hello: Dev, control_plane: ControlPlane) -> None:
    labels = read(control_plane, "namespace", "poblano-demo")["metadata"]["labels"]
    assert "remove-me" not in labels
    assert labels["keep-me"] == "please"


@pytest.mark.parametrize("name", ("example-1", "example-2"))
def test_examples_1_and_2_are_marked(hello: Dev, control_plane: ControlPlane, name: str) -> None:
    found = demo(control_plane, "configmap", name)
    assert found["metadata"]["labels"] == {"poblano": "was-here"}
    assert found["metadata"]["annotations"]["poblano.dev/note"] == "annotations-work-too"


def test_example_3_knows_who_changed_it(hello: Dev, control_plane: ControlPlane) -> None:
    found = demo(control_plane, "configmap", "example-3")
    assert found["data"] == {"key": "ex-3-val", "username": "admin", "uid": "admin"}
    assert found["metadata"]["annotations"]["poblano.dev/note"] == "making-waves"


@pytest.mark.parametrize(("name", "namespace"), (("example-4", "poblano-demo"), ("example-4a", "poblano-demo-2")))
def test_examples_4_get_three_labels(hello: Dev, control_plane: ControlPlane, name: str, namespace: str) -> None:
    found = demo(control_plane, "configmap", name, namespace=namespace)
    assert found["metadata"]["labels"] == {f"poblano.dev/{word}": "true" for word in ("first", "second", "third")}


def test_example_5_has_got_jokes(hello: Dev, control_plane: ControlPlane) -> None:
    labels = demo(control_plane, "configmap", "example-5")["metadata"]["labels"]
    assert labels == {"chuck-norris": "test", "got-jokes": "true"}


def test_the_secret_is_changed_as_text_and_its_binary_value_not_at_all(hello: Dev, control_plane: ControlPlane) -> None:
    sample = (EXAMPLES / "hello" / "hello.samples.yaml").read_text()
    data = demo(control_plane, "secret", "secret-1")["data"]
    assert data["example"] == "dW5pY29ybiBtYWdpYyAtIG1vZGlmaWVkIGJ5IFBvYmxhbm8="  # unicorn magic - modified by Poblano
    assert data["magic"] == "Y2hhbmdlLXdpdGhvdXQtZW5jb2Rpbmc="  # change-without-encoding
    assert data["binary-data"] in sample


def test_unicorns_get_their_message_by_key_and_by_field(hello: Dev, control_plane: ControlPlane) -> None:
    assert demo(control_plane, "unicorn", "example-1")["spec"] == {
        "message": "Hello Poblano without type data!",
        "counter": 1,
    }
    assert demo(control_plane, "unicorn", "example-2")["spec"] == {
        "message": "Hello Poblano with type data!",
        "counter": 2,
    }


def test_the_evil_one_is_refused_with_its_message(hello: Dev, control_plane: ControlPlane) -> None:
    refused = hello.says("Error from server (BadRequest)")
    assert refused.rstrip().endswith("denied the request: hello/no-evil: No evil CM annotations allowed.")
    assert refused.count("Error") == 1
    assert control_plane.kubectl("get", "cm", "example-evil-cm", "-n", "poblano-demo", check=False).returncode != 0


async def test_the_evil_one_is_refused_with_its_own_code(hello: Dev, control_plane: ControlPlane) -> None:
    evil = {"metadata": {"name": "evil", "namespace": "poblano-demo", "annotations": {"evil": "true"}}}
    async with connect(control_plane.kubeconfig) as client:
        with pytest.raises(BadRequest) as refused:
            await Resources(client).create(a.ConfigMap, evil)
    assert refused.value.status == 400


def test_each_request_reaches_us_at_most_once_and_nothing_of_other_namespaces_is_judged(
    hello: Dev, control_plane: ControlPlane
) -> None:
    hello.says("unicorn", after=1)
    for name in ("example-1", "example-2", "example-3", "example-4", "example-5", "example-evil-cm"):
        asked = [line.split()[1:3] for line in hello.reviews_of(f"poblano-demo/{name}") if "CREATE ConfigMap" in line]
        assert sorted(asked) == [["mutate", "CREATE"], ["validate", "CREATE"]], name
    control_plane.kubectl("create", "configmap", "example-1", "-n", "default")
    elsewhere = demo(control_plane, "configmap", "example-1", namespace="default")
    assert "labels" not in elsewhere["metadata"]
    control_plane.kubectl("delete", "configmap", "example-1", "-n", "default")


def test_deletion_is_told_and_approved(hello: Dev, control_plane: ControlPlane) -> None:
    control_plane.kubectl("apply", "-n", "poblano-demo", "-f", "-", input=LABELLED)
    control_plane.kubectl("delete", "configmap", "goner", "-n", "poblano-demo")
    assert "hello/farewell allowed" in hello.says("DELETE ConfigMap poblano-demo/goner")
    hello.says("a ConfigMap with the label change=by-label is deleted")


LABELLED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: goner, labels: {change: by-label}}
"""


def test_the_webhooks_are_as_narrow_as_this_server_can_have_them(hello: Dev, control_plane: ControlPlane) -> None:
    for kind, phase, verbs in (
        ("mutatingwebhookconfiguration", "mutate", {"CREATE", "UPDATE"}),
        ("validatingwebhookconfiguration", "validate", {"CREATE", "DELETE"}),
    ):
        found = read(control_plane, kind, "poblano-hello-dev")
        (webhook,) = found["webhooks"]
        assert webhook["name"] == f"{phase}-fail-10.hello.poblano.dev"
        assert webhook["clientConfig"]["url"].endswith(f"/{phase}/fail/10")
        assert webhook["failurePolicy"] == "Ignore"
        assert webhook["sideEffects"] == "NoneOnDryRun"
        assert webhook["matchPolicy"] == "Equivalent"
        assert webhook["timeoutSeconds"] == 10
        assert webhook["admissionReviewVersions"] == ["v1", "v1beta1"]
        asked = {resource for rule in webhook["rules"] for resource in rule["resources"]}
        assert "configmaps" in asked
        assert "*" not in asked
        assert {verb for rule in webhook["rules"] for verb in rule["operations"]} == verbs
        if control_plane.version < (1, 21):
            assert webhook["namespaceSelector"] == {}
        else:
            (expression,) = webhook["namespaceSelector"]["matchExpressions"]
            assert expression["values"] == ["poblano-demo", "poblano-demo-2"]
        if control_plane.version >= (1, 28):
            assert len(webhook["matchConditions"]) == 1
    if control_plane.version < (1, 21):
        hello.says("this API server has no matchConditions (since 1.28) and does not label namespaces")


HOUSE = """
    import pathlib

    from poblano import Capability, Module, a

    house = Capability("house", namespaces=["house"])
    NOTES = pathlib.Path(__file__).with_name("notes.txt")

    house.when(a.Pod).is_created().alias("tag").mutate(lambda pod: pod.set_label("house", "yes"))

    @house.when(a.Pod).is_created().validate
    def tagged(pod):
        return pod.approve() if pod.has_label("house") else pod.deny("needs the label house")

    @house.when(a.Pod).for_subresource("exec").validate
    def nobody_inside(options):
        return options.deny("nobody runs commands in the house", 403)

    @house.when(a.Deployment).is_updated().for_subresource("scale").validate
    def small(scale):
        wanted = scale.raw.spec.replicas
        return scale.deny(f"{wanted} replicas are too many") if wanted and wanted > 2 else scale.approve()

    @house.when(a.ConfigMap).is_deleted().validate
    def kept(cm):
        return cm.deny("this one stays") if cm.has_label("keep") else cm.approve()

    @house.when(a.ConfigMap).is_created().mutate
    def noted(cm):
        cm.set_label("noted", "yes")
        if cm.permit_side_effects:
            with NOTES.open("a") as notes:
                notes.write(cm.name + "\\n")

    module = Module(house)
"""


@pytest.fixture(scope="module")
def house_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("modules") / "house", "house", HOUSE)


@pytest.fixture(scope="module")
def house(control_plane: ControlPlane, house_folder: Path) -> Generator[Dev]:
    with developing(control_plane, house_folder) as dev:
        control_plane.kubectl("create", "namespace", "house")
        yield dev
    control_plane.kubectl("delete", "namespace", "house", "--wait=false")


def test_pods_of_a_deployment_are_reviewed_as_the_controller_makes_them(
    house: Dev, control_plane: ControlPlane
) -> None:
    if not control_plane.has_controllers:
        pytest.skip("cannot run here: no controller manager makes Pods")
    control_plane.kubectl("create", "deployment", "web", "--image=web:1", "-n", "house")
    pods = eventually(lambda: read(control_plane, "pods", "-n", "house")["items"], "the Deployment has a Pod")
    assert pods[0]["metadata"]["labels"]["house"] == "yes"
    assert pods[0]["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    assert "house/tag changed" in house.says("mutate   CREATE Pod house/web-")
    assert "house/tagged allowed" in house.says("validate CREATE Pod house/web-")


def test_scaling_passes_through_its_action(house: Dev, control_plane: ControlPlane) -> None:
    control_plane.kubectl("create", "deployment", "scaled", "--image=web:1", "--replicas=1", "-n", "house")
    refused = control_plane.kubectl("scale", "deployment/scaled", "--replicas=5", "-n", "house", check=False)
    assert "house/small: 5 replicas are too many" in refused.stderr
    control_plane.kubectl("scale", "deployment/scaled", "--replicas=2", "-n", "house")
    assert "house/small allowed" in house.says("UPDATE deployments/scale house/scaled by admin: allowed")


def test_exec_is_refused_before_the_connection_is_made(house: Dev, control_plane: ControlPlane) -> None:
    control_plane.kubectl("run", "cell", "--image=web:1", "--restart=Never", "-n", "house")
    refused = control_plane.kubectl("exec", "cell", "-n", "house", "--", "sh", check=False)
    assert "house/nobody-inside: nobody runs commands in the house" in refused.stderr
    house.says("CONNECT pods/exec house/cell")


def test_deletion_and_deletion_of_a_collection_pass_through_their_action(
    house: Dev, control_plane: ControlPlane
) -> None:
    # An API server deletes a collection in the order of the names, and stops at the first refusal.
    for name in ("x-one", "y-two", "z-kept"):
        control_plane.kubectl("create", "configmap", name, "-n", "house")
    control_plane.kubectl("label", "configmap", "z-kept", "keep=yes", "-n", "house")
    refused = control_plane.kubectl("delete", "configmap", "z-kept", "-n", "house", check=False)
    assert "house/kept: this one stays" in refused.stderr
    control_plane.kubectl("delete", "configmap", "x-one", "-n", "house")
    refused = control_plane.kubectl("delete", "--raw", "/api/v1/namespaces/house/configmaps", check=False)
    assert "house/kept: this one stays" in refused.stderr
    assert [line.split()[1:5] for line in house.reviews_of("house/y-two") if "DELETE" in line] == [
        ["validate", "DELETE", "ConfigMap", "house/y-two"]
    ]
    left = {item["metadata"]["name"] for item in read(control_plane, "configmaps", "-n", "house")["items"]}
    assert left & {"x-one", "y-two", "z-kept"} == {"z-kept"}


def test_a_dry_run_is_reviewed_and_has_no_side_effect(
    house: Dev, control_plane: ControlPlane, house_folder: Path
) -> None:
    create = ("create", "configmap", "dry", "-n", "house", "-o", "json")
    tried: dict[str, Any] = json.loads(control_plane.kubectl(*create, "--dry-run=server").stdout)
    assert tried["metadata"]["labels"] == {"noted": "yes"}
    house.says("CREATE ConfigMap house/dry (dry run) by admin: changed")
    assert control_plane.kubectl("get", "configmap", "dry", "-n", "house", check=False).returncode != 0
    notes = house_folder / "notes.txt"
    assert not notes.exists() or "dry" not in notes.read_text().split()
    control_plane.kubectl(*create)
    assert "dry" in notes.read_text().split()
