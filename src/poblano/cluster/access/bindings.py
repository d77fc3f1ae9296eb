"""Who is bound to which role: the bindings of one scope, found by the subject.

Source: k8s.io/kubernetes/pkg/registry/rbac/validation/rule.go (appliesTo, describeSubject)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from poblano.cluster.attributes import User
from poblano.cluster.field_errors import go_value
from poblano.core.jsonvalue import Document


@dataclass(frozen=True, slots=True)
class Grant:
    """A binding that applies to somebody.

    Args:
        role_kind: "Role" or "ClusterRole".
        role: its name.
        source: the binding as reasons name it.
    """

    role_kind: str
    role: str
    source: str


class Bindings:
    """The ClusterRoleBindings, or the RoleBindings of a namespace."""

    def __init__(self, documents: Iterable[Document], namespace: str = "") -> None:
        self._namespace = namespace
        self._documents: list[Document] = []
        self._of: dict[str, list[tuple[int, int]]] = {}
        for position, document in enumerate(documents):
            self._documents.append(document)
            for index, subject in enumerate(document.get("subjects") or ()):
                if key := _key(subject, namespace):
                    self._of.setdefault(key, []).append((position, index))

    def grants(self, user: User) -> Iterator[Grant]:
        """The bindings that apply to `user`, in order; each once, by the first of its subjects that is meant."""
        first: dict[int, int] = {}
        for key in (f"User {user.name}", *(f"Group {group}" for group in user.groups)):
            for position, index in self._of.get(key, ()):
                first[position] = min(index, first.get(position, index))
        for position in sorted(first):
            yield self._grant(self._documents[position], first[position])

    def _grant(self, document: Document, index: int) -> Grant:
        reference = document["roleRef"]
        name = document["metadata"]["name"]
        kind, whole = ("RoleBinding", f"{name}/{self._namespace}") if self._namespace else ("ClusterRoleBinding", name)
        role = f"{reference['kind']} {go_value(reference['name'])}"
        subject = self._described(document["subjects"][index])
        return Grant(reference["kind"], reference["name"], f"{kind} {go_value(whole)} of {role} to {subject}")

    def _described(self, subject: Document) -> str:
        name: str = subject["name"]
        if subject["kind"] == "ServiceAccount":
            name = f"{name}/{subject.get('namespace') or self._namespace}"
        return f"{subject['kind']} {go_value(name)}"


def _key(subject: dict[str, Any], namespace: str) -> str:
    kind, name = subject.get("kind"), subject.get("name", "")
    if kind in {"User", "Group"}:
        return f"{kind} {name}"
    where = subject.get("namespace") or namespace
    if kind == "ServiceAccount" and where:
        return f"User system:serviceaccount:{where}:{name}"
    return ""
