"""Event, in both of its spellings.

Source: kubernetes/pkg/apis/core/validation/events.go
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, names
from poblano.cluster.kinds.conversion import core_event
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

_NEW: Final = "events.k8s.io/v1"
_MOST: Final = "can have at most {} characters"
_NEVER: Final = ("involvedObject", "reason", "action", "related", "reportingComponent", "reportingInstance", "type")


class Event(Strategy):
    """Source: kubernetes/pkg/registry/core/event/strategy.go"""

    creates_on_update = True
    create_checks = False
    update_checks = ()

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        event = core_event(obj)
        if old is not None and obj.get("apiVersion") == _NEW:
            return _common(event)
        found = _common(event)
        return [*found, *_new(event)] if obj.get("apiVersion") == _NEW else found

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = self.validate_content(obj, old)
        if obj.get("apiVersion") != _NEW:
            return found
        event, was = core_event(obj), core_event(old)
        found += metadata.validate_update(obj, old)
        for key in _NEVER:
            if (event.get(key) or None) != (was.get(key) or None):
                found.append(errors.invalid(key, event.get(key), metadata.IMMUTABLE))
        return found


def _common(event: Document) -> list[FieldError]:
    found: list[FieldError] = []
    namespace, about = metadata.of(event).get("namespace") or "", struct(event, "involvedObject").get("namespace") or ""
    if about != namespace and not (not about and namespace in {"", "default"}):
        found.append(errors.invalid("involvedObject.namespace", about, "does not match event.namespace"))
    if event.get("eventTime"):
        found += _reported(event)
    return found + checks.dns_subdomain(namespace, "namespace")


def _reported(event: Document) -> list[FieldError]:
    component, instance = event.get("reportingComponent") or "", event.get("reportingInstance") or ""
    found: list[FieldError] = []
    if not component:
        found.append(errors.required("reportingController"))
    found += checks.complaints("reportingController", component, names.qualified(component))
    if not instance:
        found.append(errors.required("reportingInstance"))
    if len(instance) > 128:
        found.append(errors.invalid("reportingInstance", "", _MOST.format(128)))
    for key in ("action", "reason"):
        if not event.get(key):
            found.append(errors.required(key))
        if len(event.get(key) or "") > 128:
            found.append(errors.invalid(key, "", _MOST.format(128)))
    if len(event.get("message") or "") > 1024:
        found.append(errors.invalid("message", "", _MOST.format(1024)))
    return found


def _new(event: Document) -> list[FieldError]:
    found = [] if event.get("eventTime") else [errors.required("eventTime")]
    if event.get("type") not in {"Normal", "Warning"}:
        found.append(errors.invalid("type", "", f"has invalid value: {event.get('type') or ''}"))
    for key in ("firstTimestamp", "lastTimestamp", "count", "source"):
        if event.get(key):
            found.append(errors.invalid(key, "", "needs to be unset"))
    series = event.get("series")
    if series is not None and (series.get("count") or 0) < 2:
        found.append(errors.invalid("series.count", "", "should be at least 2"))
    if series is not None and not series.get("lastObservedTime"):
        found.append(errors.required("series.lastObservedTime"))
    return found
