"""Fifty requests a second go through the API server to two replicas, while everything happens to these that happens to pods."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Self

import pytest

from tests.deployed.api import MERGE
from tests.deployed.deploying import WEBHOOKS, armed, build, deployed, poblano, rolled_out
from tests.deployed.load import Load
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deployed.conftest import Place
    from tests.deployed.pod import Running

NAMESPACE = "loaded-system"
PROJECT = """
[project]
name = "loaded"
version = "1.0.0"

[tool.poblano]
uuid = "loaded"
module = "loaded:module"
namespace = "loaded-system"
"""
CODE = """
from poblano import Capability, Module, a

guard = Capability("guard", namespaces=["loaded"])
maps = guard.when(a.ConfigMap).is_created()

@maps.mutate(name="stamp")
def stamp(one):
    one.set_label("stamp", "yes")

@maps.validate(name="judge")
def judge(one):
    return one.approve() if one.has_label("stamp") else one.deny("it was not stamped")

@maps.watch(name="see")
def see(one, phase):
    pass

module = Module(guard)
"""
CERTIFICATES = f"/api/v1/namespaces/{NAMESPACE}/secrets/poblano-loaded-certificates"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
HASTE = """#!{python}
from poblano.core import certificates

certificates.LOOK_AGAIN = 0.5
certificates.Lifetimes.__init__.__kwdefaults__.update(authority=90.0, leaf=30.0, settle=5.0, haste=2.0, margin=3.0)

from poblano.cli.main import main

