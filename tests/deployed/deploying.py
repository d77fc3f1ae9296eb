"""Building a module and putting it into a cluster, as a user does: `poblano build`, `kubectl apply`; and taking it out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.developing import environment
from tests.eventually import eventually

if TYPE_CHECKING:
    from tests.deployed.conftest import Place

WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/{}webhookconfigurations/poblano-{}"


def build(project: Path, output: Path, *flags: str) -> Path:
    """The manifests, for the version of the real control plane."""
    _poblano(project, "build", "--kubernetes", "1.20", "-o", str(output), *flags)
    (made,) = output.glob("poblano-module-*.yaml")
    return made


def poblano(place: Place, project: Path, *arguments: str) -> str:
    """What a command says that is called in the folder of a module, for the cluster; it must go well."""
    return _poblano(project, *arguments, "--kubeconfig", str(place.cluster.kubeconfig))


def _poblano(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "poblano.cli", *arguments]
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"poblano {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def armed(place: Place, uuid: str) -> bool:
    """Whether each webhook has a certificate, and those that are to refuse do."""
    found = [place.api.find(WEBHOOKS.format(which, uuid)) for which in ("mutating", "validating")]
    hooks = [one for each in found if each for one in each["webhooks"]]
    return bool(hooks) and all(
        one["clientConfig"].get("caBundle") and one["failurePolicy"].lower() in one["name"] for one in hooks
    )


def rolled_out(place: Place, namespace: str, uuid: str) -> bool:
    """Whether all pods are of the newest kind, and available."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments?labelSelector=poblano.dev/uuid%3D{uuid}"
    found = place.api.ask("GET", path)["items"]
    return bool(found) and all(
        one["status"].get("observedGeneration") == one["metadata"]["generation"]
        and one["status"].get("updatedReplicas") == one["status"].get("replicas") == one["spec"]["replicas"]
        and one["status"].get("availableReplicas") == one["spec"]["replicas"]
        for one in found
    )


def deployed(place: Place, manifests: Path, namespace: str, uuid: str, *, admits: bool = True) -> None:
    """Put them there, and wait until all works."""
    place.cluster.kubectl("apply", "-f", str(manifests))
    try:
        eventually(lambda: rolled_out(place, namespace, uuid), f"{uuid} is rolled out", seconds=240)
        if admits:
            eventually(lambda: armed(place, uuid), f"{uuid} is armed", seconds=120)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{place.node.logs()}\n{place.node.failure}") from None
