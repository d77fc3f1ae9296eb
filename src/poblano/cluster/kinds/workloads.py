"""What runs replicas of a Pod: Deployment, ReplicaSet, ReplicationController, DaemonSet.

Source: kubernetes/pkg/apis/apps/validation, pkg/registry/apps, pkg/registry/core/replicationcontroller
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, selectors
from poblano.cluster.kinds.pods import defaults, template, warnings
from poblano.cluster.kinds.strategy import Strategy, immutable_fields, keep
from poblano.cluster.kinds.tree import struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_ROLLING: Final = "RollingUpdate"


class Workload(Strategy):
    """What the kinds with ``spec.template`` have in common."""

    has_status = True
    counts_generation = True
    counters: ClassVar[tuple[str, ...]] = ()
    bounded: ClassVar[tuple[str, ...]] = ()

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        pod = struct(obj, "spec", "template", "spec")
        if pod:
            defaults.default_spec(pod)
        self.default_strategy(obj)

    def default_strategy(self, obj: Document) -> None:
        """What is filled into the kind's own update strategy."""

    def validate_status(self, obj: Document, old: Document) -> list[FieldError]:
        given = struct(obj, "status")
        found = checks.nonnegative(given, "status", *self.counters)
        most = given.get("replicas") or 0
        for key in self.bounded:
            if (given.get(key) or 0) > most:
                found.append(
                    errors.invalid(f"status.{key}", given.get(key) or 0, "cannot be greater than status.replicas")
                )
        available, ready = given.get("availableReplicas") or 0, given.get("readyReplicas") or 0
        if "availableReplicas" in self.bounded and available > ready:
            text = "cannot be greater than readyReplicas"
            found.append(errors.invalid("status.availableReplicas", available, text))
        return found

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        return warnings.warnings(struct(obj, "spec", "template"), "spec.template")


def template_of(obj: Document, word: str) -> list[FieldError]:
    """What is wrong with a template whose Pods are kept running by a `word`."""
    given, path = struct(obj, "spec", "template"), "spec.template"
    found = template.validate(given, path) + template.restart_always(given, path)
    return found + no_deadline(given, path, word)


def no_deadline(given: Document, path: str, word: str) -> list[FieldError]:
    """A Pod that is always restarted has no deadline."""
    if struct(given, "spec").get("activeDeadlineSeconds") is None:
        return []
    text = f"activeDeadlineSeconds in {word} is not Supported"
    return [errors.forbidden(f"{path}.spec.activeDeadlineSeconds", text)]


def selector_of(obj: Document, word: str) -> list[FieldError]:
    """What is wrong with the selector of a workload: it is required, valid and selects something."""
    selector, path = struct(obj, "spec").get("selector"), "spec.selector"
    if selector is None:
        return [errors.required(path)]
    found = selectors.validate(selector, path)
    if selectors.is_empty(selector):
        found.append(errors.invalid(path, selector, f"empty selector is invalid for {word}"))
    return found