main()
"""
"""What a pod runs for which time flies."""

NOTICED_SECONDS = 1.0
"""How long an API server may take to see where a Service is, on a machine that has much else to do."""

LOST = re.compile(r"connection reset by peer|broken pipe|connection refused|: EOF$")
"""How it says that nobody is there any more."""

SETTLE_SECONDS = 3.0
"""How long the load goes on before and after what happens."""


@pytest.fixture(scope="module")
def loaded(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("loaded")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "loaded.py").write_text(CODE)
    place.cluster.kubectl("create", "namespace", "loaded")
    deployed(place, build(folder, folder / "dist"), NAMESPACE, "loaded")
    yield place
    poblano(place, folder, "uninstall", "--yes", "--delete-data")


class Witness(Load):
    """The load, with some time before and after what happens in the block; at its end nothing may have failed."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.api, "loaded")
        self._place = place
        self.broken_at = 0.0

    def __enter__(self) -> Self:
        super().__enter__()
        time.sleep(SETTLE_SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        time.sleep(SETTLE_SECONDS)
        super().__exit__(*error)
        sys.stdout.write(f"{self.sent} requests, {len(self.failed)} failed\n")
        if error[0] is None:
            failed = [what for when, what in self.failed if when >= self.broken_at]
            assert not failed, f"{len(failed)} of {self.sent}: {failed[:5]}\n{self._place.node.logs()}"


def holder(place: Place, lease: str) -> str:
    return str((place.api.find(f"{LEASES}/{lease}") or {}).get("spec", {}).get("holderIdentity") or "")


def leading(place: Place, lease: str) -> tuple[str, Running] | None:
    """Who holds a Lease, once that is a pod that is there."""
    identity = holder(place, lease)
    pods = [one for one in tuple(place.node.pods.values()) if one.name in identity]
    return (identity, pods[0]) if pods else None


def served(place: Place) -> str:
    return str(place.api.ask("GET", CERTIFICATES).get("data", {}).get("tls.crt", ""))


def trusted(place: Place) -> str:
    """Whom the API server is told to trust."""
    (webhook,) = place.api.ask("GET", WEBHOOKS.format("mutating", "loaded"))["webhooks"]
    return str(webhook["clientConfig"].get("caBundle", ""))


def test_a_rolling_restart_of_all_pods(loaded: Place) -> None:
    before = {pod.name for pod in tuple(loaded.node.pods.values())}
    with Witness(loaded):
        for name in ("admission", "watcher"):
            loaded.cluster.kubectl("rollout", "restart", f"deployment/poblano-loaded-{name}", "-n", NAMESPACE)
        eventually(
            lambda: rolled_out(loaded, NAMESPACE, "loaded") and not before & set(_names(loaded)),
            "all are new",
            seconds=300,
        )


def test_a_new_certificate(loaded: Place) -> None:
    before = served(loaded)
    with Witness(loaded):
        loaded.api.ask("PATCH", CERTIFICATES, {"data": {"tls.crt": None, "tls.key": None}}, MERGE)
        eventually(lambda: served(loaded) not in {"", before}, "there is a new certificate")


@pytest.mark.parametrize("lease", ["poblano-loaded-certificates", "poblano-loaded"])
def test_a_change_of_leader(loaded: Place, lease: str) -> None:
    before, pod = eventually(lambda: leading(loaded, lease), "one of the pods leads")
    with Witness(loaded):
        loaded.cluster.kubectl("delete", "pod", pod.name, "-n", NAMESPACE, "--wait=false")
        eventually(lambda: holder(loaded, lease) not in {"", before}, "another leads")
        eventually(lambda: pod.process.poll() is not None, "the old one has ended", seconds=180)


def test_new_authorities_one_after_the_other(loaded: Place) -> None:
    """Half a year passes in a minute: certificates and authorities are renewed again and again, each in its proper order."""
    program = loaded.programs / "poblano"
    program.write_text(HASTE.format(python=sys.executable))
    program.chmod(0o755)
    before = set(_names(loaded))
    loaded.cluster.kubectl("rollout", "restart", "deployment/poblano-loaded-admission", "-n", NAMESPACE)
    lasting = {pod.name for pod in loaded.node.of("watcher")}
    eventually(
        # One that is on its way out may lead yet, and it has all the time in the world.
        lambda: rolled_out(loaded, NAMESPACE, "loaded") and not (before - lasting) & set(_names(loaded)),
        "they are in a hurry",
        seconds=300,
    )
    loaded.api.ask("PATCH", CERTIFICATES, {"data": None}, MERGE)
    eventually(lambda: served(loaded) and armed(loaded, "loaded"), "they have begun anew")
    seen, authorities = {served(loaded)}, {trusted(loaded)}

    def renewed() -> bool:
        seen.add(served(loaded))
        authorities.add(trusted(loaded))
        return len(seen) > 3 and len(authorities) > 2

    with Witness(loaded):
        eventually(renewed, "certificates and authorities are renewed", seconds=400)
    program.unlink()


def test_a_killed_replica(loaded: Place) -> None:
    """What is under way in it at that moment is lost with its connection, and so is what is sent to it until its address is out of
    the Service: no API server asks again, nor could anybody tell it to. All that is sent from then on is answered.
    """
    pod = loaded.node.of("admission")[0]
    with Witness(loaded) as load:
        answered = load.sent - load.under_way
        pod.kill()
        eventually(lambda: pod.restarts or pod.address not in addresses(loaded), "nobody is sent there", pause=0.01)
        time.sleep(NOTICED_SECONDS)
        may_be_lost = load.sent - answered
        load.broken_at = time.monotonic()
        eventually(lambda: pod.restarts and pod.passes("readinessProbe"), "it is back")
    assert len(load.failed) <= may_be_lost
    assert [what for _, what in load.failed if not LOST.search(what)] == []


def addresses(place: Place) -> set[str]:
    """Where requests for the Service go."""
    found = place.api.ask("GET", f"/api/v1/namespaces/{NAMESPACE}/endpoints/poblano-loaded")
    return {one["ip"] for part in found.get("subsets") or () for one in part.get("addresses") or ()}


def _names(place: Place) -> list[str]:
    return [pod.name for pod in tuple(place.node.pods.values())]
