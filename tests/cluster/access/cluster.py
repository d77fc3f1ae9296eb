"""A cluster that is nothing but its objects: what authorization reads, in memory, with a clock that stands still."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from poblano.cluster.access import Access, Action
from poblano.cluster.attributes import Attributes, User
from poblano.cluster.resources import GroupVersionKind, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

RBAC = "rbac.authorization.k8s.io"
TOKEN = "the-token-of-admin"


class Objects:
    """A `Lookup` over a dict."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.time = "2026-01-31T12:00:00Z"
        self._kept: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self._revisions: dict[tuple[str, str], int] = {}
        self._uids = itertools.count(1)
        for document in documents:
            self.put(document)

    def put(self, document: dict[str, Any]) -> dict[str, Any]:
        group = document.get("apiVersion", "v1").rpartition("/")[0]
        plural = document["kind"].lower() + "s"
        metadata = document["metadata"]
        metadata.setdefault("uid", f"uid-{next(self._uids)}")
        self._kept[group, plural, metadata.get("namespace", ""), metadata["name"]] = document
        self._changed(group, plural)
        return document

    def remove(self, group: str, plural: str, namespace: str, name: str) -> None:
        del self._kept[group, plural, namespace, name]
        self._changed(group, plural)

    def get(self, group: str, plural: str, namespace: str, name: str) -> dict[str, Any] | None:
        return self._kept.get((group, plural, namespace, name))

    def list(self, group: str, plural: str, namespace: str | None = None) -> Iterator[dict[str, Any]]:
        for key in sorted(self._kept):
            if key[:2] == (group, plural) and namespace in (None, key[2]):
                yield self._kept[key]

    def revision(self, group: str, plural: str) -> int:
        return self._revisions.get((group, plural), 0)

    def now(self) -> str:
        return self.time

    def _changed(self, group: str, plural: str) -> None:
        self._revisions[group, plural] = self.revision(group, plural) + 1


def role(name: str, *rules: dict[str, Any], namespace: str = "", **more: Any) -> dict[str, Any]:
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": list(rules), **more}


def binding(name: str, role_name: str, *subjects: str, namespace: str = "", kind: str = "") -> dict[str, Any]:
    """Subjects as "User:zoe", "Group:dev", "ServiceAccount:shop/bot" or "ServiceAccount:bot"."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    kind = kind or ("Role" if namespace else "ClusterRole")
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": metadata,
        "subjects": [subject(text) for text in subjects],
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role_name},
    }


def subject(text: str) -> dict[str, Any]:
    kind, _, name = text.partition(":")
    if kind == "ServiceAccount":
        namespace, _, name = name.rpartition("/")
        return {"kind": kind, "name": name, **({"namespace": namespace} if namespace else {})}
    return {"kind": kind, "apiGroup": RBAC, "name": name}


def rule(verbs: str, resources: str = "", groups: str = "", names: str = "", urls: str = "") -> dict[str, Any]:
    if urls:
        return {"verbs": verbs.split(), "nonResourceURLs": urls.split()}
    made: dict[str, Any] = {"verbs": verbs.split(), "apiGroups": groups.split() or [""], "resources": resources.split()}
    return made | ({"resourceNames": names.split()} if names else {})


def account(name: str, namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    return {"kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace, **metadata}}


def access(objects: Objects, *, rbac: bool = True) -> Access:
    return Access(objects, admin_token=TOKEN, rbac=rbac)


def allowed(entry: Access, user: User, action: Action) -> bool:
    return entry.authorizer.authorize(user, action).allowed


def resource(plural: str, kind: str, *, namespaced: bool = False) -> Resource:
    return Resource(RBAC, "v1", plural, kind.lower(), kind, f"{kind}List", namespaced, ())


def write(new: dict[str, Any], user: User, *, old: dict[str, Any] | None = None) -> Attributes:
    """The attributes of a create, or of an update where there is something `old`."""
    kind, metadata = new["kind"], new["metadata"]
    return Attributes(
        operation="UPDATE" if old else "CREATE",
        resource=resource(f"{kind.lower()}s", kind),
        subresource="",
        kind=GroupVersionKind(RBAC, "v1", kind),
        namespace=metadata.get("namespace", ""),
        name=metadata["name"] if old else "",
        object=new,
        old_object=old,
        options=None,
        user=user,
    )
