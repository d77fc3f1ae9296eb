"""What a namespace says of what is still in it while it ends.

Source: k8s.io/kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from poblano.cluster.kinds.tree import many
from poblano.cluster.resources import Resource
from poblano.cluster.storage.records import Record
from poblano.core.jsonvalue import Document


def conditions(left: Iterable[tuple[Resource, Record]]) -> Iterator[Document]:
    """The conditions of a namespace that is ending.

    Args:
        left: what is in it still.
    """
    resources: Counter[str] = Counter()
    finalizers: Counter[str] = Counter()
    for resource, record in left:
        resources[f"{resource.plural}.{resource.group}"] += 1
        finalizers.update(many(record.document(), "metadata", "finalizers"))
    yield _condition(
        "NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"
    )
    yield _condition(
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    )
    done = "All content successfully deleted, may be waiting on finalization"
    yield _condition("NamespaceDeletionContentFailure", "ContentDeleted", done)
    text = ", ".join(f"{name} has {number} resource instances" for name, number in sorted(resources.items()))
    yield _condition(
        "NamespaceContentRemaining",
        "SomeResourcesRemain" if text else "ContentRemoved",
        f"Some resources are remaining: {text}" if text else "All content successfully removed",
        is_true=bool(text),
    )
    text = ", ".join(f"{name} in {number} resource instances" for name, number in sorted(finalizers.items()))
    yield _condition(
        "NamespaceFinalizersRemaining",
        "SomeFinalizersRemain" if text else "ContentHasNoFinalizers",
        f"Some content in the namespace has finalizers remaining: {text}"
        if text
        else "All content-preserving finalizers finished",
        is_true=bool(text),
    )


def _condition(type_: str, reason: str, message: str, *, is_true: bool = False) -> Document:
    return {"type": type_, "status": "True" if is_true else "False", "reason": reason, "message": message}
