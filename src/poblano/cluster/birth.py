"""What every cluster has from its first moment: namespaces, the bootstrap roles, priority classes, the API's own Service.

Source: k8s.io/kubernetes/pkg/controlplane/controller/systemnamespaces and kubernetesservice, pkg/registry/rbac/rest
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from poblano.cluster.access import bootstrap
from poblano.cluster.local import LocalClient
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document

NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")

_PRIORITIES: Final = {
    "system-node-critical": (2000001000, "must not be moved from their current node."),
    "system-cluster-critical": (2000000000, "must run in the cluster, but can be moved to another node if necessary."),
}


async def give_birth(client: LocalClient, address: str) -> None:
    """Make what is missing; what is there already stays as it is.

    Args:
        client: of somebody who may do anything.
        address: where the API listens, "127.0.0.1:6443"; for the Service's endpoints. Empty for none.
    """
    for document in _documents(address):
        group, _, version = document["apiVersion"].rpartition("/")
        resource = client.registry.kind(group, version, document["kind"])
        if resource is None:
            continue
        try:
            await client.create(resource, document)
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise


def _documents(address: str) -> Iterator[Document]:
    for name in NAMESPACES:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    yield from bootstrap.documents()
    for name, (value, why) in _PRIORITIES.items():
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "description": f"Used for system critical pods that {why}",
        }
    if address:
        yield from _kubernetes(address)


def _kubernetes(address: str) -> Iterator[Document]:
    """The Service ``kubernetes`` in ``default``, and where it leads."""
    host, _, port = address.rpartition(":")
    labels = {"component": "apiserver", "provider": "kubernetes"}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels},
        "spec": {
            "clusterIP": "10.0.0.1",  # the first of the range, as the real server takes it
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": int(port)}],
        },
    }
    reached = _reachable(host.strip("[]"))
    if reached is None:
        return
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": f"IPv{reached.version}",
        "endpoints": [{"addresses": [str(reached)], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": int(port), "protocol": "TCP"}],
    }


def _reachable(host: str) -> IPv4Address | IPv6Address | None:
    """The address, if it may be an endpoint: a name may not, nor may what no other machine could reach."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return None if address.is_loopback or address.is_unspecified else address
