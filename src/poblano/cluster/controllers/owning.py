"""Controllers and what they control: whose an object is, taking it over, letting it go, and making a Pod of a template.

Source: k8s.io/kubernetes/pkg/controller/controller_ref_manager.go, controller_utils.go (GetPodFromTemplate)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from poblano.cluster.controllers.objects import Objects, key
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.selectors import LabelSelector
from poblano.cluster.storage.records import Bucket, Event, key_of
from poblano.core.jsonvalue import Document


def controller_of(document: Document) -> Document | None:
    """The reference to the owner that controls an object, or None.

    >>> controller_of({"metadata": {"ownerReferences": [{"kind": "Job", "name": "a", "controller": True}]}})["name"]
    'a'
    """
    return next((one for one in many(document, "metadata", "ownerReferences") if one.get("controller")), None)


def is_controlled_by(document: Document, owner: Document) -> bool:
    """Whether that very owner controls an object."""
    found = controller_of(document)
    return found is not None and found["uid"] == owner["metadata"]["uid"]


def reference(owner: Document) -> Document:
    """What makes an owner the controller of an object."""
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owner_keys(objects: Objects, event: Event, kind: str) -> set[str]:
    """The keys of the owners of this kind that control what an event is about, or did."""
    found: set[str] = set()
    for document in objects.versions(event):
        owner = controller_of(document)
        if owner is not None and owner["kind"] == kind:
            found.add(key_of(document["metadata"].get("namespace", ""), owner["name"]))
    return found


def selecting_keys(objects: Objects, event: Event, bucket: Bucket) -> set[str]:
    """The keys of what would take an object over that nobody controls."""
    document = objects.decoded(event.bucket, event.record)
    if controller_of(document) is not None or event.type == "DELETED":
        return set()
    return {
        key(one)
        for one in objects.list(bucket, document["metadata"]["namespace"])
        if selector_of(one).matches(event.record.labels)
    }


def selector_of(owner: Document) -> LabelSelector:
    """What a workload selects; a ReplicationController's selector is a plain map."""
    selector: Document = struct(owner, "spec", "selector")
    if owner["kind"] == "ReplicationController":
        selector = {"matchLabels": selector}
    return LabelSelector.of(selector)


async def claim(objects: Objects, bucket: Bucket, owner: Document) -> list[Document]:
    """What an owner controls; orphans that it selects are taken over, and what it selects no longer is let go."""
    selector = selector_of(owner)
    going = bool(owner["metadata"].get("deletionTimestamp"))
    found: list[Document] = []
    for document in tuple(objects.list(bucket, owner["metadata"]["namespace"])):
        mine, selected = is_controlled_by(document, owner), selector.matches(struct(document, "metadata", "labels"))
        if mine and (selected or going):
            found.append(document)
        elif mine and not document["metadata"].get("deletionTimestamp"):
            await _release(objects, bucket, document, owner)
        elif selected and not going and _is_free(document):
            found.append(await _adopt(objects, bucket, document, owner))
    return found


def _is_free(document: Document) -> bool:
    return controller_of(document) is None and not document["metadata"].get("deletionTimestamp")


async def _adopt(objects: Objects, bucket: Bucket, document: Document, owner: Document) -> Document:
    metadata = document["metadata"]
    references = [*many(metadata, "ownerReferences"), reference(owner)]
    change = {"ownerReferences": references, "resourceVersion": metadata["resourceVersion"], "uid": metadata["uid"]}
    return await objects.patch(bucket, document, {"metadata": change})


async def _release(objects: Objects, bucket: Bucket, document: Document, owner: Document) -> None:
    metadata = document["metadata"]
    others = [one for one in many(metadata, "ownerReferences") if one["uid"] != owner["metadata"]["uid"]]
    change = {"ownerReferences": others or None, "resourceVersion": metadata["resourceVersion"], "uid": metadata["uid"]}
    await objects.patch(bucket, document, {"metadata": change})


def pod_of(
    template: Document, owner: Document, *, name: str = "", labels: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A Pod of a template, controlled by an owner: of that name, or of one that begins with the owner's."""
    given = struct(template, "metadata")
    metadata: Document = {"namespace": owner["metadata"]["namespace"], "ownerReferences": [reference(owner)]}
    metadata |= {"name": name} if name else {"generateName": f"{owner['metadata']['name']}-"}
    metadata |= {part: given[part] for part in ("annotations", "finalizers") if given.get(part)}
    if labels or given.get("labels"):
        metadata["labels"] = {**struct(given, "labels"), **(labels or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**struct(template, "spec")}}


def is_active(pod: Document) -> bool:
    """Whether a Pod runs, or is to run."""
    return value(pod, "status", "phase") not in ("Succeeded", "Failed") and not pod["metadata"].get("deletionTimestamp")


def ready_since(pod: Document) -> str | None:
    """When a Pod became ready; None when it is not."""
    for condition in many(pod, "status", "conditions"):
        if condition["type"] == "Ready" and condition["status"] == "True":
            moment: str = condition.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"]
            return moment
    return None


def available_in(objects: Objects, pod: Document, seconds: int) -> float | None:
    """How long until a ready Pod has been so for that many seconds, 0 when it has; None when it is not ready."""
    since = ready_since(pod)
    if since is None:
        return None
    return max(0.0, seconds - objects.age(since)) if seconds else 0.0


def count_available(objects: Objects, pods: Iterable[Document], seconds: int) -> tuple[int, int, float | None]:
    """How many Pods are ready, how many available, and how long until the next one is available; None for no next."""
    waits = [wait for pod in pods if (wait := available_in(objects, pod, seconds)) is not None]
    later = [wait for wait in waits if wait > 0]
    return len(waits), len(waits) - len(later), min(later, default=None)
