"""Who may speak to the pods, and to whom they may: a NetworkPolicy for each kind, on request.

Nobody knows an API server's address beforehand, so the webhooks' port is open to all, as is the way to anything that listens
where API servers do. A chart's values narrow both down.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from poblano.build.metadata import Role, metadata, name_of, selected
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues, kinds_of_pods
from poblano.build.schemas import BOOLEAN, MAPS
from poblano.build.tree import Joined, Part, Slot, Tree
from poblano.core.jsonvalue import Document

API_SERVER_PORTS: Final = (443, 6443)
"""Of the Service `kubernetes`, and of what is behind it: some network plugins look before its address is replaced, some after."""

NAME_SERVER: Final[tuple[Document, ...]] = ({"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"})

_PEERS: Final = "as a list of podSelector, namespaceSelector or ipBlock; empty is everybody."


def parts(plan: Plan) -> Iterator[Part]:
    """A policy for each kind of pod."""
    wanted = _slot(
        "enabled",
        plan.options.network_policy,
        BOOLEAN,
        "Whether NetworkPolicies say who may speak to the pods, and to whom they may.",
    )
    for role in kinds_of_pods(plan):
        yield Part(f"{role}-network-policy", _policy(plan, role), when=(PodValues(role).enabled, wanted))


def _policy(plan: Plan, role: Role) -> Tree:
    values = PodValues(role)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(plan, name_of(plan, role), role=role),
        "spec": {
            "podSelector": {"matchLabels": selected(plan, role)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": _ingress(values),
            "egress": Joined(
                _egress(),
                values.slot(
                    "networkPolicy.egress", [], MAPS, "Where else the actions of the module go: rules of egress."
                ),
            ),
        },
    }


def _ingress(values: PodValues) -> list[Tree]:
    webhooks = {
        "from": _slot(
            "webhooksFrom", [], MAPS, f"Who may call the webhooks: the addresses of the API servers, {_PEERS}"
        ),
        "ports": [{"port": values.port, "protocol": "TCP"}],
    }
    metrics = {
        "from": _slot(
            "metricsFrom",
            [{"namespaceSelector": {}}],
            MAPS,
            f"Who may read metrics, {_PEERS} The default is every pod of the cluster. Probes need no leave: a node may always "
            "speak to its pods.",
        ),
        "ports": [{"port": values.health_port, "protocol": "TCP"}],
    }
    return [webhooks, metrics] if values.role == "admission" else [metrics]


def _egress() -> tuple[Tree, ...]:
    servers = _slot("apiServers", [], MAPS, f"The API servers' addresses, {_PEERS}")
    return (
        {"ports": list(NAME_SERVER)},
        {"to": servers, "ports": [{"port": port, "protocol": "TCP"} for port in API_SERVER_PORTS]},
    )


def _slot(key: str, default: Any, schema: Document, about: str) -> Slot:
    return Slot(f"networkPolicy.{key}", default, schema, about)