class Deployment(Workload):
    """Source: kubernetes/pkg/registry/apps/deployment/strategy.go"""

    generation_of = ("spec", "metadata.annotations")
    counters = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
    bounded = ("updatedReplicas", "readyReplicas", "availableReplicas")

    def default_strategy(self, obj: Document) -> None:
        strategy = obj["spec"]["strategy"]
        if strategy["type"] == _ROLLING:
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", "25%")
            rolling.setdefault("maxSurge", "25%")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec, path = struct(obj, "spec"), "spec"
        found = checks.nonnegative(spec, path, "replicas") + selector_of(obj, "deployment")
        given = struct(spec, "template")
        found += template.selected(spec.get("selector"), given, f"{path}.template")
        found += template_of(obj, "ReplicaSet")
        found += _deployment_strategy(struct(spec, "strategy"), f"{path}.strategy")
        found += checks.nonnegative(spec, path, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
        deadline = spec.get("progressDeadlineSeconds")
        if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
            text = "must be greater than minReadySeconds"
            found.append(errors.invalid(f"{path}.progressDeadlineSeconds", deadline, text))
        return found

    immutable = ("spec.selector",)

    def prepare_for_status_update(self, obj: Document, old: Document) -> None:
        """Of all kinds, this one keeps its labels."""
        super().prepare_for_status_update(obj, old)
        keep(metadata.of(obj), metadata.of(old), "labels")


def _deployment_strategy(strategy: Document, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        text = "may not be specified when strategy `type` is 'Recreate'"
        return [errors.forbidden(f"{path}.rollingUpdate", text)] if rolling is not None else []
    if kind != _ROLLING:
        shown = {"Type": kind or "", "RollingUpdate": None}
        return [errors.not_supported(path, shown, ("Recreate", _ROLLING))]
    if rolling is None:
        return [errors.required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")]
    return _rolling(rolling, f"{path}.rollingUpdate")


def _rolling(rolling: Document, path: str) -> list[FieldError]:
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    found = checks.count_or_percent(unavailable, f"{path}.maxUnavailable")
    found += checks.count_or_percent(surge, f"{path}.maxSurge")
    if _is_zero(unavailable) and _is_zero(surge):
        text = "may not be 0 when `maxSurge` is 0"
        found.append(errors.invalid(f"{path}.maxUnavailable", unavailable, text))
    return found + _at_most_all(unavailable, f"{path}.maxUnavailable")


def _is_zero(value: Any) -> bool:
    return value in (None, 0) or checks.percent_of(value) == 0


def _at_most_all(value: Any, path: str) -> list[FieldError]:
    percent = checks.percent_of(value)
    return [errors.invalid(path, value, "must not be greater than 100%")] if percent and percent > 100 else []


class ReplicaSet(Workload):
    """Source: kubernetes/pkg/registry/apps/replicaset/strategy.go"""

    counters = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")
    bounded = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    immutable = ("spec.selector",)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = checks.nonnegative(spec, "spec", "replicas", "minReadySeconds") + selector_of(obj, "deployment")
        found += template.selected(spec.get("selector"), struct(spec, "template"), "spec.template")
        return found + template_of(obj, "ReplicaSet")


class ReplicationController(Workload):
    """Source: kubernetes/pkg/registry/core/replicationcontroller/strategy.go"""

    update_checks = ("create", "update")
    counters = ReplicaSet.counters
    bounded = ReplicaSet.bounded

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        labels = struct(obj, "spec", "template", "metadata", "labels")
        if labels:
            obj["spec"].setdefault("selector", dict(labels))
            if not struct(obj, "metadata", "labels"):
                obj["metadata"]["labels"] = dict(labels)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = checks.nonnegative(spec, "spec", "minReadySeconds", "replicas")
        selector: Document | None = spec.get("selector")
        if not selector:
            found.append(errors.required("spec.selector"))
        if spec.get("template") is None:
            return [*found, errors.required("spec.template")]
        wanted: Document | None = {"matchLabels": selector} if selector else None
        found += template.selected(wanted, struct(spec, "template"), "spec.template")
        return found + template_of(obj, "ReplicationController")


class DaemonSet(Workload):
    """Source: kubernetes/pkg/registry/apps/daemonset/strategy.go"""

    update_checks = ("create", "update")
    counters = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
    immutable = ("spec.selector",)

    def default_strategy(self, obj: Document) -> None:
        strategy = obj["spec"]["updateStrategy"]
        if strategy["type"] == _ROLLING:
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", 1)
            rolling.setdefault("maxSurge", 0)

    def complete(self, obj: Document, old: Document | None, lookup: Lookup) -> None:
        # The generation of the template is a field of the internal type; v1 shows it as an annotation.
        key = "deprecated.daemonset.template.generation"
        before = struct(old, "metadata", "annotations").get(key) or "0"
        changed = old is None or struct(obj, "spec", "template") != struct(old, "spec", "template")
        number = int(before) + changed if str(before).isdigit() else 1
        meta = metadata.of(obj)
        meta["annotations"] = {**struct(meta, "annotations"), key: str(number)}

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        selector: Document | None = spec.get("selector")
        found = selectors.validate(selector, "spec.selector")
        labels = struct(spec, "template", "metadata", "labels")
        if not selectors.matches(selector, labels):
            found.append(errors.invalid("spec.template.metadata.labels", labels, template.MISMATCH))
        if selector is not None and selectors.is_empty(selector):
            found.append(errors.invalid("spec.selector", selector, "empty selector is invalid for daemonset"))
        found += template_of(obj, "DaemonSet") + checks.nonnegative(spec, "spec", "minReadySeconds")
        found += _daemon_strategy(struct(spec, "updateStrategy"), "spec.updateStrategy")
        return found + checks.nonnegative(spec, "spec", "revisionHistoryLimit")

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        # Once by ValidateDaemonSet, once by ValidateDaemonSetUpdate.
        return [*2 * self.validate_content(obj, old), *immutable_fields(obj, old, self.immutable)]


def _daemon_strategy(strategy: Document, path: str) -> list[FieldError]:
    kind = strategy.get("type")
    if kind == "OnDelete":
        return []
    if kind != _ROLLING:
        return [errors.not_supported(f"{path}.type", kind or "", (_ROLLING, "OnDelete"))]
    rolling, where = struct(strategy, "rollingUpdate"), f"{path}.rollingUpdate"
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    found = checks.count_or_percent(unavailable, f"{where}.maxUnavailable")
    found += checks.count_or_percent(surge, f"{where}.maxSurge")
    found += _at_most_all(unavailable, f"{where}.maxUnavailable") + _at_most_all(surge, f"{where}.maxSurge")
    if _is_zero(unavailable) and _is_zero(surge):
        found.append(errors.required(f"{where}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    elif not _is_zero(unavailable) and not _is_zero(surge):
        found.append(errors.invalid(f"{where}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
    return found
