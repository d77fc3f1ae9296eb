"""A cluster with a module that doctors look at: made well, or ill."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aiohttp import web
from click.testing import CliRunner
from typing_extensions import override

from poblano.admission.certificates import issue
from poblano.admission.replies import failure
from poblano.cli.main import cli
from tests.cli.kubelet import Kubelet

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


CODE = """
from poblano import Capability, Module, a

shop = Capability("shop")
shop.when(a.Pod).is_created().with_label("tier", "data").in_namespace("shop").validate(lambda pod: pod.approve(), name="first")
shop.when(a.ConfigMap).is_created().watch(lambda one, phase: None, name="seen")
module = Module(shop)
"""
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/poblano-ill"
SECRET = "/api/v1/namespaces/ward/secrets/poblano-ill-certificates"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/ward/leases"
STRATEGIC = "application/strategic-merge-patch+json"
NAME = "poblano-ill.ward.svc"


class Ward(Kubelet):
    """Says how the API server reaches the pods of a Service."""

    reaches = 404
    has_slices = True

    @override
    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if "/endpointslices" in request.path and not self.has_slices:
            return web.Response(status=404, text="404 page not found")
        if "/proxy" in request.path:
            if not self.reaches:
                return await super()._handle(request)
            if self.reaches == 404:  # as a pod says it
                return web.Response(status=404, body=failure(404, "there is no webhook at this path").body)
            said = {"kind": "Status", "message": "error trying to reach service: i/o timeout", "code": self.reaches}
            return web.json_response(said, status=self.reaches)
        return await super()._handle(request)


async def at_once(*_: object) -> None:
    """Nobody waits for the pods here."""


def poblano(ward: Ward, folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--kubeconfig", str(ward.kubeconfig(folder))])


def lines(done: Result) -> dict[str, list[str]]:
    """What is said of each thing, with its sign."""
    found: dict[str, list[str]] = {}
    for line in done.output.splitlines():
        if match := re.match(r"(ok   |wrong|-    ) (\w+) +(.*)", line):
            found.setdefault(match[2], []).append(f"{match[1].strip()}: {match[3]}")
    return found


def make_well(ward: Ward, *, names: tuple[str, ...] = (NAME,), ends: timedelta = timedelta(days=90)) -> None:
    """What the pods of a module do, which do not run here."""
    made = issue(names, validity=timedelta(days=90), clock=lambda: datetime.now(UTC) - timedelta(days=90) + ends)
    (webhook,) = ward.ask("GET", WEBHOOKS)["webhooks"]
    bundle = base64.b64encode(made.authority).decode()
    patch = {"name": webhook["name"], "failurePolicy": "Fail", "clientConfig": {"caBundle": bundle}}
    ward.ask("PATCH", WEBHOOKS, {"webhooks": [patch]}, STRATEGIC)
    data = {"tls.crt": base64.b64encode(made.pair.certificate).decode()}
    ward.ask("PATCH", SECRET, {"data": data}, STRATEGIC)


def lead(ward: Ward, age: timedelta) -> None:
    renewed = (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": "watcher-1", "renewTime": renewed, "leaseDurationSeconds": 60}
    if ward.status("GET", f"{LEASES}/poblano-ill") == 404:
        ward.ask("POST", LEASES, {"metadata": {"name": "poblano-ill"}, "spec": {}})
    ward.ask("PATCH", f"{LEASES}/poblano-ill", {"spec": spec}, STRATEGIC)


def ready(ward: Ward) -> bool:
    found = ward.ask("GET", "/apis/apps/v1/namespaces/ward/deployments")["items"]
    slices = ward.ask("GET", "/apis/discovery.k8s.io/v1/namespaces/ward/endpointslices")["items"]
    return all(one.get("status", {}).get("availableReplicas") == 2 for one in found) and any(
        one.get("endpoints") for one in slices
    )
