"""The cells of what makes Pods.

Source: pkg/printers/internalversion/printers.go
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from poblano.cluster.tables.cells.fields import age, at, condition, deleting, many, name, number, text
from poblano.cluster.tables.cells.phrases import NONE, boolean, containers, labels, selector, selector_or_none
from poblano.cluster.tables.durations import between, since
from poblano.core.jsonvalue import Document


def deployment(one: Document, now: datetime) -> list[Any]:
    """Name, Ready, Up-to-date, Available, Age, Containers, Images, Selector."""
    ready = f"{number(one, 'status', 'readyReplicas')}/{number(one, 'spec', 'replicas')}"
    updated, available = number(one, "status", "updatedReplicas"), number(one, "status", "availableReplicas")
    template = containers(at(one, "spec", "template"))
    return [name(one), ready, updated, available, age(one, now), *template, selector(at(one, "spec", "selector"))]


def replica_set(one: Document, now: datetime) -> list[Any]:
    """Name, Desired, Current, Ready, Age, Containers, Images, Selector."""
    return [*_replicas(one, now), selector_or_none(at(one, "spec", "selector"))]


def replication_controller(one: Document, now: datetime) -> list[Any]:
    """Name, Desired, Current, Ready, Age, Containers, Images, Selector."""
    return [*_replicas(one, now), labels(at(one, "spec", "selector"))]


def _replicas(one: Document, now: datetime) -> list[Any]:
    counts = [
        number(one, "spec", "replicas"),
        number(one, "status", "replicas"),
        number(one, "status", "readyReplicas"),
    ]
    return [name(one), *counts, age(one, now), *containers(at(one, "spec", "template"))]


def stateful_set(one: Document, now: datetime) -> list[Any]:
    """Name, Ready, Age, Containers, Images."""
    ready = f"{number(one, 'status', 'readyReplicas')}/{number(one, 'spec', 'replicas')}"
    return [name(one), ready, age(one, now), *containers(at(one, "spec", "template"))]


_DAEMON_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


def daemon_set(one: Document, now: datetime) -> list[Any]:
    """Name, Desired, Current, Ready, Up-to-date, Available, Node Selector, Age, Containers, Images, Selector."""
    template = at(one, "spec", "template")
    return [
        name(one),
        *(number(one, "status", count) for count in _DAEMON_COUNTS),
        labels(at(template, "spec", "nodeSelector")),
        age(one, now),
        *containers(template),
        selector_or_none(at(one, "spec", "selector")),
    ]


def controller_revision(one: Document, now: datetime) -> list[Any]:
    """Name, Controller, Revision, Age."""
    owner = next((it for it in many(one, "metadata", "ownerReferences") if at(it, "controller") is True), None)
    controller = NONE
    if owner is not None:
        group = text(owner, "apiVersion").rpartition("/")[0]
        controller = f"{text(owner, 'kind')}{'.' * bool(group)}{group}".lower() + f"/{text(owner, 'name')}"
    return [name(one), controller, number(one, "revision"), age(one, now)]


def pod_template(one: Document, now: datetime) -> list[Any]:
    """Name, Containers, Images, Pod Labels."""
    template = at(one, "template")
    return [name(one), *containers(template), labels(at(template, "metadata", "labels"))]


def scale(one: Document, now: datetime) -> list[Any]:
    """Name, Desired, Available, Age."""
    return [name(one), number(one, "spec", "replicas"), number(one, "status", "replicas"), age(one, now)]


def job(one: Document, now: datetime) -> list[Any]:
    """Name, Status, Completions, Duration, Age, Containers, Images, Selector."""
    return [
        name(one),
        _job_status(one),
        _completions(one),
        _job_duration(one, now),
        age(one, now),
        *containers(at(one, "spec", "template")),
        selector_or_none(at(one, "spec", "selector")),
    ]


def _job_status(one: Document) -> str:
    def has(kind: str) -> bool:
        return text(condition(one, kind), "status") == "True"

    if has("Complete"):
        return "Complete"
    if has("Failed"):
        return "Failed"
    if deleting(one):
        return "Terminating"
    if has("Suspended"):
        return "Suspended"
    return "FailureTarget" if has("FailureTarget") else "Running"


def _completions(one: Document) -> str:
    succeeded, wanted = number(one, "status", "succeeded"), at(one, "spec", "completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = number(one, "spec", "parallelism")
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _job_duration(one: Document, now: datetime) -> str:
    start, end = at(one, "status", "startTime"), at(one, "status", "completionTime")
    if start is None:
        return ""
    return since(start, now) if end is None else between(start, end)


def cron_job(one: Document, now: datetime) -> list[Any]:
    """Name, Schedule, Timezone, Suspend, Active, Last Schedule, Age, Containers, Images, Selector."""
    last, zone = at(one, "status", "lastScheduleTime"), at(one, "spec", "timeZone")
    job_spec = at(one, "spec", "jobTemplate", "spec")
    return [
        name(one),
        text(one, "spec", "schedule"),
        NONE if zone is None else zone,
        boolean(at(one, "spec", "suspend")),
        len(many(one, "status", "active")),
        NONE if last is None else since(last, now),
        age(one, now),
        *containers(at(job_spec, "template")),
        selector_or_none(at(job_spec, "selector")),
    ]
