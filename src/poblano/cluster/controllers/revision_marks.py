"""The annotations by which `kubectl rollout history` and `undo` know the revisions of a Deployment.

Source: k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go (SetNewReplicaSetAnnotations)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.cluster.controllers.rollout import Bounds
from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

REVISION: Final = "deployment.kubernetes.io/revision"
DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
_HISTORY: Final = "deployment.kubernetes.io/revision-history"
_MOST: Final = "deployment.kubernetes.io/max-replicas"
_OWN: Final = frozenset({
    REVISION, DESIRED, _HISTORY, _MOST,
    "kubectl.kubernetes.io/last-applied-configuration", "deprecated.deployment.rollback.to",
})  # fmt: skip
"""What a ReplicaSet does not take from its Deployment."""


def revision_of(document: Document) -> int:
    """The revision of a ReplicaSet or a Deployment; 0 for none.

    >>> revision_of({"metadata": {"annotations": {"deployment.kubernetes.io/revision": "3"}}})
    3
    """
    text = struct(document, "metadata", "annotations").get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def newest_marks(deployment: Document, newest: Document | None, old: Iterable[Document]) -> dict[str, str]:
    """The annotations of the ReplicaSet of the newest template: its revision is higher than all others'."""
    marks: dict[str, str] = dict(struct(newest, "metadata", "annotations"))
    marks |= {name: text for name, text in struct(deployment, "metadata", "annotations").items() if name not in _OWN}
    before = revision_of(newest) if newest else 0
    highest = max((revision_of(one) for one in old), default=0) + 1
    if before < highest:
        if before:
            marks[_HISTORY] = ",".join(filter(None, (marks.get(_HISTORY), str(before))))
        marks[REVISION] = str(highest)
    return marks | size_marks(deployment)


def size_marks(deployment: Document) -> dict[str, str]:
    """The annotations by which a later change of the Deployment's size is noticed."""
    bounds = Bounds.of(deployment["spec"])
    return {DESIRED: str(bounds.replicas), _MOST: str(bounds.most)}


def was_sized(deployment: Document, replica_set: Document) -> bool:
    """Whether a ReplicaSet has seen the size that the Deployment has now."""
    seen = struct(replica_set, "metadata", "annotations").get(DESIRED)
    return seen is None or seen == str(deployment["spec"].get("replicas", 1))
