"""A cluster's objects as strategies see them: a dictionary behind the Lookup protocol."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from poblano.cluster.kinds import strategy
from poblano.core.jsonvalue import Document

UID = "11111111-2222-3333-4444-555555555555"
NOW = "2026-01-31T12:00:00Z"


class Stored:
    """Objects by group, plural, namespace and name."""

    def __init__(self, *objects: tuple[str, str, Document]) -> None:
        self._objects: dict[tuple[str, str, str, str], Document] = {}
        for group, plural, obj in objects:
            self.put(group, plural, obj)

    def put(self, group: str, plural: str, obj: Document) -> None:
        meta = obj.get("metadata", {})
        self._objects[group, plural, meta.get("namespace", ""), meta.get("name", "")] = obj

    def get(self, group: str, plural: str, namespace: str, name: str) -> Document | None:
        return self._objects.get((group, plural, namespace, name))

    def list(self, group: str, plural: str, namespace: str | None = None) -> Iterable[Document]:
        for (g, p, n, _), obj in sorted(self._objects.items(), key=lambda item: item[0]):
            if (g, p) == (group, plural) and namespace in (None, n):
                yield obj

    def revision(self, group: str, plural: str) -> int:
        return len(self._objects)

    def now(self) -> str:
        return NOW


def group_of(obj: Document) -> str:
    """The group of an object, by its apiVersion."""
    return str(obj.get("apiVersion", "")).rpartition("/")[0]


def created(sent: Document, lookup: Stored | None = None, *, namespace: str = "kinds") -> Document:
    """What becomes of an object that is sent to be created, validation aside."""
    obj, kind = deepcopy(sent), strategy(group_of(sent), sent["kind"])
    kind.default(obj)
    meta = obj.setdefault("metadata", {})
    meta |= {"uid": UID, "creationTimestamp": NOW}
    if kind.namespaced:
        meta.setdefault("namespace", namespace)
    kind.admit(obj, None, lookup or Stored())
    kind.prepare_for_create(obj, lookup or Stored())
    return obj


def complaints(obj: Document) -> list[str]:
    """What is wrong with an object that is created."""
    return [str(error) for error in strategy(group_of(obj), obj["kind"]).validate(obj)]


def refused(sent: Document) -> list[str]:
    """What is wrong with what was sent, after defaults."""
    return complaints(created(sent))


def updated(old: Document, new: Document, lookup: Stored | None = None) -> tuple[Document, list[str]]:
    """What becomes of an update, and what is wrong with it."""
    obj, kind = deepcopy(new), strategy(group_of(new), new["kind"])
    kind.default(obj)
    kind.prepare_for_update(obj, old, lookup or Stored())
    return obj, [str(error) for error in kind.validate_update(obj, old)]


def with_revision(obj: Document) -> Document:
    """The object as it is once it is stored."""
    found = deepcopy(obj)
    found["metadata"]["resourceVersion"] = "1"
    return found
