"""Where a Service leads: the Endpoints and the EndpointSlice of the Pods that it selects.

Source: k8s.io/kubernetes/pkg/controller/endpoint/endpoints_controller.go, k8s.io/endpointslice
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from poblano.cluster.controllers.conditions import condition
from poblano.cluster.controllers.objects import PODS, SERVICES, Objects, key
from poblano.cluster.controllers.owning import is_controlled_by, reference
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.selectors import LabelSelector
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

ENDPOINTS: Final[Bucket] = ("", "endpoints")
SLICES: Final[Bucket] = ("discovery.k8s.io", "endpointslices")
_SERVICE: Final = "kubernetes.io/service-name"
_HEADLESS: Final = "service.kubernetes.io/headless"
_MANAGER: Final = "endpointslice.kubernetes.io/managed-by"
_SLICED: Final = "endpointslice-controller.k8s.io"
_OLD_MANAGER: Final = "endpoints.kubernetes.io/managed-by"
_OLD: Final = "endpoint-controller"
_ROOM: Final = 1000  # the most that a slice may hold


class ServiceController:
    """Keeps both in step with the Pods.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (SERVICES, PODS, ENDPOINTS, SLICES)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A Service that changed, or whose Pods or endpoints did."""
        if event.bucket in (SERVICES, ENDPOINTS):
            return (event.record.key,)
        namespace = event.record.key.partition("/")[0]
        if event.bucket == SLICES:
            name = event.record.labels.get(_SERVICE)
            return (f"{namespace}/{name}",) if name else ()
        labels = [event.record.labels, *([event.previous.labels] if event.previous else [])]
        return [key(one) for one in self._objects.list(SERVICES, namespace) if _selects(one, labels)]

    def first_keys(self) -> Iterable[str]:
        """All Services."""
        return self._objects.keys(SERVICES)

    async def reconcile(self, key: str) -> float | None:
        """Write down where one Service leads."""
        service = self._objects.get(SERVICES, key)
        endpoints = self._objects.get(ENDPOINTS, key)
        if service is None or service["metadata"].get("deletionTimestamp"):
            if endpoints is not None and struct(endpoints, "metadata", "labels").get(_OLD_MANAGER) == _OLD:
                await self._objects.delete(ENDPOINTS, endpoints)
            return None
        if not struct(service, "spec", "selector") or value(service, "spec", "type") == "ExternalName":
            return None
        pods = list(self._pods(service))[:_ROOM]
        await self._save_endpoints(service, endpoints, pods)
        await self._save_slice(service, pods)
        return None

    def _pods(self, service: Document) -> Iterator[Document]:
        """The Pods that it selects, have an address, and have not ended."""
        selector = LabelSelector.of({"matchLabels": service["spec"]["selector"]})
        for pod in self._objects.list(PODS, service["metadata"]["namespace"], selector):
            status = struct(pod, "status")
            if status.get("podIP") and status.get("phase") not in ("Succeeded", "Failed"):
                yield pod

    async def _save_endpoints(self, service: Document, there: Document | None, pods: Sequence[Document]) -> None:
        subsets = list(_subsets(service, [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]))
        labels = {**struct(service, "metadata", "labels"), **_headless(service), _OLD_MANAGER: _OLD}
        if there is None:
            metadata = {"name": service["metadata"]["name"], "namespace": service["metadata"]["namespace"]}
            document: Document = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {**metadata, "labels": labels}}
            await self._objects.create(ENDPOINTS, {**document, **({"subsets": subsets} if subsets else {})})
        elif many(there, "subsets") != subsets or struct(there, "metadata", "labels") != labels:
            metadata = {**there["metadata"], "labels": labels}
            await self._objects.update(ENDPOINTS, {**there, "metadata": metadata, "subsets": subsets})

    async def _save_slice(self, service: Document, pods: Sequence[Document]) -> None:
        name = service["metadata"]["name"]
        labels = {**struct(service, "metadata", "labels"), **_headless(service), _SERVICE: name, _MANAGER: _SLICED}
        content: Document = {"endpoints": [_endpoint(service, pod) for pod in pods], "ports": _ports(service, pods)}
        there = self._slice(service)
        if there is None:
            metadata = {"namespace": service["metadata"]["namespace"], "generateName": f"{name}-"}
            metadata |= {"labels": labels, "ownerReferences": [reference(service)]}
            kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4"}
            await self._objects.create(SLICES, {**kind, "metadata": metadata, **content})
            return
        is_same = all((there.get(part) or []) == content[part] for part in content)
        if not is_same or struct(there, "metadata", "labels") != labels:
            await self._objects.update(
                SLICES, {**there, "metadata": {**there["metadata"], "labels": labels}, **content}
            )

    def _slice(self, service: Document) -> Document | None:
        selector = LabelSelector.of({"matchLabels": {_SERVICE: service["metadata"]["name"], _MANAGER: _SLICED}})
        found = self._objects.list(SLICES, service["metadata"]["namespace"], selector)
        return next((one for one in found if is_controlled_by(one, service)), None)


def _selects(service: Document, labels: Iterable[Mapping[str, str]]) -> bool:
    selector = struct(service, "spec", "selector")
    return bool(selector) and any(selector.items() <= one.items() for one in labels)


def _headless(service: Document) -> dict[str, str]:
    return {_HEADLESS: ""} if value(service, "spec", "clusterIP") == "None" else {}


def _is_ready(service: Document, pod: Document) -> bool:
    found = condition(pod, "Ready")
    ready = found is not None and found["status"] == "True" and not pod["metadata"].get("deletionTimestamp")
    return ready or bool(service["spec"].get("publishNotReadyAddresses"))


def _target(pod: Document) -> Document:
    metadata = pod["metadata"]
    return {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}


def _hostname(service: Document, pod: Document) -> dict[str, Any]:
    spec = pod["spec"]
    named = spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]
    return {"hostname": spec["hostname"]} if named else {}


def _endpoint(service: Document, pod: Document) -> Document:
    terminating, found = bool(pod["metadata"].get("deletionTimestamp")), condition(pod, "Ready")
    serving = found is not None and found["status"] == "True"
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": _is_ready(service, pod), "serving": serving, "terminating": terminating},
        **_hostname(service, pod),
        "targetRef": _target(pod),
        "nodeName": pod["spec"]["nodeName"],
    }


def _number(port: Document, pod: Document) -> int | None:
    """The port of a Pod that a Service's port leads to; a name is one of its containers' ports."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target or int(port["port"])
    for container in many(pod, "spec", "containers"):
        for one in many(container, "ports"):
            if one.get("name") == target and one.get("protocol", "TCP") == port.get("protocol", "TCP"):
                number: int = one["containerPort"]
                return number
    return None


