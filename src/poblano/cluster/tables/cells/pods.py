"""The cells of a Pod: what its containers add up to.

Source: pkg/printers/internalversion/printers.go (printPod)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from poblano.cluster.tables.cells.fields import age, at, condition, deleting, many, name, number, text
from poblano.cluster.tables.cells.phrases import NONE
from poblano.cluster.tables.durations import moment, since
from poblano.core.jsonvalue import Document

_COMPLETED: Final = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}


@dataclass(slots=True)
class _Sum:
    reason: str
    restarts: int = 0
    ready: int = 0
    last_restart: str = ""

    def restarted(self, status: Document) -> None:
        self.restarts += number(status, "restartCount")
        finished = text(status, "lastState", "terminated", "finishedAt")
        then, last = moment(finished), moment(self.last_restart)
        if then is not None and (last is None or last < then):
            self.last_restart = finished


def pod(one: Document, now: datetime) -> list[Any]:
    """Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates."""
    sidecars = {text(it, "name") for it in many(one, "spec", "initContainers") if text(it, "restartPolicy") == "Always"}
    total = len(many(one, "spec", "containers")) + len(sidecars)
    found = _containers(one, *_init_containers(one, sidecars))
    restarts = str(found.restarts)
    if found.restarts and found.last_restart:
        restarts += f" ({since(found.last_restart, now)} ago)"
    return [
        name(one),
        f"{found.ready}/{total}",
        _ending(one, found.reason),
        restarts,
        age(one, now),
        *_wide(one),
    ]


def row_conditions(one: Document) -> list[Document]:
    """A row says by itself that its Pod is over."""
    phase = text(one, "status", "phase")
    message = _COMPLETED.get(phase)
    return [{"type": "Completed", "status": "True", "reason": phase, "message": message}] if message else []


def _first_reason(one: Document) -> str:
    scheduled = [it for it in many(one, "status", "conditions") if text(it, "type") == "PodScheduled"]
    if any(text(it, "reason") == "SchedulingGated" for it in scheduled):
        return "SchedulingGated"
    return text(one, "status", "reason") or text(one, "status", "phase")


def _init_containers(one: Document, sidecars: set[str]) -> tuple[_Sum, _Sum | None]:
    """What the init containers add up to: so far, if one of them is still on; for the Pod, if none is."""
    everything, lasting = _Sum(_first_reason(one)), _Sum(_first_reason(one))
    for index, status in enumerate(many(one, "status", "initContainerStatuses")):
        everything.restarted(status)
        sidecar = text(status, "name") in sidecars
        if sidecar:
            lasting.restarted(status)
        ended = at(status, "state", "terminated")
        if ended is not None and number(ended, "exitCode") == 0:
            continue
        if sidecar and at(status, "started"):
            everything.ready += bool(at(status, "ready"))
            continue
        everything.reason = f"Init:{_init_reason(one, status, index)}"
        lasting.reason, lasting.ready = everything.reason, everything.ready
        return everything, lasting if text(condition(one, "Initialized"), "status") == "True" else None
    lasting.ready = everything.ready
    return everything, lasting


def _init_reason(one: Document, status: Document, index: int) -> str:
    ended, waiting = at(status, "state", "terminated"), text(status, "state", "waiting", "reason")
    if ended is not None:
        return _end_reason(ended)
    if waiting and waiting != "PodInitializing":
        return waiting
    return f"{index}/{len(many(one, 'spec', 'initContainers'))}"


def _end_reason(ended: Document) -> str:
    if text(ended, "reason"):
        return text(ended, "reason")
    signal = number(ended, "signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{number(ended, 'exitCode')}"


def _containers(one: Document, initializing: _Sum, found: _Sum | None) -> _Sum:
    if found is None:
        return initializing
    running = False
    for status in reversed(many(one, "status", "containerStatuses")):
        found.restarted(status)
        ended, waiting = at(status, "state", "terminated"), text(status, "state", "waiting", "reason")
        if waiting:
            found.reason = waiting
        elif ended is not None:
            found.reason = _end_reason(ended)
        elif at(status, "ready") and at(status, "state", "running") is not None:
            running = True
            found.ready += 1
    if found.reason == "Completed" and running:
        found.reason = "Running" if text(condition(one, "Ready"), "status") == "True" else "NotReady"
    return found


def _ending(one: Document, reason: str) -> str:
    if not deleting(one):
        return reason
    if text(one, "status", "reason") == "NodeLost":
        return "Unknown"
    return reason if text(one, "status", "phase") in _COMPLETED else "Terminating"


def _wide(one: Document) -> list[str]:
    address = next((text(it, "ip") for it in many(one, "status", "podIPs")), "")
    gates = [text(it, "conditionType") for it in many(one, "spec", "readinessGates")]
    open_gates = sum(text(condition(one, gate), "status") == "True" for gate in gates)
    return [
        address or NONE,
        text(one, "spec", "nodeName") or NONE,
        text(one, "status", "nominatedNodeName") or NONE,
        f"{open_gates}/{len(gates)}" if gates else NONE,
    ]
