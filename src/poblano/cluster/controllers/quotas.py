"""ResourceQuotas: the status says what is limited and how much of it is taken.

Source: k8s.io/kubernetes/pkg/controller/resourcequota/resource_quota_controller.go (syncResourceQuota)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from poblano.cluster.controllers.objects import Objects
from poblano.cluster.plugins.quota import total
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

QUOTAS: Final[Bucket] = ("", "resourcequotas")


class QuotaController:
    """Counts anew whenever something in the namespace of a quota changes.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (None,)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """The quotas of the namespace in which something changed."""
        if event.bucket == QUOTAS:
            return (event.record.key,)
        namespace, slash, _ = event.record.key.partition("/")
        if not slash:
            return ()
        return [record.key for record in self._objects.storage.records(QUOTAS, f"{namespace}/")]

    def first_keys(self) -> Iterable[str]:
        """All quotas."""
        return self._objects.keys(QUOTAS)

    async def reconcile(self, key: str) -> float | None:
        """Write down what is limited and taken."""
        quota = self._objects.get(QUOTAS, key)
        if quota is None:
            return None
        hard: Document = quota.get("spec", {}).get("hard") or {}
        used = {name: str(amount) for name, amount in total(quota, self._listing).items()}
        await self._objects.set_status(QUOTAS, quota, {"hard": hard, "used": used} if hard else {})
        return None

    def _listing(self, group: str, plural: str, namespace: str) -> Iterator[Document]:
        return self._objects.list((group, plural), namespace)
