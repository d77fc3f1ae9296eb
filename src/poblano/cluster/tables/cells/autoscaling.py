"""The cells of a HorizontalPodAutoscaler, of either version.

Source: pkg/printers/internalversion/printers.go (formatHPAMetrics)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from poblano.cluster.tables.cells.fields import age, at, many, mapping, name, number, text
from poblano.cluster.tables.cells.phrases import NONE, UNSET, shortened
from poblano.cluster.tables.durations import UNKNOWN
from poblano.core.jsonvalue import Document

_PART: Final = {
    "External": "external",
    "Pods": "pods",
    "Object": "object",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}


def horizontal_pod_autoscaler(one: Document, now: datetime) -> list[Any]:
    """Name, Reference, Targets, MinPods, MaxPods, Replicas, Age."""
    least = at(one, "spec", "minReplicas")
    return [
        name(one),
        f"{text(one, 'spec', 'scaleTargetRef', 'kind')}/{text(one, 'spec', 'scaleTargetRef', 'name')}",
        shortened(_targets(one), 2, separator=", ") or NONE,
        UNSET if least is None else str(least),
        number(one, "spec", "maxReplicas"),
        number(one, "status", "currentReplicas"),
        age(one, now),
    ]


def _targets(one: Document) -> list[str]:
    if at(one, "spec", "targetCPUUtilizationPercentage") is not None:  # autoscaling/v1
        current = at(one, "status", "currentCPUUtilizationPercentage")
        percent = at(one, "spec", "targetCPUUtilizationPercentage")
        return [f"cpu: {UNKNOWN if current is None else f'{current}%'}/{percent}%"]
    current = many(one, "status", "currentMetrics")
    metrics = many(one, "spec", "metrics")
    return [_metric(spec, current[index] if index < len(current) else {}) for index, spec in enumerate(metrics)]


def _metric(spec: Document, status: Document) -> str:
    part = _PART.get(text(spec, "type"))
    if part is None:
        return "<unknown type>"
    target, seen = mapping(spec, part, "target"), at(status, part)
    now = mapping(seen, "current")
    if part in ("resource", "containerResource"):
        return f"{text(spec, part, 'name')}: {_usage(target, now, known=seen is not None)}"
    if part != "pods" and "averageValue" not in target:
        return f"{_value(now, 'value', known=seen is not None)}/{text(target, 'value') or '0'}"
    suffix = "" if part == "pods" else " (avg)"
    known = seen is not None and (part == "pods" or "averageValue" in now)
    return f"{_value(now, 'averageValue', known=known)}/{text(target, 'averageValue')}{suffix}"


def _value(now: Document, key: str, *, known: bool) -> str:
    return (text(now, key) or "0") if known else UNKNOWN


def _usage(target: Document, now: Document, *, known: bool) -> str:
    if "averageValue" in target:
        return f"{_value(now, 'averageValue', known=known)}/{text(target, 'averageValue')}"
    current, wanted = at(now, "averageUtilization"), at(target, "averageUtilization")
    return f"{UNKNOWN if current is None else f'{current}%'}/{'<auto>' if wanted is None else f'{wanted}%'}"
