"""Namespace, Node, and what bounds a namespace: LimitRange, ResourceQuota.

Source: kubernetes/pkg/apis/core/validation, pkg/registry/core
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, names, quantity
from poblano.cluster.kinds.pods import resources, scheduling
from poblano.cluster.kinds.strategy import Strategy, keep
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_NAME_LABEL: Final = "kubernetes.io/metadata.name"


class Namespace(Strategy):
    """Source: kubernetes/pkg/registry/core/namespace/strategy.go"""

    namespaced = False
    has_status = True
    update_checks = ("create", "update")

    def name_errors(self, name: str) -> list[str]:
        return names.label(name)

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        name = metadata.of(obj).get("name")
        if name:
            obj["metadata"]["labels"] = {**struct(obj, "metadata", "labels"), _NAME_LABEL: name}

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        super().prepare_for_create(obj, lookup)
        obj["status"] = {"phase": "Active"}
        finalizers = many(obj, "spec", "finalizers")
        obj["spec"]["finalizers"] = finalizers if "kubernetes" in finalizers else [*finalizers, "kubernetes"]

    def prepare_for_update(self, obj: Document, old: Document, lookup: Lookup) -> None:
        super().prepare_for_update(obj, old, lookup)
        keep(obj.setdefault("spec", {}), struct(old, "spec"), "finalizers")

    def complete(self, obj: Document, old: Document | None, lookup: Lookup) -> None:
        # The name of one made from generateName was not known when it was defaulted.
        meta = obj["metadata"]
        meta["labels"] = {**struct(meta, "labels"), _NAME_LABEL: meta.get("name") or ""}

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return [
            error
            for where, finalizer in checks.indexed(many(obj, "spec", "finalizers"), "spec.finalizers")
            for error in (
                *checks.complaints(where, finalizer, names.qualified(finalizer)),
                *metadata.finalizer_errors(finalizer, where),
            )
        ]


class Node(Strategy):
    """Source: kubernetes/pkg/registry/core/node/strategy.go"""

    namespaced = False
    has_status = True
    update_checks = ("create", "update")

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        status = struct(obj, "status")
        if status.get("capacity") and not status.get("allocatable"):
            status["allocatable"] = dict(status["capacity"])

    def admit(self, obj: Document, old: Document | None, lookup: Lookup, subresource: str = "") -> None:
        # TaintNodesByCondition: a new node runs nothing before it is ready.
        if old is None and not subresource:
            spec = obj.setdefault("spec", {})
            taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
            if not any(
                one.get("key") == taint["key"] and one.get("effect") == taint["effect"] for one in many(spec, "taints")
            ):
                spec["taints"] = [*many(spec, "taints"), taint]

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        # Unlike most kinds, a Node may be created with its status: kubelet does it.
        self.admit(obj, None, lookup)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found: list[FieldError] = []
        seen: set[tuple[str, str]] = set()
        for where, taint in checks.indexed(many(obj, "spec", "taints"), "spec.taints"):
            key, value, effect = (taint.get(name) or "" for name in ("key", "value", "effect"))
            found += checks.label_key(key, f"{where}.key")
            found += checks.complaints(f"{where}.value", value, names.label_value(value))
            found += checks.choice(effect, f"{where}.effect", *scheduling.EFFECTS)
            if (key, effect) in seen:
                found.append(errors.duplicate(where, taint))
            seen.add((key, effect))
        return found


class LimitRange(Strategy):
    """Source: kubernetes/pkg/registry/core/limitrange/strategy.go"""

    creates_on_update = True
    update_checks = ("create",)

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        for item in many(obj, "spec", "limits"):
            if item.get("type") == "Container":
                _fill(item, "default", "max")
                _fill(item, "defaultRequest", "default")
                _fill(item, "defaultRequest", "min")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found: list[FieldError] = []
        seen: set[str] = set()
        for where, item in checks.indexed(many(obj, "spec", "limits"), "spec.limits"):
            kind = item.get("type") or ""
            found += checks.complaints(f"{where}.type", kind, names.qualified(kind))
            if kind in seen:
                found.append(errors.duplicate(f"{where}.type", kind))
            seen.add(kind)
            found += _limits(item, where)
        return found


def _fill(item: Document, into: str, source: str) -> None:
    values = {**struct(item, source), **struct(item, into)}
    if values:
        item[into] = values


def _limits(item: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    if item.get("type") == "Pod":
        text = "may not be specified when `type` is 'Pod'"
        found += [errors.forbidden(f"{path}.{key}", text) for key in ("default", "defaultRequest") if item.get(key)]
    pairs = (
        ("min", "max"),
        ("defaultRequest", "default"),
        ("min", "defaultRequest"),
        ("default", "max"),
        ("defaultRequest", "max"),
    )
    for low, high in pairs:
        for name, least in struct(item, low).items():
            most = struct(item, high).get(name)
            if most is not None and quantity.number(least) > quantity.number(most):
                shown = {"min": "min", "defaultRequest": "default request", "default": "default"}[low]
                text = f"{shown} value {least} is greater than {_WORD[high]} value {most}"
                found.append(errors.invalid(f"{path}.{low}[{name}]", str(least), text))
    return found


_WORD: Final = {"max": "max", "default": "default limit", "defaultRequest": "default request"}


class ResourceQuota(Strategy):
    """Source: kubernetes/pkg/registry/core/resourcequota/strategy.go"""

    has_status = True
    update_checks = ("update",)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found: list[FieldError] = []
        for name, value in struct(obj, "spec", "hard").items():
            where = f"spec.hard[{name}]"
            found += resources.quota_name(name, where) + resources.amount(name, value, where)
        return found
