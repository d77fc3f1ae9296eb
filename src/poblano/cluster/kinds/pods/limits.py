"""The LimitRanges of a namespace: what they fill into a new Pod, and what they forbid Pods and claims.

Source: kubernetes/plugin/pkg/admission/limitranger/admission.go
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from operator import add
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


def _items(obj: Document, lookup: Lookup, kind: str = "Container") -> Iterator[Document]:
    for limit_range in lookup.list("", "limitranges", struct(obj, "metadata").get("namespace") or ""):
        yield from (item for item in many(limit_range, "spec", "limits") if item.get("type") == kind)


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
    """Nothing, if every container and the Pod as a whole are within the limits.

    Raises:
        StatusError: 403 with all that is not.
    """
    wrong: list[str] = []
    for item in _items(pod, lookup):
        for key, _ in _WORDS:
            for container in many(pod, "spec", key):
                wrong += _violations(struct(container, "resources"), item)
    for item in _items(pod, lookup, "Pod"):
        wrong += _violations({key: _together(pod, key) for key in ("requests", "limits")}, item)
    _refuse("pods", pod, wrong)


def check_claim(claim: Document, lookup: Lookup) -> None:
    """Nothing, if what is claimed is within the limits.

    Raises:
        StatusError: 403 with all that is not.
    """
    requests = struct(claim, "spec", "resources", "requests")
    wrong: list[str] = []
    for item in _items(claim, lookup, "PersistentVolumeClaim"):
        wrong += _violations({"requests": requests}, {**item, "max": {}})
        for name, most in struct(item, "max").items():
            said = f"maximum {name} usage per PersistentVolumeClaim is {most}"
            wrong += [] if name in requests else [f"{said}.  No request is specified"]
            wrong += _outside(said, most, name, (("request", requests),), sign=-1)
    _refuse("persistentvolumeclaims", claim, wrong)


def _refuse(plural: str, obj: Document, wrong: list[str]) -> None:
    if wrong:
        text = wrong[0] if len(wrong) == 1 else f"[{', '.join(dict.fromkeys(wrong))}]"
        raise status.forbidden(plural, struct(obj, "metadata").get("name") or "", text)


def _together(pod: Document, key: str) -> Document:
    """What all containers take, or the largest of those that run before them (podRequests, podLimits)."""
    found: dict[str, Fraction] = {}
    binary: set[str] = set()
    for sort, combined in (("containers", add), ("initContainers", max)):
        for container in many(pod, "spec", sort):
            for name, amount in struct(container, "resources", key).items():
                found[name] = combined(found.get(name, Fraction(0)), quantity.number(amount))
                binary |= {name} if str(amount).endswith("i") else set()
    forms = {name: "binary" if name in binary else "decimal" for name in found}
    return {name: str(quantity.Quantity(amount, forms[name])) for name, amount in found.items()}


def _violations(resources: Document, item: Document) -> Iterator[str]:
    requests, limits, kind = struct(resources, "requests"), struct(resources, "limits"), item.get("type")
    for name, least in struct(item, "min").items():
        said = f"minimum {name} usage per {kind} is {least}"
        if name not in requests:
            yield f"{said}.  No request is specified"
        yield from _outside(said, least, name, (("request", requests), ("limit", limits)), sign=1)
    for name, most in struct(item, "max").items():
        said = f"maximum {name} usage per {kind} is {most}"
        if name not in limits:
            yield f"{said}.  No limit is specified"
        yield from _outside(said, most, name, (("limit", limits), ("request", requests)), sign=-1)
    for name, most in struct(item, "maxLimitRequestRatio").items():
        said = f"{name} max limit to request ratio per {kind} is {most}"
        yield from _beyond(said, quantity.number(most), requests.get(name), limits.get(name))


def _beyond(said: str, most: Fraction, request: object, limit: object) -> Iterator[str]:
    for word, given in (("request", request), ("limit", limit)):
        if not quantity.number(given):
            yield f"{said}, but no {word} is specified or {word} is 0"
            return
    ratio = quantity.number(limit) / quantity.number(request)
    if ratio > most:
        yield f"{said}, but provided ratio is {float(ratio):f}"


def _outside(said: str, bound: Any, name: str, given: tuple[tuple[str, Document], ...], *, sign: int) -> Iterator[str]:
    for word, amounts in given:
        if name in amounts and sign * (quantity.number(bound) - quantity.number(amounts[name])) > 0:
            yield f"{said}, but {word} is {amounts[name]}"
            return
