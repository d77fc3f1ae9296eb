"""Aggregated ClusterRoles: the rules of those that a role selects by label are written into it.

Source: k8s.io/kubernetes/pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.cluster.access.aggregation import aggregated
from poblano.cluster.controllers.objects import Objects
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

ROLES: Final[Bucket] = ("rbac.authorization.k8s.io", "clusterroles")


class RoleController:
    """Puts roles together again when one changes.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (ROLES,)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """All aggregated roles: any of them may select what changed."""
        return self.first_keys()

    def first_keys(self) -> Iterable[str]:
        """All aggregated roles."""
        return [one["metadata"]["name"] for one in self._objects.list(ROLES) if one.get("aggregationRule")]

    async def reconcile(self, key: str) -> float | None:
        """Write the rules into one role."""
        role = self._objects.get(ROLES, key)
        if role is None or not role.get("aggregationRule"):
            return None
        rules: list[Document] = aggregated(role, list(self._objects.list(ROLES)))["rules"]
        if rules != (role.get("rules") or []):
            await self._objects.update(ROLES, {**role, "rules": rules})
        return None
