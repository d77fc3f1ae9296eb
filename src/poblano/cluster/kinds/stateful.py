"""StatefulSet and ControllerRevision.

Source: kubernetes/pkg/apis/apps/validation, pkg/registry/apps
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata
from poblano.cluster.kinds.pods import template
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import struct
from poblano.cluster.kinds.workloads import Workload, no_deadline, selector_of
from poblano.core.jsonvalue import Document

_CHANGEABLE: Final = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_FORBIDDEN: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


class StatefulSet(Workload):
    """Source: kubernetes/pkg/registry/apps/statefulset/strategy.go"""

    counters = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    bounded = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")

    def default_strategy(self, obj: Document) -> None:
        strategy = obj["spec"]["updateStrategy"]
        if strategy["type"] == "RollingUpdate":
            strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        policy = spec.get("podManagementPolicy")
        found: list[FieldError] = []
        if policy not in {"OrderedReady", "Parallel"}:
            text = "must be 'OrderedReady' or 'Parallel'"
            found.append(errors.invalid("spec.podManagementPolicy", policy or "", text))
        found += _update_strategy(struct(spec, "updateStrategy")) + _retention(spec)
        found += checks.nonnegative(spec, "spec", "replicas", "minReadySeconds")
        found += checks.nonnegative(struct(spec, "ordinals"), "spec.ordinals", "start")
        found += selector_of(obj, "statefulset")
        given, path = struct(spec, "template"), "spec.template"
        found += template.selected(spec.get("selector"), given, path)
        # The Pod spec is not looked at: its mounts may name volumes that only the claim templates make.
        found += metadata.label_errors(struct(given, "metadata").get("labels"), f"{path}.labels")
        found += metadata.annotation_errors(struct(given, "metadata").get("annotations"), f"{path}.annotations")
        return found + template.restart_always(given, path) + no_deadline(given, path, "StatefulSet")

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = self.validate_content(obj, old)
        if _fixed(obj) != _fixed(old):
            found.append(errors.forbidden("spec", _FORBIDDEN))
        return found


def _fixed(obj: Document) -> Document:
    return {key: value for key, value in struct(obj, "spec").items() if key not in _CHANGEABLE}


def _update_strategy(strategy: Document) -> list[FieldError]:
    path, kind = "spec.updateStrategy", strategy.get("type") or ""
    rolling = strategy.get("rollingUpdate")
    if kind == "RollingUpdate":
        return checks.nonnegative(struct(strategy, "rollingUpdate"), f"{path}.rollingUpdate", "partition")
    if kind == "OnDelete":
        text = "only allowed for updateStrategy 'RollingUpdate'"
        return [errors.invalid(f"{path}.rollingUpdate", rolling, text)] if rolling is not None else []
    shown = {"Type": kind, "RollingUpdate": None}
    return [errors.invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")]


def _retention(spec: Document) -> list[FieldError]:
    policy, path = struct(spec, "persistentVolumeClaimRetentionPolicy"), "spec.persistentVolumeClaimRetentionPolicy"
    found: list[FieldError] = []
    for key in ("whenDeleted", "whenScaled"):
        found += checks.known(policy.get(key), f"{path}.{key}", "Retain", "Delete")
    return found


class ControllerRevision(Strategy):
    """Source: kubernetes/pkg/registry/apps/controllerrevision/strategy.go"""

    update_checks = ("update", "create")
    immutable = ("data",)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found = [] if obj.get("data") is not None else [errors.required("data", "data is mandatory")]
        revision = obj.get("revision") or 0
        return found + ([errors.invalid("revision", revision, checks.NEGATIVE)] if revision < 0 else [])
