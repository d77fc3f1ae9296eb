"""Which address a Service stands for: any one of its endpoints, for there is no kube-proxy here.

Source: k8s.io/apiserver/pkg/util/proxy/proxy.go (ResolveEndpoint)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TypeAlias

from poblano.cluster.reading import Lookup
from poblano.cluster.webhooks.go_json import quoted
from poblano.core.jsonvalue import Document

Resolve: TypeAlias = Callable[[str, str, int], tuple[str, int]]
"""Namespace, name and port of a Service; the host and port to connect to. Raises `Unresolved`."""


class Unresolved(Exception):
    """The Service leads nowhere; the message says why."""


def endpoints(lookup: Lookup) -> Resolve:
    """A resolver by the Services and EndpointSlices (or Endpoints) that are stored."""

    def resolve(namespace: str, name: str, port: int) -> tuple[str, int]:
        service = lookup.get("", "services", namespace, name)
        if service is None:
            raise Unresolved(f"service {quoted(name)} not found")
        named = _port(service, name, port)
        kind = service.get("spec", {}).get("type") or "ClusterIP"
        if kind not in ("ClusterIP", "NodePort", "LoadBalancer"):
            raise Unresolved(f"unsupported service type {quoted(kind)}")
        if found := list(_addresses(lookup, namespace, name, named)):
            return random.choice(found)  # noqa: S311 -- as upstream's: nobody is to be surprised, all are to be asked
        raise Unresolved(f"no endpoints available for service {quoted(name)}")

    return resolve


def _port(service: Document, name: str, port: int) -> str:
    """The name of a Service's port; empty where it has none."""
    for one in service.get("spec", {}).get("ports") or ():
        if one.get("port") == port:
            return str(one.get("name") or "")
    raise Unresolved(f"no service port {port} found for service {quoted(name)}")


def _addresses(lookup: Lookup, namespace: str, name: str, port: str) -> Iterator[tuple[str, int]]:
    for piece in lookup.list("discovery.k8s.io", "endpointslices", namespace):
        labels: Document = piece["metadata"].get("labels") or {}
        if labels.get("kubernetes.io/service-name") != name:
            continue
        for number in _numbers(piece.get("ports"), port):
            for endpoint in piece.get("endpoints") or ():
                if _is_ready(endpoint) and endpoint.get("addresses"):
                    yield endpoint["addresses"][0], number
    for subset in (lookup.get("", "endpoints", namespace, name) or {}).get("subsets") or ():
        for number in _numbers(subset.get("ports"), port):
            for one in subset.get("addresses") or ():
                yield one["ip"], number


def _is_ready(endpoint: Document) -> bool:
    conditions: Document = endpoint.get("conditions") or {}
    return conditions.get("ready") is not False  # what is not said is taken for yes


def _numbers(ports: list[Document] | None, name: str) -> Iterator[int]:
    for one in ports or ():
        if (one.get("name") or "") == name and one.get("port"):
            yield one["port"]
