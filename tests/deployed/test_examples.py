"""The examples from their manifests: all that they are for happens, and their accounts do what they may, no less and no more."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from poblano.build.plan import Options, Plan
from poblano.cli.project import load_project
from tests.build.accounts import Accounts
from tests.cli.developing import EXAMPLES
from tests.deployed.api import MERGE, STRATEGIC
from tests.deployed.deploying import build, deployed, poblano
from tests.deployed.installed import NAMESPACE, Deployed, all_is_used, apply_samples, within
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.deployed.conftest import Place

UUIDS = {"hello": "hello", "operator": "webapps", "upkeep": "upkeep"}
"""Of the modules, by their folders."""

SPACES = ("poblano-demo", "poblano-demo-2", "shop")
WEBAPPS = "/apis/examples.poblano.dev/v1alpha1/namespaces/shop/webapps"
PARTS = ("configmap", "service", "deployment")
PODS = "/api/v1/namespaces/shop/pods"
LABELS = {f"poblano.dev/{word}": "true" for word in ("first", "second", "third")}
MARKED = {"labels": {"poblano": "was-here"}, "annotations": {"poblano.dev/note": "annotations-work-too"}}
STORED: dict[str, dict[str, Any]] = {
    "secret/secret-1": {
        "data": {
            "example": "dW5pY29ybiBtYWdpYyAtIG1vZGlmaWVkIGJ5IFBvYmxhbm8=",
            "magic": "Y2hhbmdlLXdpdGhvdXQtZW5jb2Rpbmc=",
        }
    },
    "configmap/example-1": {"metadata": MARKED, "data": {"key": "ex-1-val"}},
    "configmap/example-2": {"metadata": MARKED, "data": {"key": "ex-2-val"}},
    "configmap/example-3": {
        "metadata": {"annotations": {"poblano.dev/note": "making-waves"}},
        "data": {"key": "ex-3-val", "username": "admin", "uid": "admin"},
    },
    "configmap/example-4": {"metadata": {"labels": LABELS}},
    "configmap/example-4a": {"metadata": {"namespace": "poblano-demo-2", "labels": LABELS}},
    "configmap/example-5": {"metadata": {"labels": {"chuck-norris": "test", "got-jokes": "true"}}},
    "unicorn/example-1": {"spec": {"message": "Hello Poblano without type data!", "counter": 1}},
    "unicorn/example-2": {"spec": {"message": "Hello Poblano with type data!", "counter": 2}},
}
"""What the samples of hello are once they are stored, by what they are."""


@pytest.fixture(scope="module")
def examples(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """All three in one namespace, as their settings say. A Deployment that a WebApp is to have is there already, and somebody else's."""
    for space in SPACES:
        place.cluster.kubectl("create", "namespace", space)
    place.cluster.kubectl("create", "deployment", "taken", "--image=x", "-n", "shop")
    accounts: dict[str, Accounts] = {}
    manifests: dict[str, Path] = {}
    for name, uuid in UUIDS.items():
        manifests[uuid] = build(EXAMPLES / name, tmp_path_factory.mktemp(uuid))
        deployed(place, manifests[uuid], NAMESPACE, uuid, admits=uuid != "upkeep")
        project = load_project(EXAMPLES / name)
        options = Options(kubernetes=place.cluster.version)
        plan = Plan(settings=project.settings, module=project.module, version="1", archive=None, options=options)
        accounts[uuid] = Accounts(place.cluster, plan, NAMESPACE)
    yield Deployed(place, accounts, manifests)
    for name in UUIDS:
        poblano(place, EXAMPLES / name, "uninstall", "--yes", "--delete-data")
    place.cluster.kubectl("delete", "namespace", NAMESPACE, *SPACES, timeout=300)
    place.cluster.kubectl("delete", "configmap/future", "secret/registry-token", "-n", "default")


