"""What was built, put into a cluster: each object applied under one name, what a build no longer has taken away."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from poblano.admission.webhooks import KINDS
from poblano.cli.applying import Applier, name_of
from poblano.cli.defining import NAMESPACES
from poblano.cli.deployed import DEPLOYMENTS
from poblano.client import Resources
from poblano.core.deployed import UUID_LABEL, Names
from poblano.core.errors import Conflict, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.store.layout import SECRETS

if TYPE_CHECKING:
    from poblano.client import ApiClient

MANAGER: Final = "poblano-deploy"

DEFINITION: Final = "CustomResourceDefinition"
WEBHOOKS: Final = frozenset(kind.kind for kind in KINDS.values())

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
    Kind("", "v1", "ServiceAccount", "serviceaccounts"),
    Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    Kind("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False),
)
"""What goes when a build has it no longer. Definitions and stores hold what users wrote, and stay."""


class Putter:
    """Writes what was built.

    Args:
        client: of the cluster.
        uuid: of the module.
    """

    def __init__(self, client: ApiClient, uuid: str) -> None:
        self._applier = Applier(client)
        self._resources = Resources(client, field_manager=MANAGER)
        self._uuid = uuid

    async def check(self, documents: Iterable[Document]) -> None:
        """See that the cluster serves the kind of each, before the first is written.

        Raises:
            NotFound: it does not.
        """
        documents = list(documents)
        defined = {spec["names"]["kind"] for one in documents if one["kind"] == DEFINITION for spec in [one["spec"]]}
        for document in documents:
            if document["kind"] not in defined:
                await self._applier.kind(document)

    async def missing(self, documents: Iterable[Document]) -> list[str]:
        """The namespaces that objects are to be in, and that are neither there nor among them."""
        documents = list(documents)
        made = {name_of(one) for one in documents if one["kind"] == NAMESPACES.kind}
        wanted = {str(one["metadata"].get("namespace") or "") for one in documents} - made - {""}
        return [name for name in sorted(wanted) if not await self._exists(name)]

    async def _exists(self, namespace: str) -> bool:
        try:
            await self._resources.get(NAMESPACES, namespace)
        except NotFound:
            return False
        return True

    async def make(self, namespaces: Iterable[str]) -> None:
        """Make namespaces. They are not the module's: nothing takes them away again."""
        for name in namespaces:
            await self._resources.create(NAMESPACES, {"metadata": {"name": name}})

    async def put(self, document: Document) -> str:
        """Apply one object; what was done, in a word. Fields that others set in it stay theirs, but for those that it names.

        Raises:
            ApiError: the cluster refuses, or does not serve its kind.
        """
        kind = await self._applier.kind(document)
        place = document["metadata"].get("namespace", "") if kind.namespaced else ""
        if kind.kind in WEBHOOKS:
            return await self._put_webhooks(kind, document)
        try:
            before = (await self._resources.get(kind, name_of(document), place))["metadata"]["resourceVersion"]
        except NotFound:
            before = ""
        stored = await self._resources.apply(kind, document, place, force=True)
        if kind.kind == DEFINITION:
            await self._applier.until_served(stored)
        return _word(before, stored)

    async def _put_webhooks(self, kind: Kind, document: Document) -> str:
        """Put a configuration in place of the one that is there, without disarming what of it stays.

        Who leads the module owns the certificate and the policy of each webhook, so applying one without a webhook that
        is no longer wanted would leave half of it behind.
        """
        while True:
            try:
                found = await self._resources.get(kind, name_of(document))
            except NotFound:
                try:
                    await self._resources.create(kind, document)
                except Conflict:  # another deployment was faster
                    continue
                return "created"
            meta: Document = {**document["metadata"], "resourceVersion": found["metadata"]["resourceVersion"]}
            kept = {**document, "metadata": meta, "webhooks": as_armed(document["webhooks"], found["webhooks"])}
            try:
                stored = await self._resources.replace(kind, kept)
            except Conflict:
                await asyncio.sleep(0)
                continue
            return _word(found["metadata"]["resourceVersion"], stored)

    async def prune(self, kept: Iterable[Document]) -> list[str]:
        """Take away what an earlier build had and this one has not, wherever it is; kind and name of each.

        Args:
            kept: what this one has.
        """
        wanted = {_key(one) for one in kept}
        gone: list[str] = []
        for kind in (*KINDS.values(), *PRUNED):  # webhooks first: nobody is to be asked who is gone already
            for one in await self._found(kind):
                if _key(one) not in wanted and not is_sessions(one):
                    gone.append(await self._delete(kind, one))
        return [*gone, *await self._prune_code(wanted)]

    async def _prune_code(self, wanted: Container[tuple[str, str, str]]) -> list[str]:
        """Take away the Secrets of code that no pod can be made from any more, not even by a rollout that is undone."""
        prefix = f"{Names(self._uuid).module}-"
        mounted = {name for one in await self._found(REPLICA_SETS) for name in _mounted(one)}
        secrets = [one for one in await self._found(SECRETS) if name_of(one).startswith(prefix)]
        old = [one for one in secrets if _key(one) not in wanted and name_of(one) not in mounted]
        return [await self._delete(SECRETS, one) for one in old]

    async def _found(self, kind: Kind) -> list[Document]:
        """The module's objects of a kind, in all namespaces."""
        try:
            return (await self._resources.list(kind, label_selector=f"{UUID_LABEL}={self._uuid}")).items
        except NotFound:  # a server that is too old for this kind
            return []

    async def _delete(self, kind: Kind, one: Document) -> str:
        place = one["metadata"].get("namespace") or ""
        await self._resources.delete(kind, name_of(one), place)
        return f"{kind.kind} {name_of(one)}"


