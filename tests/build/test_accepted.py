"""API servers take what is built: the embedded one with its strict validation, the real one of 1.20 what is built for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from poblano.build.plan import Plan
from poblano.cluster.serving.served import Settings
from poblano.core.jsonvalue import Document
from tests.build.planned import admitting, following, keeping, objects, plan_of, scheduled
from tests.cluster.serving_cluster import running
from tests.cluster.speaking import Speaker
from tests.eventually import eventually

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane

OPERATORS = Path(__file__).parents[1] / "fixtures" / "operators" / "definitions.json"
PLURALS = {"NetworkPolicy": "networkpolicies"}
CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition"}

PLANS = {
    "both": (plan_of, (admitting(), following()), {"network_policy": True, "monitoring": True}),
    "kept": (plan_of, (keeping(), scheduled()), {"certificates": "provided", "monitoring": True}),
    "cert-manager": (plan_of, (admitting(on_error="audit"),), {"certificates": "cert-manager"}),
    "alone": (plan_of, (following(),), {"work": "alone", "archive": None, "pull_secrets": ("mine",)}),
}


def plan_called(name: str, **options: Any) -> Plan:
    make, capabilities, given = PLANS[name]
    return make(*capabilities, settings={"uuid": name, "namespace": f"rules-{name}"}, **{**given, **options})


def path_of(document: Document) -> str:
    group, _, version = document["apiVersion"].rpartition("/")
    top = f"/apis/{group}/{version}" if group else f"/api/{version}"
    plural = PLURALS.get(document["kind"], f"{document['kind'].lower()}s")
    inside = "" if document["kind"] in CLUSTER_WIDE else f"/namespaces/{document['metadata']['namespace']}"
    return f"{top}{inside}/{plural}"


@pytest.fixture(scope="module")
def server() -> Iterator[Speaker]:
    with running(Settings(controllers=True)) as cluster:
        speaker = Speaker(cluster.url, cluster.token)
        for definition in json.loads(OPERATORS.read_text()):
            assert speaker("POST", path_of(definition), definition).status == 201
        for definition in json.loads(OPERATORS.read_text()):
            group, plural = definition["spec"]["group"], definition["spec"]["names"]["plural"]
            path = f"/apis/{group}/v1/{plural}"
            eventually(lambda path=path: speaker("GET", path).status == 200, f"{plural} are served")
        yield speaker
        speaker.close()


@pytest.mark.parametrize("name", PLANS)
def test_every_field_is_one_that_the_server_knows(server: Speaker, name: str):
    for part, document in objects(plan_called(name)).items():
        reply = server("POST", path_of(document), document, query={"fieldValidation": "Strict"})
        assert reply.status in {201, 409 if part.startswith("definition") else 201}, (part, reply.document)


def test_its_pods_are_made_where_only_restricted_ones_are(server: Speaker):
    plan = plan_of(admitting(), following(), settings={"uuid": "held", "namespace": "held"})
    made = objects(plan)
    made["namespace"]["metadata"]["labels"] = {
        f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")
    }
    for document in (made.pop("namespace"), *map(account, ("admission", "watcher")), *made.values()):
        assert server("POST", path_of(document), document).status == 201, document

    def pods() -> list[Document]:
        found = server("GET", "/api/v1/namespaces/held/pods").document["items"]
        return found if len(found) == 4 else []

    roles = [one["metadata"]["labels"]["poblano.dev/role"] for one in eventually(pods, "each Deployment has two pods")]
    assert sorted(roles) == ["admission", "admission", "watcher", "watcher"]


def account(role: str) -> Document:
    """The ServiceAccount of a kind of pod."""
    metadata = {"name": f"poblano-held-{role}", "namespace": "held"}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def test_what_is_built_for_an_old_server_a_new_one_refuses(server: Speaker):
    budget = objects(plan_called("both", kubernetes=(1, 20)))["admission-disruption-budget"]

    assert server("POST", path_of(budget), budget).status == 404


@pytest.mark.parametrize("name", ["both", "kept"])
def test_the_real_one_takes_what_is_built_for_it(control_plane: ControlPlane, name: str):
    plan = plan_called(name, kubernetes=control_plane.version, monitoring=False)
    text = yaml.safe_dump_all(objects(plan).values())

    # Of a server that does not validate fields, kubectl does it: what is not in its OpenAPI document is refused.
    said = control_plane.kubectl("apply", "--validate=strict", "-f", "-", input=text).stdout

    assert f"deployment.apps/poblano-{name}-admission created" in said
    again = control_plane.kubectl("apply", "--validate=strict", "-f", "-", input=text).stdout
    if control_plane.has_controllers:
        eventually(lambda: len(pods_of(control_plane, f"rules-{name}")) == 4, "each Deployment has two pods")
    assert [line for line in again.splitlines() if not line.endswith(" unchanged")] == []


def pods_of(cluster: ControlPlane, namespace: str) -> list[Document]:
    return json.loads(cluster.kubectl("get", "pods", "-n", namespace, "-o", "json").stdout)["items"]