def test_what_is_applied_for_hello_is_changed_refused_and_told_of(examples: Deployed) -> None:
    apply_samples(examples.place, EXAMPLES / "hello")
    for what, wanted in STORED.items():
        found = examples.get(what, "-n", wanted.get("metadata", {}).get("namespace", "poblano-demo"))
        assert within(wanted, found), found
    refused = examples.place.cluster.kubectl("get", "configmap/example-evil-cm", "-n", "poblano-demo", check=False)
    assert "NotFound" in refused.stderr

    made = "/api/v1/namespaces/poblano-demo-2/configmaps/poblano-ssa-demo"
    demo = eventually(lambda: examples.place.api.find(made), "the watcher has made it")
    assert demo["data"] == {"ns-uid": examples.get("namespace/poblano-demo-2")["metadata"]["uid"]}
    eventually(lambda: "chuck-says" in examples.get("configmap/example-5", "-n", "poblano-demo")["data"], "it is told")
    kept = {"example-1", "example-1-data", "example-5", "watch-data"}
    eventually(lambda: kept <= store_of_hello(examples.place), "all is in the store")
    examples.place.cluster.kubectl("delete", "configmap/example-3", "-n", "poblano-demo")
    said = "a ConfigMap with the label change=by-label is deleted"
    pods = examples.place.node.of("admission")
    eventually(lambda: any(said in pod.log.read_text() for pod in pods), "it is told of the deletion")


def store_of_hello(place: Place) -> set[str]:
    """The keys, as its user sees them."""
    lines = poblano(place, EXAMPLES / "hello", "store", "list").splitlines()
    return {words[1] for line in lines if len(words := line.split()) > 1 and words[0] == "hello"}


def test_what_hello_may_do_is_what_it_does(examples: Deployed) -> None:
    """Who makes the store first has made it for all: it is taken away, for the watcher to make it once, and an admission pod once."""
    accounts = examples.accounts["hello"]
    kubectl = examples.place.cluster.kubectl
    for one in (config_map("another", {"chuck-norris": "please"}), config_map("example-1", {})):
        kubectl("delete", "configmap", one["metadata"]["name"], "-n", "poblano-demo", "--ignore-not-found")
        kubectl("delete", "poblanostores", "poblano-hello-hello", "-n", NAMESPACE)
        examples.apply(one)
        eventually(lambda: examples.get("poblanostores", "-n", NAMESPACE)["items"], "there is a store again")
    all_is_used(examples, accounts, "admission", "watcher")


def config_map(name: str, labels: dict[str, str]) -> dict[str, Any]:
    meta = {"name": name, "namespace": "poblano-demo", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}


def test_what_the_operator_is_told_of_it_makes_heals_and_finalizes(examples: Deployed) -> None:
    """No node runs the pods of its Deployments: they are said to be ready."""
    place, folder = examples.place, EXAMPLES / "operator"
    ready = [one.document["metadata"]["name"] for one in apply_samples(place, folder) if one.expected.condition]
    assert ready == ["storefront", "cafe"]
    for name in ready:
        eventually(lambda name=name: is_ready(place, name), f"{name} is ready")
        for kind in PARTS:
            is_healed(place, kind, name)
        eventually(lambda name=name: is_ready(place, name), f"{name} is ready again")
    notes = examples.get("namespace", "shop")["metadata"]["annotations"]
    assert notes["examples.poblano.dev/cafe"] == "http://cafe.shop.svc"

    place.cluster.kubectl("delete", "webapp", "cafe", "-n", "shop", timeout=300)
    assert "examples.poblano.dev/cafe" not in examples.get("namespace", "shop")["metadata"]["annotations"]
    for kind in PARTS:
        eventually(lambda kind=kind: not uid(place, kind, "cafe"), f"the {kind} goes, too")


def is_healed(place: Place, kind: str, name: str) -> None:
    """Delete it behind the operator's back, and wait until there is another."""
    before = uid(place, kind, name)
    place.cluster.kubectl("delete", kind, name, "-n", "shop")
    eventually(lambda: uid(place, kind, name) not in {"", before}, f"{kind} {name} is made again")


def uid(place: Place, kind: str, name: str) -> str:
    return place.cluster.kubectl("get", kind, name, "-n", "shop", "-o", "jsonpath={.metadata.uid}", check=False).stdout


