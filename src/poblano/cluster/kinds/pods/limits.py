"""The LimitRanges of a namespace: what they fill into a new Pod, and what they forbid.

Source: kubernetes/plugin/pkg/admission/limitranger/admission.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from poblano.cluster import status
from poblano.cluster.kinds import quantity
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_ANNOTATION: Final = "kubernetes.io/limit-ranger"
_WORDS: Final = (("containers", "container"), ("initContainers", "init container"))
_FILLED: Final = (("requests", "defaultRequest", "request"), ("limits", "default", "limit"))


def fill(pod: Document, lookup: Lookup) -> None:
    """Gives containers the requests and limits that they lack, and says so in an annotation."""
    notes: list[str] = []
    for item in _items(pod, lookup):
        for key, word in _WORDS:
            for container in many(pod, "spec", key):
                notes += _fill_container(container, item, word)
    if notes:
        meta = pod.setdefault("metadata", {})
        meta["annotations"] = {
            **struct(meta, "annotations"),
            _ANNOTATION: f"LimitRanger plugin set: {'; '.join(notes)}",
        }


def _items(pod: Document, lookup: Lookup) -> Iterator[Document]:
    for limit_range in lookup.list("", "limitranges", struct(pod, "metadata").get("namespace") or ""):
        yield from (item for item in many(limit_range, "spec", "limits") if item.get("type") == "Container")


def _fill_container(container: Document, item: Document, word: str) -> list[str]:
    notes: list[str] = []
    for key, source, what in _FILLED:
        resources = container.setdefault("resources", {})
        added = {name: value for name, value in struct(item, source).items() if name not in struct(resources, key)}
        if added:
            resources[key] = {**struct(resources, key), **added}
            notes.append(f"{', '.join(sorted(added))} {what} for {word} {container.get('name', '')}")
    return notes


def check(pod: Document, lookup: Lookup) -> None:
    """Nothing, if every container is within the limits.

    Raises:
        StatusError: 403 with all that is not.
    """
    wrong: list[str] = []
    for item in _items(pod, lookup):
        for key, _ in _WORDS:
            for container in many(pod, "spec", key):
                wrong += _violations(struct(container, "resources"), item)
    if wrong:
        text = wrong[0] if len(wrong) == 1 else f"[{', '.join(dict.fromkeys(wrong))}]"
        raise status.forbidden("pods", struct(pod, "metadata").get("name") or "", text)


def _violations(resources: Document, item: Document) -> Iterator[str]:
    requests, limits = struct(resources, "requests"), struct(resources, "limits")
    for name, least in struct(item, "min").items():
        said = f"minimum {name} usage per Container is {least}"
        if name not in requests:
            yield f"{said}.  No request is specified"
        yield from _outside(said, least, name, (("request", requests), ("limit", limits)), sign=1)
    for name, most in struct(item, "max").items():
        said = f"maximum {name} usage per Container is {most}"
        if name not in limits:
            yield f"{said}.  No limit is specified"
        yield from _outside(said, most, name, (("limit", limits), ("request", requests)), sign=-1)


def _outside(said: str, bound: Any, name: str, given: tuple[tuple[str, Document], ...], *, sign: int) -> Iterator[str]:
    for word, amounts in given:
        if name in amounts and sign * (quantity.number(bound) - quantity.number(amounts[name])) > 0:
            yield f"{said}, but {word} is {amounts[name]}"
            return
