"""Namespace, definitions, Secrets, Services, certificates and network policies."""

from __future__ import annotations

import base64

import pytest

from poblano import Capability, Resource
from poblano.build.helm.values import branches, defaults, slots
from poblano.core.deployed import UUID_LABEL
from poblano.core.structs import Struct
from tests.build.planned import CODE, admitting, following, keeping, objects, parts_of, plan_of, scheduled


class CakeSpec(Struct):
    flour: int


class Cake(Resource, group="bakery.example.com", version="v1"):
    spec: CakeSpec


def baking() -> Capability[str]:
    bakery = Capability("bakery")
    bakery.when(Cake).reconcile(name="bake")(lambda cake, ctx: None)
    return bakery


# --------------------------------------------------------------------------------------------------- the namespace


def test_a_manifest_makes_the_namespace_and_a_chart_leaves_that_to_helm():
    plan = plan_of(admitting(), settings={"namespace": "rules"})

    assert objects(plan)["namespace"] == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rules"}}
    assert defaults(branches(slots(parts_of(plan).values())))["namespace"] == {
        "create": False,
        "labels": {},
        "annotations": {},
    }


@pytest.mark.parametrize("name", ["default", "kube-system"])
def test_a_namespace_that_every_cluster_has_is_not_made(name: str):
    assert "namespace" not in objects(plan_of(admitting(), settings={"namespace": name}))


def test_a_server_that_does_not_label_namespaces_finds_the_own_one_labelled():
    """So that webhooks can leave it alone: see build/webhooks.py."""
    plan = plan_of(admitting(), kubernetes=(1, 20), settings={"namespace": "rules"})

    assert objects(plan)["namespace"]["metadata"]["labels"] == {"kubernetes.io/metadata.name": "rules"}


def test_the_namespace_is_no_single_modules():
    made = objects(plan_of(admitting()))

    assert UUID_LABEL not in str(made["namespace"])
    assert all(one["metadata"].get("labels", {}).get(UUID_LABEL) == "shop" for one in list(made.values())[1:])


# ---------------------------------------------------------------------------------------------------- definitions


def test_the_modules_own_kinds_are_defined_and_stay_when_a_release_goes():
    part = parts_of(plan_of(baking()))["definition-cakes.bakery.example.com"]

    assert part.tree["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert part.tree["metadata"]["labels"] == {"poblano.dev/module": "shop"}
    assert not part.shared


@pytest.mark.parametrize("capability", [keeping(), scheduled()])
def test_the_kind_of_stores_is_there_where_something_is_kept_and_is_everybodys(capability: Capability[str]):
    part = parts_of(plan_of(capability))["definition-poblanostores.poblano.dev"]

    assert part.shared
    assert part.in_manifest
    assert not part.when


def test_a_module_that_defines_nothing_has_no_definitions():
    assert not [name for name in objects(plan_of(admitting(), following())) if name.startswith("definition")]


# -------------------------------------------------------------------------------------------- Secrets, certificates


def test_nothing_that_is_built_is_secret():
    made = objects(plan_of(admitting()))

    assert "data" not in made["certificates-secret"]
    assert "stringData" not in made["certificates-secret"]
    assert base64.b64decode(made["module-secret"]["data"]["module.tar.gz"]) == CODE.data


def test_the_place_for_certificates_is_there_only_for_pods_that_make_them():
    assert "certificates-secret" not in objects(plan_of(following()))
    for others in ("cert-manager", "provided"):
        assert "certificates-secret" not in objects(plan_of(admitting(), certificates=others))


def test_cert_manager_is_told_of_every_name_that_the_api_server_calls():
    plan = plan_of(admitting(), certificates="cert-manager")
    made = objects(plan)
    leaf = made["certificate"]["spec"]

    assert tuple(leaf["dnsNames"]) == plan.names.service_names("poblano-system")
    assert leaf["secretName"] == made["certificate"]["metadata"]["name"] == plan.names.certificates
    assert leaf["privateKey"]["rotationPolicy"] == "Always"


def test_what_cert_manager_signs_with_outlives_what_is_served():
    made = objects(plan_of(admitting(), certificates="cert-manager"))
    authority, issuer, leaf = made["authority-certificate"], made["authority-issuer"], made["certificate"]

    assert authority["spec"]["isCA"]
    assert issuer["spec"]["ca"]["secretName"] == authority["spec"]["secretName"]
    assert leaf["spec"]["issuerRef"]["name"] == issuer["metadata"]["name"]
    assert authority["spec"]["issuerRef"]["name"] == made["self-signed-issuer"]["metadata"]["name"]
    assert leaf["spec"]["secretName"] != authority["spec"]["secretName"]


def test_cert_manager_is_told_nothing_unless_it_is_the_one_who_makes_them():
    assert not [one for one in objects(plan_of(admitting())).values() if "cert-manager" in one["apiVersion"]]


# ------------------------------------------------------------------------------------------------ Services, network


def test_the_api_server_calls_443_and_metrics_are_of_each_pod():
    made = objects(plan_of(admitting(), following()))

    (port,) = made["admission-service"]["spec"]["ports"]
    assert (port["port"], port["targetPort"], made["admission-service"]["metadata"]["name"]) == (
        443,
        "https",
        "poblano-shop",
    )
    for role in ("admission", "watcher"):
        metrics = made[f"{role}-metrics-service"]["spec"]
        assert (metrics["clusterIP"], metrics["publishNotReadyAddresses"]) == ("None", True)


def test_network_policies_are_there_on_request():
    assert not [name for name in objects(plan_of(admitting())) if "network" in name]
    assert [name for name in objects(plan_of(admitting(), network_policy=True)) if "network" in name]


def test_only_webhooks_and_metrics_come_in_and_only_names_and_the_api_server_are_gone_to():
    made = objects(plan_of(admitting(), following(), network_policy=True))
    admission, watcher = (made[f"{role}-network-policy"]["spec"] for role in ("admission", "watcher"))
    metrics = {"from": [{"namespaceSelector": {}}], "ports": [{"port": 8080, "protocol": "TCP"}]}

    assert admission["ingress"] == [{"ports": [{"port": 8443, "protocol": "TCP"}]}, metrics]
    assert watcher["ingress"] == [metrics]
    for policy in (admission, watcher):
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert [[port["port"] for port in rule["ports"]] for rule in policy["egress"]] == [[53, 53], [443, 6443]]
