"""The subresources that are a part of the object: status, approval, finalize, ephemeralcontainers, resize.

Each is read as the whole object and writes its own part of it.

Source: k8s.io/kubernetes/pkg/registry/core/pod/strategy.go, core/namespace/strategy.go, certificates/certificates/strategy.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds.pods import resizing
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, value
from poblano.core.jsonvalue import Document

Part = Callable[[Document, Document], None]
Check = Callable[[Strategy, Document, Document], list[FieldError]]


def _only(*path: str) -> Part:
    """A part that is one field: everything else is as it was."""

    def keep_the_rest(new: Document, old: Document) -> None:
        written = value(new, *path)
        metadata = new.get("metadata", {})
        new.clear()
        new.update(deepcopy(old))
        new["metadata"]["resourceVersion"] = metadata.get("resourceVersion", "")
        new["metadata"]["managedFields"] = metadata.get("managedFields", [])
        _put(new, path, written)

    return keep_the_rest


def _resize(new: Document, old: Document) -> None:
    """The resources and resize policies of containers."""
    asked = {(field, one["name"]): one for field in _CONTAINERS for one in many(new, "spec", field)}
    metadata = new.get("metadata", {})
    new.clear()
    new.update(deepcopy(old))
    new["metadata"]["resourceVersion"] = metadata.get("resourceVersion", "")
    new["metadata"]["managedFields"] = metadata.get("managedFields", [])
    for field in _CONTAINERS:
        for container in new["spec"].get(field) or ():
            wanted: Document = asked.get((field, container["name"]), container)
            for key in ("resources", "resizePolicy"):
                if key in wanted:
                    container[key] = wanted[key]


def _check_resize(strategy: Strategy, new: Document, old: Document) -> list[FieldError]:
    return [*strategy.validate_content(new, old), *resizing.validate(new, old)]


_CONTAINERS: Final = ("containers", "initContainers")

PARTS: Final[Mapping[tuple[str, str], Part]] = {
    ("namespaces", "finalize"): _only("spec", "finalizers"),
    ("pods", "ephemeralcontainers"): _only("spec", "ephemeralContainers"),
    ("pods", "resize"): _resize,
    ("certificatesigningrequests", "approval"): _only("status", "conditions"),
}
"""What is not a status, by plural and subresource."""

CHECKS: Final[Mapping[tuple[str, str], Check]] = {("pods", "resize"): _check_resize}
"""What is seen to where such a part is written, beside what is seen to for a status."""


def _put(document: Document, path: tuple[str, ...], value: Any) -> None:
    *parents, last = path
    at: Document = document
    for name in parents:
        at = at.setdefault(name, {})
    if value:
        at[last] = value
    else:
        at.pop(last, None)
