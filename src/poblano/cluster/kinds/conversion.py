"""The same object in another version: Event of the core group and of events.k8s.io, HorizontalPodAutoscaler v1 and v2.

Everything else is served in one version, or in several of the same shape.

Source: kubernetes/pkg/apis/events/v1/conversion.go, pkg/apis/autoscaling/v1/conversion.go
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any, Final

from poblano.cluster.kinds import catalog
from poblano.cluster.kinds.tree import struct
from poblano.cluster.resources import Resource
from poblano.core.jsonvalue import Document

_EVENT_FIELDS: Final = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_TO_CORE: Final = {new: old for old, new in _EVENT_FIELDS.items()}
_METRICS: Final = "autoscaling.alpha.kubernetes.io/metrics"
_CURRENT: Final = "autoscaling.alpha.kubernetes.io/current-metrics"
_CONDITIONS: Final = "autoscaling.alpha.kubernetes.io/conditions"
_BEHAVIOR: Final = "autoscaling.alpha.kubernetes.io/behavior"


def convert(document: Document, resource_from: Resource, resource_to: Resource) -> Document:
    """The object as `resource_to` writes it, with that version's defaults; the very document where both are the same."""
    if resource_from.api_version == resource_to.api_version:
        return document
    if resource_to.kind == "Event":
        changed = _renamed(document, _EVENT_FIELDS if resource_to.group else _TO_CORE)
    elif resource_to.kind == "HorizontalPodAutoscaler":
        changed = _scaler_to_v1(document) if resource_to.version == "v1" else _scaler_to_v2(document)
    else:
        changed = deepcopy(document)
    changed["apiVersion"] = resource_to.api_version
    catalog.strategy(resource_to.group, resource_to.kind).default(changed, resource_to.version)
    return changed


def core_event(event: Document) -> Document:
    """An Event in the core group's words, whichever it was written in.

    >>> core_event({"apiVersion": "events.k8s.io/v1", "kind": "Event", "note": "hello"})["message"]
    'hello'
    """
    if event.get("apiVersion") == "v1":
        return event
    return {**_renamed(event, _TO_CORE), "apiVersion": "v1"}


def _renamed(document: Document, words: dict[str, str]) -> Document:
    return {words.get(key, key): deepcopy(value) for key, value in document.items()}


def _scaler_to_v1(scaler: Document) -> Document:
    found = deepcopy(scaler)
    spec, status = struct(found, "spec"), struct(found, "status")
    annotations: Document = {**struct(found, "metadata", "annotations")}
    others: list[Any] = []
    metrics: list[Any] = spec.pop("metrics", None) or []
    for metric in metrics:
        percent = _cpu_percent(metric, "target")
        if percent is not None and "targetCPUUtilizationPercentage" not in spec:
            spec["targetCPUUtilizationPercentage"] = percent
        else:
            others.append(metric)
    unknown: list[Any] = []
    current: list[Any] = status.pop("currentMetrics", None) or []
    for metric in current:
        percent = _cpu_percent(metric, "current")
        if percent is not None:
            status["currentCPUUtilizationPercentage"] = percent
        unknown.append(metric)
    kept = {_METRICS: others, _CURRENT: unknown, _CONDITIONS: status.pop("conditions", None)}
    kept[_BEHAVIOR] = spec.pop("behavior", None)
    annotations |= {key: json.dumps(value, separators=(",", ":")) for key, value in kept.items() if value}
    if annotations:
        found.setdefault("metadata", {})["annotations"] = annotations
    if "status" in found:
        status.setdefault("currentReplicas", 0)
    return found


def _cpu_percent(metric: Document, key: str) -> int | None:
    cpu = metric.get("type") == "Resource" and struct(metric, "resource").get("name") == "cpu"
    return struct(metric, "resource", key).get("averageUtilization") if cpu else None


def _scaler_to_v2(scaler: Document) -> Document:
    found = deepcopy(scaler)
    spec, status = struct(found, "spec"), struct(found, "status")
    annotations = struct(found, "metadata", "annotations")
    metrics: list[Any] = _loaded(annotations.pop(_METRICS, "null")) or []
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}, *metrics]
    behavior = _loaded(annotations.pop(_BEHAVIOR, "null"))
    current, conditions = (_loaded(annotations.pop(key, "null")) for key in (_CURRENT, _CONDITIONS))
    percent = status.pop("currentCPUUtilizationPercentage", None)
    if percent is not None and not current:
        inner = {"name": "cpu", "current": {"averageUtilization": percent}}
        current = [{"type": "Resource", "resource": inner}]
    if not annotations:
        struct(found, "metadata").pop("annotations", None)
    for node, key, value in (
        (spec, "metrics", metrics),
        (spec, "behavior", behavior),
        (status, "conditions", conditions),
    ):
        if value:
            node[key] = value
    if "status" in found:
        status["currentMetrics"] = current or None
    return found


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
