"""Who owns the number of replicas, as the scale subresource sees it and as the scaled object keeps it.

Source: k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.managed.entries import Entry, MalformedEntries, Managers, changed, read_entries, written
from poblano.cluster.managed.fields import at, difference, has, union
from poblano.core.jsonvalue import Document

SCALE_VERSION: Final = "autoscaling/v1"
_REPLICAS: Final = ("f:spec", "f:replicas")


def scale_entries(parent: Any, path: str = "spec.replicas") -> list[Document]:
    """managedFields of a Scale: the owners of the parent's replicas.

    Args:
        parent: managedFields of the scaled object.
        path: where that keeps its replicas.
    """
    elements = _elements(path)
    owners: Managers = {
        who: Entry(at(*_REPLICAS), SCALE_VERSION, entry.time)
        for who, entry in _read(parent).items()
        if has(entry.fields, *elements)
    }
    return written(owners)


def parent_entries(parent: Any, scale: Any, api_version: str, path: str = "spec.replicas") -> list[Document]:
    """managedFields of the scaled object after a write to its scale.

    Args:
        parent: its managedFields before.
        scale: those of the Scale after the write.
        api_version: of the scaled object.

    A new owner has no time: the real server looks for it where it is not, and that is what clients see.
    """
    elements = _elements(path)
    scaling = {who._replace(api_version=""): entry for who, entry in _read(scale).items()}
    found: Managers = {}
    for who, entry in _read(parent).items():
        if not has(entry.fields, *elements) or scaling.pop(who._replace(api_version=""), None) is not None:
            found[who] = entry
            continue
        left = difference(entry.fields, at(*elements))
        if left:
            found[who] = changed(entry, left)
    for who, entry in scaling.items():
        if has(entry.fields, *_REPLICAS):
            mine = who._replace(api_version=api_version if who.operation == "Update" else "")
            before = found.get(mine)
            replicas = at(*elements)
            found[mine] = Entry(union(before.fields, replicas) if before else replicas, api_version)
    return written(found)


def _read(entries: Any) -> Managers:
    try:
        return read_entries(entries or ())
    except MalformedEntries:
        return {}


def _elements(path: str) -> tuple[str, ...]:
    return tuple(f"f:{name}" for name in path.lstrip(".").split("."))
