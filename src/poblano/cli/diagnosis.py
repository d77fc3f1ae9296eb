"""What keeps a module in a cluster from being asked, one finding for each thing that must be right."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from poblano.admission.webhooks import KINDS
from poblano.cli.deployed import Deployed, the_one
from poblano.cli.rollout import progress, troubles
from poblano.client import Resources, server_version
from poblano.core.deployed import Names
from poblano.core.errors import ApiError, Forbidden, NotFound, PoblanoError
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.store.layout import SECRETS
from poblano.fluent import K8s
from poblano.models import a
from poblano.watch.leases import LEASE

if TYPE_CHECKING:
    from poblano.client import ApiClient

SERVICE: Final = "kubernetes.io/service-name"
"""The label of the EndpointSlices of a Service."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        about: what.
        good: whether it is as it must be; None where nobody could look.
        says: what was found.
        remedy: what to do.
    """

    about: str
    good: bool | None
    says: str
    remedy: str = ""


class Diagnosis:
    """Looks at a module.

    Args:
        client: of the cluster.
        uuid: of the module.
        namespace: where its pods are; "" is wherever they are found.
    """

    def __init__(self, client: ApiClient, uuid: str, namespace: str) -> None:
        self._client = client
        self._resources = Resources(client)
        self._uuid = uuid
        self.namespace = namespace
        self.names = Names(uuid)
        self.configurations: list[Document] = []
        self._hidden = ""

    async def findings(self) -> AsyncGenerator[Finding]:
        """One after the other, from the outside in. It ends with the first that makes the rest pointless."""
        version = await server_version(self._client)
        yield Finding("cluster", True, f"answers, Kubernetes {version[0]}.{version[1]}")
        try:
            found = await the_one(self._client, self._uuid, self.namespace)
        except Forbidden as error:
            remedy = "" if self.namespace else "say in which namespace it is, if you may look there: --namespace"
            yield Finding("module", None, f"you may not look: {error.message}", remedy)
            return
        except PoblanoError as error:
            yield Finding("module", False, str(error), "" if "--namespace" in str(error) else "poblano deploy")
            for one in _left_behind(await self._configurations(), self._uuid):
                yield one
            return
        self.namespace = found.namespace
        async for one in self._pods(found):
            yield one
        self.configurations = await self._configurations()
        if any(self.names.admission == one["metadata"]["name"] for one in found.deployments):
            async for one in self._admission(found):
                yield one
        if any(self.names.watcher == one["metadata"]["name"] for one in found.deployments):
            yield await self._leader()

    async def _pods(self, found: Deployed) -> AsyncGenerator[Finding]:
        pods = K8s(a.Pod, client=self._client).in_namespace(found.namespace)
        for document in found.deployments:
            deployment = a.Deployment.of(document)
            how = progress(deployment)
            if how.done:
                yield Finding("pods", True, str(how))
                continue
            selected = pods
            for key, value in deployment.spec.selector.match_labels.items():
                selected = selected.with_label(key, value)
            for trouble in troubles(deployment, await selected.list()):
                yield Finding("pods", False, f"{trouble.about}: {trouble.why}", trouble.remedy)

    async def _admission(self, found: Deployed) -> AsyncGenerator[Finding]:
        yield await self._looked("service", self._service)
        yield await self._looked("network", self._network)
        for one in (
            [Finding("webhooks", None, self._hidden)] if self._hidden else _armed(self.configurations, self._uuid)
        ):
            yield one
        yield await self._looked("certificate", lambda: self._certificate(found))

    async def _looked(self, about: str, look: Callable[[], Awaitable[Finding]]) -> Finding:
        """What `look` finds, or why it could not look."""
        try:
            return await look()
        except Forbidden as error:
            return Finding(about, None, f"you may not look: {error.message}")
        except ApiError as error:
            return Finding(about, None, f"could not look: {error}")

    async def _service(self) -> Finding:
        try:
            await self._resources.get(Kind("", "v1", "Service", "services"), self.names.base, self.namespace)
        except NotFound:
            return Finding("service", False, f"there is no Service {self.names.base}", "poblano deploy")
        if ready := await self._ready():
            return Finding("service", True, f"{self.names.base} has {ready} ready endpoints")
        return Finding(
            "service",
            False,
            f"{self.names.base} has no ready endpoint",
            "a pod that runs says at /readyz what it waits for: poblano monitor --all",
        )

    async def _ready(self) -> int:
        """How many endpoints of the Service are."""
        slices = K8s(a.EndpointSlice, client=self._client).in_namespace(self.namespace)
        try:
            pieces = await slices.with_label(SERVICE, self.names.base).list()
        except NotFound:  # a server before 1.21
            return await self._ready_without_slices()
        return sum(one.conditions.ready is not False for piece in pieces for one in piece.endpoints)

    async def _ready_without_slices(self) -> int:
        try:
            found = await K8s(a.Endpoints, client=self._client).in_namespace(self.namespace).get(self.names.base)
        except NotFound:
            return 0
        return len({one.ip for subset in found.subsets for one in subset.addresses})

    async def _network(self) -> Finding:
        """Whether the API server reaches a pod, as it does for a review: through its proxy, whatever the answer is."""
        path = f"/api/v1/namespaces/{self.namespace}/services/https:{self.names.base}:https/proxy/"
        remedy = "let the control plane reach the pods' port 8443: NetworkPolicies, firewalls between it and the nodes, hostNetwork"
        try:
            await self._client.request("GET", path)
        except Forbidden:
            raise
        except ApiError as error:
            if error.status in {500, 502, 503, 504} or not error.status:
                return Finding("network", False, f"the API server does not reach the pods: {error.message}", remedy)
            # Of the API server itself; a pod says it in its own words.
            if error.reason in {"NotFound", "MethodNotAllowed", "NotImplemented"}:
                return Finding("network", None, f"this API server does not pass requests on: {error.message}")
        return Finding("network", True, "the API server reaches the pods")

    async def _configurations(self) -> list[Document]:
        found: list[Document] = []
        for kind in KINDS.values():
            try:
                found.append(await self._resources.get(kind, self.names.base))
            except NotFound:
                continue
            except Forbidden as error:
                self._hidden = f"you may not look: {error.message}"
        return found

    async def _certificate(self, found: Deployed) -> Finding:
        from poblano.cli.judging import RENEW, Origin, judged, trusted

        origin = Origin.of(found.deployments, self.names.certificates)
        try:
            secret = await self._resources.get(SECRETS, origin.secret, self.namespace)
        except NotFound:
            remedy = "poblano deploy" if origin.maker == "self" else origin.advice(RENEW)
            return Finding("certificate", False, f"there is no Secret {origin.secret}", remedy)
        data: dict[str, str] = secret.get("data") or {}
        name, *_ = self.names.service_names(self.namespace)
        bundles = trusted(self.configurations)
        return judged(base64.b64decode(data.get("tls.crt", "")), bundles, name, datetime.now(UTC), origin)

    async def _leader(self) -> Finding:
        try:
            lease = await self._resources.get(LEASE, self.names.base, self.namespace)
        except NotFound:
            return Finding("leader", False, "no watcher has ever led", "poblano monitor --all shows what they say")
        spec: dict[str, Any] = lease.get("spec") or {}
        holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
        if not holder or not renewed:
            return Finding("leader", False, "no watcher leads now", "poblano monitor --all shows what they say")
        age = (datetime.now(UTC) - datetime.fromisoformat(renewed)).total_seconds()
        late = age > 2 * float(spec.get("leaseDurationSeconds") or 15)
        says = f"{holder} leads, renewed {age:.0f} s ago"
        return Finding("leader", not late, says, "its pod hangs or is gone, and no other takes over" if late else "")


def _left_behind(configurations: Sequence[Document], uuid: str) -> Iterator[Finding]:
    """Webhooks that refuse what they are asked about, and whose pods are not found."""
    for webhook in (webhook for one in configurations for webhook in one["webhooks"]):
        if webhook["failurePolicy"] == "Fail" and webhook["clientConfig"].get("caBundle"):
            name = str(webhook["name"]).removesuffix(f".{uuid}.poblano.dev")
            says = f"{name} is armed, Fail, and where its pods are is not known: if nowhere, all that it is asked about is refused"
            yield Finding("webhooks", False, says, f"poblano uninstall {uuid}, or poblano deploy")


def _armed(configurations: Sequence[Document], uuid: str) -> Iterator[Finding]:
    """Whether each webhook has been given a certificate and its policy."""
    if not configurations:
        yield Finding("webhooks", False, "none is registered: nobody is asked about anything", "poblano deploy")
    for webhook in (webhook for one in configurations for webhook in one["webhooks"]):
        name, policy = str(webhook["name"]).removesuffix(f".{uuid}.poblano.dev"), webhook["failurePolicy"]
        meant = name.split("-")[1].capitalize() if "." not in name else policy  # that of one namespace may be any
        if not webhook["clientConfig"].get("caBundle"):
            then = "it is not asked, and the cluster goes on without it"
            then = "all that it is asked about is refused" if policy == "Fail" else then
            remedy = "the admission pod that leads gives it one once it is ready: poblano monitor --all"
            yield Finding("webhooks", False, f"{name} has no certificate: {then}", remedy)
        elif policy != meant:
            remedy = "the admission pod that leads puts it right once it is ready: poblano monitor --all"
            yield Finding("webhooks", False, f"{name} has the policy {policy}, and is to have {meant}", remedy)
        else:
            yield Finding("webhooks", True, f"{name} is armed, {policy}")