def is_ready(place: Place, name: str) -> bool:
    """Whether a WebApp is, with its pods made ready as far as there are any."""
    for pod in place.api.ask("GET", f"{PODS}?labelSelector=app.kubernetes.io/instance%3D{name}")["items"]:
        conditions = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]
        status = {"phase": "Running", "conditions": conditions}
        with suppress(HTTPError):  # it is gone with its Deployment
            place.api.ask("PATCH", f"{PODS}/{pod['metadata']['name']}/status", {"status": status}, STRATEGIC)
    found = place.api.ask("GET", f"{WEBAPPS}/{name}")
    conditions = found.get("status", {}).get("conditions", [])
    return [one["status"] for one in conditions if one["type"] == "Ready"] == ["True"]


def test_what_the_operator_may_do_is_what_it_does(examples: Deployed) -> None:
    """Some it does when things go wrong only: a get is made when somebody else has written before its status or finalizer is, and
    an event is counted when an action fails again.
    """
    accounts, place = examples.accounts["webapps"], examples.place
    taken = {"metadata": {"name": "taken", "namespace": "shop"}, "spec": {"theme": "dark", "replicas": 2}}
    examples.apply({"apiVersion": "examples.poblano.dev/v1alpha1", "kind": "WebApp", **taken})

    def meddled() -> bool:
        for number in range(20):
            place.api.ask("PATCH", f"{WEBAPPS}/storefront", {"spec": {"replicas": 2 + number % 5}}, MERGE)
        return not [one for one in accounts.unused("watcher") if one.verb != "watch"]

    eventually(meddled, "all is used but to watch", pause=0)
    place.cluster.kubectl("delete", "deployment", "taken", "-n", "shop")
    eventually(lambda: is_ready(place, "taken"), "it is made once nobody stands in the way")
    all_is_used(examples, accounts, "admission", "watcher")


def test_what_the_schedules_of_upkeep_are_for_is_done_and_is_all_they_may(examples: Deployed) -> None:
    place, folder = examples.place, EXAMPLES / "upkeep"
    for name, day in (("past", "2020-01-01"), ("future", "2999-01-01")):
        meta = {"name": name, "namespace": "default", "labels": {"upkeep.example.com/keep-until": day}}
        examples.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    for schedule in ("refresh-token", "clean-up"):
        poblano(place, folder, "schedule", "run", schedule)
    eventually(lambda: not place.api.find("/api/v1/namespaces/default/configmaps/past"), "what is over is deleted")
    token = eventually(lambda: place.api.find("/api/v1/namespaces/default/secrets/registry-token"), "there is a token")
    assert len(base64.b64decode(token["data"]["token"])) > 20
    assert place.api.find("/api/v1/namespaces/default/configmaps/future")
    all_is_used(examples, examples.accounts["upkeep"], "watcher")


@pytest.mark.parametrize("name", UUIDS)
def test_the_doctor_finds_nothing_wrong_with_it(examples: Deployed, name: str) -> None:
    said = poblano(examples.place, EXAMPLES / name, "doctor")
    assert {line.split()[0] for line in said.splitlines()} == {"ok"}, said
    assert ("the API server reaches the pods" in said) is (name != "upkeep")
    assert said.count("may do all that the rules need") == (1 if name == "upkeep" else 2)


def test_a_namespace_that_comes_anew_is_tidied_and_worked_in_once_the_roles_are_applied_again(
    examples: Deployed,
) -> None:
    """A role goes with its namespace, as the build says: nothing is forbidden but what is asked for until it is back."""
    place = examples.place
    place.cluster.kubectl("delete", "namespace", "poblano-demo", timeout=300)
    labels = {"keep-me": "please", "remove-me": "please"}
    examples.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "poblano-demo", "labels": labels}})
    assert examples.get("namespace", "poblano-demo")["metadata"]["labels"] == {"keep-me": "please"}
    place.cluster.kubectl("apply", "-f", str(examples.manifests["hello"]))
    examples.apply(config_map("joke", {"chuck-norris": "please"}))
    told = ("configmap/joke", "-n", "poblano-demo")
    eventually(lambda: "chuck-says" in examples.get(*told).get("data", {}), "the watcher is back", seconds=180)
