"""HorizontalPodAutoscaler, v1 and v2, and PodDisruptionBudget.

Source: kubernetes/pkg/apis/autoscaling, pkg/apis/policy
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names, selectors
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_CPU: Final[Document] = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
_SCALE_UP: Final[Document] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_SCALE_DOWN: Final[Document] = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
_SOURCES: Final = {
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "External": "external",
}


class HorizontalPodAutoscaler(Strategy):
    """Source: kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go"""

    has_status = True

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        spec = obj["spec"]
        if obj.get("apiVersion") == "autoscaling/v1":
            return
        if not many(spec, "metrics"):
            spec["metrics"] = [deepcopy(_CPU)]
        behavior = spec.get("behavior")
        if behavior is not None:
            for key, rules in (("scaleUp", _SCALE_UP), ("scaleDown", _SCALE_DOWN)):
                behavior[key] = {**deepcopy(rules), **struct(behavior, key)}

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
        found: list[FieldError] = []
        if least is not None and least < 1:
            found.append(errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1"))
        if most < 1:
            found.append(errors.invalid("spec.maxReplicas", most, checks.NOT_POSITIVE))
        if least is not None and most < least:
            text = "must be greater than or equal to `minReplicas`"
            found.append(errors.invalid("spec.maxReplicas", most, text))
        found += _target_reference(struct(spec, "scaleTargetRef"), "spec.scaleTargetRef")
        for where, metric in checks.indexed(many(spec, "metrics"), "spec.metrics"):
            found += _metric(metric, where)
        for key in ("scaleUp", "scaleDown"):
            found += _rules(struct(spec, "behavior", key), f"spec.behavior.{key}")
        return found


def _target_reference(reference: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for key in ("kind", "name"):
        value = reference.get(key) or ""
        wrong = checks.complaints(f"{path}.{key}", value, names.path_segment(value))
        found += wrong if value else [errors.required(f"{path}.{key}")]
    return found


def _metric(metric: Document, path: str) -> list[FieldError]:
    kind = metric.get("type") or ""
    if not kind:
        return [errors.required(f"{path}.type", "must specify a metric source type")]
    if kind not in _SOURCES:
        return [errors.not_supported(f"{path}.type", kind, sorted(_SOURCES))]
    key = _SOURCES[kind]
    if metric.get(key) is None:
        text = f"must populate information for the given metric source: {kind}"
        return [errors.required(f"{path}.{key}", text)]
    source, where = struct(metric, key), f"{path}.{key}"
    found: list[FieldError] = []
    if kind in {"Resource", "ContainerResource"}:
        if not source.get("name"):
            found.append(errors.required(f"{where}.name", "must specify a resource name"))
        if kind == "ContainerResource" and not source.get("container"):
            found.append(errors.required(f"{where}.container", "must specify a container"))
    elif not struct(source, "metric").get("name"):
        found.append(errors.required(f"{where}.metric.name", "must specify a metric name"))
    return found + _target(struct(source, "target"), f"{where}.target")


def _target(target: Document, path: str) -> list[FieldError]:
    kind = target.get("type") or ""
    if not kind:
        return [errors.required(f"{path}.type", "must specify a metric target type")]
    if kind not in {"Utilization", "Value", "AverageValue"}:
        return [errors.invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue")]
    usage = target.get("averageUtilization")
    if usage is not None and usage < 1:
        return [errors.invalid(f"{path}.averageUtilization", usage, checks.NOT_POSITIVE)]
    if not any(target.get(key) is not None for key in ("averageUtilization", "averageValue", "value")):
        text = "must set either a target raw value or a target utilization"
        return [errors.required(f"{path}.averageUtilization", text)]
    return []


def _rules(rules: Document, path: str) -> list[FieldError]:
    if not rules:
        return []
    window, where = rules.get("stabilizationWindowSeconds"), f"{path}.stabilizationWindowSeconds"
    found: list[FieldError] = []
    if window is not None and window < 0:
        found.append(errors.invalid(where, window, "must be greater than or equal to zero"))
    if window is not None and window > 3600:
        found.append(errors.invalid(where, window, "must be less than or equal to 3600"))
    policy = rules.get("selectPolicy")
    found += checks.known(policy, f"{path}.selectPolicy", "Disabled", "Max", "Min")
    if not many(rules, "policies"):
        found.append(errors.required(f"{path}.policies", "must specify at least one Policy"))
    for at, one in checks.indexed(many(rules, "policies"), f"{path}.policies"):
        if one.get("type") not in {"Pods", "Percent"}:
            found.append(errors.not_supported(f"{at}.type", one.get("type") or "", ("Percent", "Pods")))
        found += _above_zero(one, at, "value") + _above_zero(one, at, "periodSeconds")
        if (one.get("periodSeconds") or 0) > 1800:
            text = "must be less than or equal to 1800"
            found.append(errors.invalid(f"{at}.periodSeconds", one["periodSeconds"], text))
    return found


def _above_zero(node: Document, path: str, key: str) -> list[FieldError]:
    value: Any = node.get(key) or 0
    return [errors.invalid(f"{path}.{key}", value, "must be greater than zero")] if value <= 0 else []


class PodDisruptionBudget(Strategy):
    """Source: ValidatePodDisruptionBudget"""

    has_status = True
    counts_generation = True
    unconditional_update = False
    create_checks = False
    update_checks = ()

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        keys = ("minAvailable", "maxUnavailable")
        found: list[FieldError] = []
        if all(spec.get(key) is not None for key in keys):
            text = "minAvailable and maxUnavailable cannot be both set"
            # The internal type has no JSON names.
            shown = ("minAvailable", "selector", "maxUnavailable", "unhealthyPodEvictionPolicy")
            found.append(errors.invalid("spec", {key[0].upper() + key[1:]: spec.get(key) for key in shown}, text))
        for key in keys:
            value = spec.get(key)
            if value is not None:
                found += checks.count_or_percent(value, f"spec.{key}")
                percent = checks.percent_of(value)
                if percent and percent > 100:
                    found.append(errors.invalid(f"spec.{key}", value, "must not be greater than 100%"))
        found += selectors.validate(spec.get("selector"), "spec.selector")
        policy = spec.get("unhealthyPodEvictionPolicy")
        return found + checks.known(policy, "spec.unhealthyPodEvictionPolicy", "AlwaysAllow", "IfHealthyBudget")
