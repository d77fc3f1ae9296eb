"""The cells of the plain kinds of the core group, and of Events and Nodes.

Source: pkg/printers/internalversion/printers.go
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from poblano.cluster.tables.cells.fields import age, at, condition, many, mapping, name, number, text
from poblano.cluster.tables.cells.phrases import NONE
from poblano.cluster.tables.durations import UNKNOWN, since
from poblano.core.jsonvalue import Document

_ROLE_PREFIX: Final = "node-role.kubernetes.io/"
_ROLE_LABEL: Final = "kubernetes.io/role"


def config_map(one: Document, now: datetime) -> list[Any]:
    """Name, Data, Age."""
    return [name(one), len(mapping(one, "data")) + len(mapping(one, "binaryData")), age(one, now)]


def secret(one: Document, now: datetime) -> list[Any]:
    """Name, Type, Data, Age."""
    return [name(one), text(one, "type"), len(mapping(one, "data")), age(one, now)]


def named(one: Document, now: datetime) -> list[Any]:
    """Name, Age: of ServiceAccounts and whatever else has nothing more to show."""
    return [name(one), age(one, now)]


def namespace(one: Document, now: datetime) -> list[Any]:
    """Name, Status, Age."""
    return [name(one), text(one, "status", "phase"), age(one, now)]


def component_status(one: Document, now: datetime) -> list[Any]:
    """Name, Status, Message, Error."""
    found = next((it for it in many(one, "conditions") if text(it, "type") == "Healthy"), None)
    status = "Unknown" if found is None else "Healthy" if text(found, "status") == "True" else "Unhealthy"
    return [name(one), status, text(found, "message"), text(found, "error")]


def resource_quota(one: Document, now: datetime) -> list[Any]:
    """Name, Request, Limit, Age."""
    hard, used = mapping(one, "status", "hard"), mapping(one, "status", "used")
    shown = {key: f"{key}: {text(used, key) or '0'}/{text(hard, key)}" for key in sorted(hard)}
    limits = ", ".join(line for key, line in shown.items() if key.startswith("limits."))
    requests = ", ".join(line for key, line in shown.items() if not key.startswith("limits."))
    return [name(one), requests, limits, age(one, now)]


def node(one: Document, now: datetime) -> list[Any]:
    """Name, Status, Roles, Age, Version, Internal-IP, External-IP, OS-Image, Kernel-Version, Container-Runtime."""
    info = at(one, "status", "nodeInfo")
    return [
        name(one),
        _node_status(one),
        ",".join(_roles(mapping(one, "metadata", "labels"))) or NONE,
        age(one, now),
        text(info, "kubeletVersion"),
        _address(one, "InternalIP"),
        _address(one, "ExternalIP"),
        *(text(info, key) or UNKNOWN for key in ("osImage", "kernelVersion", "containerRuntimeVersion")),
    ]


def _node_status(one: Document) -> str:
    ready = condition(one, "Ready")
    status = "Unknown" if ready is None else "Ready" if text(ready, "status") == "True" else "NotReady"
    return status + ",SchedulingDisabled" * bool(at(one, "spec", "unschedulable"))


def _roles(labels: Document) -> list[str]:
    marked = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)}
    return sorted((marked | {str(labels.get(_ROLE_LABEL, ""))}) - {""})


def _address(one: Document, kind: str) -> str:
    addresses = many(one, "status", "addresses")
    return next((text(it, "address") for it in addresses if text(it, "type") == kind), NONE)


def event(one: Document, now: datetime) -> list[Any]:
    """Last Seen, Type, Reason, Object, Subobject, Source, Message, First Seen, Count, Name; of either group's Event."""
    about = at(one, "involvedObject") or at(one, "regarding")
    first, last, count = _times(one, now)
    target = "/".join(filter(None, (text(about, "kind").lower(), text(about, "name"))))
    return [
        last,
        text(one, "type"),
        text(one, "reason"),
        target,
        text(about, "fieldPath"),
        _source(one),
        (text(one, "message") or text(one, "note")).strip(),
        first,
        count,
        name(one),
    ]


def _times(one: Document, now: datetime) -> tuple[str, str, int]:
    def seen(key: str) -> Any:
        return at(one, key) or at(one, f"deprecated{key[0].upper()}{key[1:]}")

    first = since(seen("firstTimestamp") or at(one, "eventTime"), now)
    last = since(seen("lastTimestamp"), now) if seen("lastTimestamp") else first
    series = at(one, "series")
    if series is not None:
        return first, since(at(series, "lastObservedTime"), now), number(series, "count")
    return first, last, int(seen("count") or 1)


def _source(one: Document) -> str:
    source = at(one, "source") or at(one, "deprecatedSource")
    component = text(source, "component") or text(one, "reportingComponent") or text(one, "reportingController")
    host = text(source, "host") or text(one, "reportingInstance")
    return f"{component}, {host}" if host else component
