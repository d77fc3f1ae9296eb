"""What of a Pod may change once it is there: little.

Source: ValidatePodUpdate in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from copy import deepcopy
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks
from poblano.cluster.kinds.pods import scheduling
from poblano.cluster.kinds.pods.containers import trimmed_image
from poblano.cluster.kinds.pods.internal import difference
from poblano.cluster.kinds.pods.qos import qos_class
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_CHANGEABLE: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)


def validate(obj: Document, old: Document) -> list[FieldError]:
    """What is wrong with how a Pod's spec changed."""
    spec, was = struct(obj, "spec"), struct(old, "spec")
    found: list[FieldError] = []
    for name in ("containers", "initContainers"):
        if len(many(spec, name)) != len(many(was, name)):
            return [*found, errors.forbidden(f"spec.{name}", "pod updates may not add or remove containers")]
        found += _images(spec, name)
    deadline = _deadline(spec, was)
    if deadline:
        return found + deadline
    found += _tolerations(spec, was) + _gates(spec, was)
    if spec == was:
        return found
    if qos_class(spec) != (struct(old, "status").get("qosClass") or qos_class(was)):
        found.append(errors.invalid("metadata", struct(obj, "status").get("qosClass") or "", "Pod QoS is immutable"))
    munged = _without_changeable(spec, was)
    if munged != was:
        found.append(errors.forbidden("spec", _CHANGEABLE + difference(was, munged)))
    return found


def _images(spec: Document, name: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, container in checks.indexed(many(spec, name), f"spec.{name}"):
        if not container.get("image"):
            found.append(errors.required(f"{where}.image"))
        found += trimmed_image(container, where)
    return found


def _deadline(spec: Document, was: Document) -> list[FieldError]:
    path, key = "spec.activeDeadlineSeconds", "activeDeadlineSeconds"
    new, old = spec.get(key), was.get(key)
    if new is None:
        text = "must not update from a positive integer to nil value"
        return [errors.invalid(path, None, text)] if old is not None else []
    if not 0 <= new <= checks.MAX_INT32:
        return checks.complaints(path, new, checks.between(new, 0, checks.MAX_INT32))
    if old is not None and old < new:
        return [errors.invalid(path, new, "must be less than or equal to previous value")]
    return []


def _tolerations(spec: Document, was: Document) -> list[FieldError]:
    def plain(toleration: Document) -> Document:
        return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}

    new = many(spec, "tolerations")
    kept = [plain(one) for one in new]
    if any(plain(one) not in kept for one in many(was, "tolerations")):
        text = "existing toleration can not be modified except its tolerationSeconds"
        return [errors.forbidden("spec.tolerations", text)]
    return scheduling.tolerations(new, "spec.tolerations")


def _gates(spec: Document, was: Document) -> list[FieldError]:
    before = {gate.get("name") for gate in many(was, "schedulingGates")}
    return [
        errors.forbidden(f"{where}.name", f"only deletion is allowed, but found new scheduling gate '{gate['name']}'")
        for where, gate in checks.indexed(many(spec, "schedulingGates"), "spec.schedulingGates")
        if gate.get("name") not in before
    ]


def _without_changeable(spec: Document, was: Document) -> Document:
    """The new spec with everything that may change put back."""
    munged = deepcopy(spec)
    for name in ("containers", "initContainers"):
        for container, before in zip(many(munged, name), many(was, name), strict=True):
            _put_back(container, before, "image")
    for key in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
        _put_back(munged, was, key)
    grace = was.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace < 0 and munged.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = grace
    if many(was, "schedulingGates"):
        if struct(was, "nodeSelector").items() <= struct(munged, "nodeSelector").items():
            _put_back(munged, was, "nodeSelector")
        _put_back(munged, was, "affinity")
    return munged


def _put_back(node: Document, before: Document, key: str) -> None:
    if key in before:
        node[key] = before[key]
    else:
        node.pop(key, None)
