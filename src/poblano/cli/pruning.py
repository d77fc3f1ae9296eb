"""Taking away what an earlier build put into a cluster and this one has not: first who is asked, last what pods may need."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from poblano.admission.webhooks import KINDS
from poblano.cli.applying import name_of
from poblano.cli.deployed import DEPLOYMENTS
from poblano.client import Resources
from poblano.core.deployed import UUID_LABEL, Names
from poblano.core.errors import NotFound
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.store.layout import SECRETS

if TYPE_CHECKING:
    from poblano.client import ApiClient

REPLICA_SETS: Final = Kind("apps", "v1", "ReplicaSet", "replicasets")

PRUNED: Final = (
    Kind(
        "cert-manager.io", "v1", "Certificate", "certificates"
    ),  # else it goes on writing the Secret of the one that is served
    Kind("cert-manager.io", "v1", "Issuer", "issuers"),
    Kind("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    Kind("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
    DEPLOYMENTS,
    Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    Kind("", "v1", "ResourceQuota", "resourcequotas"),
    Kind("", "v1", "Service", "services"),
)
"""What goes when a build has it no longer. Definitions and stores hold what users wrote, and stay."""

ACCOUNTS: Final = (
    Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    Kind("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False),
    Kind("", "v1", "ServiceAccount", "serviceaccounts"),
)
"""What goes when a build has it no longer, and no pod of before needs it any more."""


class Pruner:
    """Takes away what is not needed any more.

    Args:
        client: of the cluster.
        uuid: of the module.
    """

    def __init__(self, client: ApiClient, uuid: str) -> None:
        self._resources = Resources(client)
        self._uuid = uuid

    async def prune(self, kept: Iterable[Document]) -> AsyncGenerator[str]:
        """Take away what an earlier build had and this one has not, wherever it is; kind and name of each, as it goes.

        Its accounts and their roles are left: pods that end may still need them. See `spare_accounts`.

        Args:
            kept: what this one has.
        """
        wanted = {_key(one) for one in kept}
        # Webhooks first: nobody is to be asked who is gone already.
        for kind, one in await self._spare((*KINDS.values(), *PRUNED), wanted):
            yield await self.delete(kind, one)
        for one in await self._old_code(wanted):
            yield await self.delete(SECRETS, one)

    async def spare_accounts(self, kept: Iterable[Document]) -> list[tuple[Kind, Document]]:
        """Accounts, roles and bindings that an earlier build had and this one has not, in the order in which they are to go.

        Args:
            kept: what this one has.
        """
        return await self._spare(ACCOUNTS, {_key(one) for one in kept})

    async def delete(self, kind: Kind, one: Document) -> str:
        """Have one go, unless it is gone already; its kind and name."""
        with suppress(NotFound):
            await self._resources.delete(kind, name_of(one), one["metadata"].get("namespace") or "")
        return f"{kind.kind} {name_of(one)}"

    async def _spare(
        self, kinds: Iterable[Kind], wanted: Container[tuple[str, str, str]]
    ) -> list[tuple[Kind, Document]]:
        found = [(kind, one) for kind in kinds for one in await self._found(kind)]
        return [(kind, one) for kind, one in found if _key(one) not in wanted and not is_sessions(one)]

    async def _old_code(self, wanted: Container[tuple[str, str, str]]) -> list[Document]:
        """The Secrets of code that no pod can be made from any more, not even by a rollout that is undone."""
        prefix = f"{Names(self._uuid).module}-"
        mounted = {name for one in await self._found(REPLICA_SETS) for name in _mounted(one)}
        secrets = [one for one in await self._found(SECRETS) if name_of(one).startswith(prefix)]
        return [one for one in secrets if _key(one) not in wanted and name_of(one) not in mounted]

    async def _found(self, kind: Kind) -> list[Document]:
        """The module's objects of a kind, in all namespaces."""
        try:
            return (await self._resources.list(kind, label_selector=f"{UUID_LABEL}={self._uuid}")).items
        except NotFound:  # a server that is too old for this kind
            return []


def _key(one: Document) -> tuple[str, str, str]:
    return str(one["kind"]), one["metadata"].get("namespace") or "", name_of(one)


def _mounted(owner: Document) -> list[str]:
    """The names of the Secrets that the pods of a ReplicaSet mount."""
    volumes: list[Document] = owner["spec"]["template"]["spec"].get("volumes") or []
    return [one["secret"]["secretName"] for one in volumes if "secret" in one]


def is_sessions(document: Document) -> bool:
    """Whether it belongs to a `poblano dev` that runs, which takes it away itself."""
    from poblano.cli.sessions import SESSION

    return SESSION in (document["metadata"].get("annotations") or {})