def _pod_ports(service: Document, pod: Document) -> list[Document]:
    found: list[Document] = []
    for port in many(service, "spec", "ports"):
        number = _number(port, pod)
        if number is not None:
            named: Document = {"name": port["name"]} if port.get("name") else {}
            extra: Document = {"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {}
            found.append({**named, "port": number, "protocol": port.get("protocol", "TCP"), **extra})
    return found


def _ports(service: Document, pods: Sequence[Document]) -> list[Document]:
    """The ports of a slice: those of the first Pod, whose template is mostly that of all."""
    return [{"name": "", **port} for port in _pod_ports(service, pods[0])] if pods else []


def _subsets(service: Document, pods: Sequence[Document]) -> Iterator[Document]:
    """The addresses with the same ports, together."""
    groups: dict[str, tuple[list[Document], list[Document], list[Document]]] = {}
    for pod in pods:
        ports = _pod_ports(service, pod)
        found = groups.setdefault(repr(ports), (ports, [], []))
        address = {"ip": pod["status"]["podIP"], **_hostname(service, pod)}
        address |= {"nodeName": pod["spec"]["nodeName"], "targetRef": _target(pod)}
        found[1 if _is_ready(service, pod) else 2].append(address)
    for ports, ready, unready in groups.values():
        named = {"addresses": ready, "notReadyAddresses": unready, "ports": ports}
        yield {name: part for name, part in named.items() if part}
