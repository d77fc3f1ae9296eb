"""The templates that a StatefulSet or a DaemonSet has had, as ControllerRevisions; `kubectl rollout undo` reads them.

Source: k8s.io/kubernetes/pkg/controller/history/controller_history.go
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from poblano.cluster.controllers.objects import REVISIONS, Objects
from poblano.cluster.controllers.owning import claim, reference
from poblano.cluster.controllers.templates import hash_of
from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

HASH: Final = "controller-revision-hash"


async def revisions(objects: Objects, owner: Document) -> list[Document]:
    """The revisions of an owner, oldest first; the last one is that of its template, made or brought to the front."""
    found = sorted(await claim(objects, REVISIONS, owner), key=lambda one: (one["revision"], one["metadata"]["name"]))
    data = _data(owner)
    newest = next((one for one in reversed(found) if one["data"] == data), None)
    number = found[-1]["revision"] + 1 if found else 1
    if newest is None:
        return [*found, await objects.create(REVISIONS, _revision(owner, data, number))]
    if newest is not found[-1]:
        found.remove(newest)
        found.append(await objects.patch(REVISIONS, newest, {"revision": number}))
    return found


async def forget_old(objects: Objects, owner: Document, found: list[Document], used: Collection[str]) -> None:
    """Delete the oldest revisions that no Pod has, but for as many as the owner keeps."""
    limit: int = owner["spec"].get("revisionHistoryLimit", 10)
    unused = [one for one in found[:-1] if one["metadata"]["name"] not in used]
    for one in unused[: max(0, len(unused) - limit)]:
        await objects.delete(REVISIONS, one)


def template_of(revision: Document) -> Document:
    """The template that a revision holds."""
    return {name: part for name, part in struct(revision, "data", "spec", "template").items() if name != "$patch"}


def hash_in(revision: Document) -> str:
    """The hash at the end of a revision's name."""
    name: str = revision["metadata"]["name"]
    return name.rpartition("-")[2]


def _data(owner: Document) -> Document:
    return {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}


def _revision(owner: Document, data: Document, number: int) -> Document:
    metadata, mark = owner["metadata"], hash_of([owner["metadata"]["uid"], data])
    template = struct(data, "spec", "template", "metadata")
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{metadata['name']}-{mark}",
            "namespace": metadata["namespace"],
            "labels": {**struct(template, "labels"), HASH: mark},
            "annotations": _notes(owner),
            "ownerReferences": [reference(owner)],
        },
        "data": data,
        "revision": number,
    }


def _notes(owner: Document) -> dict[str, str]:
    notes = struct(owner, "metadata", "annotations")
    return {name: text for name, text in notes.items() if name != "kubectl.kubernetes.io/last-applied-configuration"}
