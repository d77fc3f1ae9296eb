"""A module of two capabilities: one of its own, and one from a package that others use as well."""

from __future__ import annotations

from team_labels import team_labels

from poblano import Capability, Decision, Module, ValidateRequest, a

NAMESPACE = "shop"

shop = Capability("shop", description="House rules of the shop", namespaces=[NAMESPACE])


@shop.when(a.Deployment).is_created_or_updated().validate
def not_too_many(deployment: ValidateRequest[a.Deployment]) -> Decision:
    """Refuse more replicas than the shop has room for."""
    wanted = deployment.raw.spec.replicas or 1
    return deployment.approve() if wanted <= 5 else deployment.deny(f"{wanted} replicas are too many, take 5")


module = Module(shop, team_labels(["shop", "stock"], namespaces=[NAMESPACE]))
