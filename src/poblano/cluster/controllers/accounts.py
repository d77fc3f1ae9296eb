"""What every namespace is given: the ServiceAccount `default`, and the certificate authority of the cluster.

Source: k8s.io/kubernetes/pkg/controller/serviceaccount/serviceaccounts_controller.go,
pkg/controller/certificates/rootcacertpublisher/publisher.go
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from poblano.cluster.controllers.namespaces import NAMESPACES
from poblano.cluster.controllers.objects import Objects
from poblano.cluster.status import StatusError
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document

ACCOUNTS: Final[Bucket] = ("", "serviceaccounts")
CONFIG_MAPS: Final[Bucket] = ("", "configmaps")
DEFAULT: Final = "default"
ROOT_CA: Final = "kube-root-ca.crt"
_ABOUT: Final = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class AccountController:
    """Makes both, again when they are deleted; a changed authority is put right.

    Args:
        objects: what there is.
        authority: the certificate as PEM; nothing is published when it is empty.
    """

    buckets: tuple[Bucket | None, ...] = (NAMESPACES, ACCOUNTS, CONFIG_MAPS)

    def __init__(self, objects: Objects, authority: str) -> None:
        self._objects, self._authority = objects, authority

    def keys(self, event: Event) -> Iterable[str]:
        """The namespace in which something changed that is looked after."""
        if event.bucket == NAMESPACES:
            return (event.record.key,)
        namespace, _, name = event.record.key.partition("/")
        return (namespace,) if name == (DEFAULT if event.bucket == ACCOUNTS else ROOT_CA) else ()

    def first_keys(self) -> Iterable[str]:
        """All namespaces."""
        return self._objects.keys(NAMESPACES)

    async def reconcile(self, key: str) -> float | None:
        """Make what one namespace lacks."""
        namespace = self._objects.get(NAMESPACES, key)
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return None
        for bucket, document in self._wanted(key):
            there = self._objects.get(bucket, key_of(key, document["metadata"]["name"]))
            if there is None:
                await self._make(bucket, document)
            elif bucket == CONFIG_MAPS and there.get("data") != document["data"]:
                await self._objects.update(bucket, {**there, "data": document["data"]})
        return None

    async def _make(self, bucket: Bucket, document: Document) -> None:
        try:
            await self._objects.create(bucket, document)
        except StatusError as error:
            if error.reason not in ("AlreadyExists", "NotFound"):
                raise

    def _wanted(self, namespace: str) -> Iterator[tuple[Bucket, Document]]:
        account = {"name": DEFAULT, "namespace": namespace}
        yield ACCOUNTS, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}
        if self._authority:
            about = {"kubernetes.io/description": _ABOUT}
            yield (
                CONFIG_MAPS,
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": ROOT_CA, "namespace": namespace, "annotations": about},
                    "data": {"ca.crt": self._authority},
                },
            )
