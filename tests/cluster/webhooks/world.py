"""A cluster's objects as webhooks look them up, and requests about ConfigMaps and others, made by hand."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from poblano.cluster.attributes import Attributes, User
from poblano.cluster.resources import Registry, Resource
from poblano.cluster.status import StatusError
from poblano.cluster.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.cluster.webhooks.listening import Listener

Document = dict[str, Any]

REGISTRY = Registry()


class World:
    """What is stored: a `Lookup` that tests write to."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Document]] = {}
        self._revision = 0
        self._changed: dict[tuple[str, str], int] = {}
        self.lists = 0

    def put(self, group: str, plural: str, document: Document) -> None:
        """Store an object."""
        metadata = document["metadata"]
        self._revision += 1
        metadata["resourceVersion"] = str(self._revision)
        metadata.setdefault("uid", f"uid-{self._revision}")
        self._changed[group, plural] = self._revision
        key = (metadata.get("namespace", ""), metadata["name"])
        self._objects.setdefault((group, plural), {})[key] = document

    def remove(self, group: str, plural: str, name: str, namespace: str = "") -> None:
        """Forget an object."""
        self._revision += 1
        self._changed[group, plural] = self._revision
        del self._objects[group, plural][namespace, name]

    def get(self, group: str, plural: str, namespace: str, name: str) -> Document | None:
        return self._objects.get((group, plural), {}).get((namespace, name))

    def list(self, group: str, plural: str, namespace: str | None = None) -> Iterator[Document]:
        self.lists += 1
        for (where, _), document in sorted(self._objects.get((group, plural), {}).items()):
            if namespace in (None, where):
                yield document

    def revision(self, group: str, plural: str) -> int:
        return self._changed.get((group, plural), 0)

    def now(self) -> str:
        return "2026-01-31T12:00:00Z"

    def namespace(self, name: str, **labels: str) -> None:
        """Store a Namespace."""
        self.put("", "namespaces", {"metadata": {"name": name, "labels": labels}})

    def register(self, kind: str, name: str, *entries: Document) -> None:
        """Store a webhook configuration; `kind` is "mutating" or "validating"."""
        document = {"metadata": {"name": name}, "webhooks": list(entries)}
        self.put("admissionregistration.k8s.io", f"{kind}webhookconfigurations", document)


RULES = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]}]


def entry(listener: Listener | None, name: str, **more: Any) -> Document:
    """A webhook's entry: all ConfigMaps, failing closed, unless `more` says otherwise."""
    made: Document = {
        "name": f"{name}.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 5,
        "failurePolicy": "Fail",
        "rules": RULES,
    }
    if listener is not None:
        made["clientConfig"] = {"url": listener.url(name), "caBundle": listener.identity.bundle}
    return made | more


def resource(path: str) -> Resource:
    """ "apps/v1/deployments", "v1/pods"."""
    *group, version, plural = path.split("/")
    found = REGISTRY.find("/".join(group), version, plural)
    assert found is not None
    return found


def config_map(name: str = "x", *, labels: dict[str, str] | None = None, **data: str) -> Document:
    metadata: Document = {"name": name, "namespace": "shop"}
    if labels is not None:
        metadata["labels"] = labels
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": data or {"a": "1"}}


def request(
    new: Document | None = None,
    old: Document | None = None,
    *,
    of: str = "v1/configmaps",
    operation: str | None = None,
    subresource: str = "",
    namespace: str = "shop",
    name: str | None = None,
    dry_run: bool = False,
) -> Attributes:
    """A write by the user admin: CREATE, UPDATE or DELETE by what objects there are."""
    asked = resource(of)
    kind = asked.subresources[subresource].kind if subresource else asked.gvk
    operation = operation or ("CREATE" if old is None else "UPDATE" if new is not None else "DELETE")
    metadata = (new or old or {}).get("metadata", {})
    return Attributes(
        operation=operation,  # type: ignore[arg-type]
        resource=asked,
        subresource=subresource,
        kind=kind,
        namespace=namespace,
        name=metadata.get("name", "") if name is None else name,
        object=new,
        old_object=old,
        options={"kind": f"{operation.capitalize()}Options", "apiVersion": "meta.k8s.io/v1"},
        user=User("admin", ("system:masters",)),
        dry_run=dry_run,
    )


@contextlib.asynccontextmanager
async def chain(world: World, **options: Any) -> AsyncIterator[Webhooks]:
    """The webhooks of a world, closed in the end."""
    webhooks = Webhooks(world, **options)
    try:
        yield webhooks
    finally:
        await webhooks.close()


async def refusal(webhooks: Webhooks, attributes: Attributes) -> StatusError | None:
    """What a request is refused with on its way through both kinds of webhooks; None when it is admitted."""
    try:
        await webhooks.mutate(attributes)
        await webhooks.validate(attributes)
    except StatusError as error:
        return error
    return None