def _key(one: Document) -> tuple[str, str, str]:
    return str(one["kind"]), one["metadata"].get("namespace") or "", name_of(one)


def _mounted(owner: Document) -> list[str]:
    """The names of the Secrets that the pods of a ReplicaSet mount."""
    volumes: list[Document] = owner["spec"]["template"]["spec"].get("volumes") or []
    return [one["secret"]["secretName"] for one in volumes if "secret" in one]


def as_armed(new: Iterable[Mapping[str, Any]], live: Iterable[Mapping[str, Any]]) -> list[Document]:
    """The webhooks `new`, each with the certificate and the policy that the one of its name has in the cluster.

    One that is to call another Service, as of a module that has moved to another namespace, is not armed for that: who
    answers there has another certificate.

    >>> live = [{"name": "a", "failurePolicy": "Fail", "clientConfig": {"service": {}, "caBundle": "Q0E="}}]
    >>> as_armed([{"name": "a", "failurePolicy": "Ignore", "clientConfig": {"service": {}}}], live)
    [{'name': 'a', 'failurePolicy': 'Fail', 'clientConfig': {'service': {}, 'caBundle': 'Q0E='}}]
    """
    known = {one["name"]: one for one in live}
    made: list[Document] = []
    for webhook in new:
        found = known.get(webhook["name"])
        bundle = found["clientConfig"].get("caBundle") if found is not None else None
        if found is None or not bundle or _called(found) != _called(webhook):
            made.append(dict(webhook))
            continue
        client = {**webhook["clientConfig"], "caBundle": bundle}
        made.append({**webhook, "failurePolicy": found["failurePolicy"], "clientConfig": client})
    return made


def _called(webhook: Mapping[str, Any]) -> tuple[object, object]:
    """Namespace and name of the Service."""
    service: Mapping[str, object] = webhook["clientConfig"].get("service") or {}
    return service.get("namespace"), service.get("name")


def is_sessions(document: Document) -> bool:
    """Whether it belongs to a `poblano dev` that runs, which takes it away itself."""
    from poblano.cli.sessions import SESSION

    return SESSION in (document["metadata"].get("annotations") or {})


def _word(before: str, stored: Document) -> str:
    if not before:
        return "created"
    return "unchanged" if stored["metadata"]["resourceVersion"] == before else "configured"
