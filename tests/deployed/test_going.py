"""A module comes with `poblano deploy` and goes with `poblano uninstall`: nobody's request fails meanwhile, and nothing is left."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.cli.developing import EXAMPLES
from tests.deployed.deploying import poblano
from tests.deployed.load import Load
from tests.eventually import eventually

if TYPE_CHECKING:
    from tests.deployed.conftest import Place

FOLDER = EXAMPLES / "hello"
SPACES = ("poblano-demo", "poblano-demo-2", "poblano-system", "passers-by")
LEFT = {
    "CustomResourceDefinition//poblanostores.poblano.dev",  # in which other modules keep their stores
    "APIService//v1.poblano.dev",  # comes with it
    "ConfigMap/poblano-demo-2/poblano-ssa-demo",  # what a rule of the module has made is not the module's
}


def test_a_module_comes_and_goes_and_nobody_else_notices(place: Place) -> None:
    """This API server knows no namespaces by their names: the webhooks are asked about the ConfigMaps of passers-by."""
    for space in SPACES:
        place.cluster.kubectl("create", "namespace", space)
        has_been_furnished(place, space)
    before = everything(place)
    with Load(place.api, "passers-by", label="") as load:
        told = poblano(place, FOLDER, "deploy", "--yes")
        came = everything(place) - before
        asked = sum(pod.log.read_text().count('"message":"review"') for pod in place.node.of("admission"))
        poblano(place, FOLDER, "uninstall", "--yes", "--delete-data")
        # The Pods are gone by now; what the cluster has made of them and of the Service goes in its own time.
        after = eventually(lambda: (left := everything(place)) - before <= LEFT and left, "its objects are gone")
    sys.stdout.write(f"{load.sent} requests, {len(load.failed)} failed, {asked} reviews; {len(came)} objects came\n")
    assert "the webhooks are armed" in told
    assert asked, "the load did not reach the module"
    assert load.failed == []
    assert after - before == LEFT - before
    assert before - after == set()
    assert came > LEFT - before
    place.cluster.kubectl("delete", "namespace", *SPACES, timeout=300)


def has_been_furnished(place: Place, space: str) -> None:
    """Wait until the cluster has put all into a namespace that it puts into each, so that nothing comes by itself later."""
    path = f"/api/v1/namespaces/{space}"
    eventually(lambda: place.api.find(f"{path}/configmaps/kube-root-ca.crt"), f"{space} has the authority")

    def account() -> bool:
        found = place.api.find(f"{path}/serviceaccounts/default")
        has_token = place.cluster.version >= (1, 24)  # until then each account has one, in a Secret
        return bool(found and (has_token or found.get("secrets")))

    eventually(account, f"{space} has an account")


def everything(place: Place) -> set[str]:
    """All objects that the cluster has, but for events and what the load makes."""
    kubectl = place.cluster.kubectl
    kinds = kubectl("api-resources", "--verbs=list", "-o", "name").stdout.split()
    asked = ",".join(kind for kind in kinds if not kind.startswith("event"))
    form = "jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
    found = kubectl("get", asked, "-A", "-o", form).stdout.splitlines()
    return {one for one in found if "/passers-by/load-" not in one}
