"""What a cluster holds at the end of a demonstration: what was applied, and what was made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from poblano.cli.applying import Applier, name_of
from poblano.cli.followed import patiently
from poblano.core.errors import MalformedObject, NotFound
from poblano.core.jsonvalue import Document

CLUSTER_WIDE: Final = "cluster-wide"
"""What stands for the namespace of what has none."""


@dataclass(slots=True)
class Holdings:
    """What there is.

    Attributes:
        held: the names, by namespace and kind.
        missing: what is not there, in words.
        example: how to look at one of them with kubectl; "" when all are in no namespace.
        pods: how many there are to be, by namespace.
    """

    held: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    missing: list[str] = field(default_factory=list[str])
    example: str = ""
    pods: dict[str, int] = field(default_factory=dict[str, int])


async def read_holdings(applier: Applier, asked: Iterable[tuple[Document, str]], made: Iterable[Document]) -> Holdings:
    """Read back what was applied and made.

    Args:
        applier: of the cluster.
        asked: what was applied, and how it is called if it is not there.
        made: what actions made of it; of that, what is not there is not missed.
    """
    found = Holdings()
    for document, title in asked:
        await _look(applier, document, title, found)
    for document in made:
        await _look(applier, document, "", found)
    for namespace, wanted in found.pods.items():
        ready = await patiently(partial(_ready, applier, namespace, wanted))
        found.held[namespace, "Pod"] = [f"{wanted}, {'all ready' if ready else 'not all ready'}"]
    return found


async def _look(applier: Applier, document: Document, title: str, into: Holdings) -> None:
    try:
        found = await applier.read(document)
    except (NotFound, MalformedObject):
        into.missing += [title] if title else []
        return
    into.example = into.example or _look_at(found)
    namespace: str = found["metadata"].get("namespace", CLUSTER_WIDE)
    names = into.held.setdefault((namespace, found["kind"]), [])
    if name_of(found) in names:
        return
    names.append(name_of(found))
    if found["kind"] == "Deployment" and not title:
        into.pods[namespace] = into.pods.get(namespace, 0) + found["spec"]["replicas"]


async def _ready(applier: Applier, namespace: str, wanted: int) -> bool:
    """Whether there are as many Pods as there are to be, and all are ready."""
    pods = await applier.pods(namespace)
    return len(pods) == wanted and all(map(_is_ready, pods))


def _is_ready(pod: Document) -> bool:
    status: Document = pod.get("status") or {}
    conditions: list[Document] = status.get("conditions") or []
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _look_at(found: Document) -> str:
    """How to see an object with kubectl; "" for one that is in no namespace."""
    metadata = found["metadata"]
    if "namespace" not in metadata:
        return ""
    return f"kubectl get {found['kind'].lower()} {metadata['name']} -n {metadata['namespace']} -o yaml"
