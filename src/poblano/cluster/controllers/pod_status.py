"""What a kubelet says of a Pod, though nothing has been started.

Source: k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go, status/generate.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from poblano.cluster.controllers.conditions import holds, put
from poblano.cluster.controllers.nodes import ADDRESS
from poblano.cluster.controllers.templates import hash_of
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

State = Callable[[str], Document]
_FINISHED: Final = "PodCompleted"


def running(pod: Document, ip: str, now: str) -> Document:
    """The status of a Pod all of whose containers run."""
    gates = [gate["conditionType"] for gate in many(pod, "spec", "readinessGates")]
    missing = [gate for gate in gates if not holds(pod, gate)]
    ready: Document = {"type": "Ready", "status": "True"}
    if missing:
        text = "; ".join(f'corresponding condition of pod readiness gate "{gate}" does not exist.' for gate in missing)
        ready = {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": text}
    return _status(pod, "Running", ip, now, [ready, {"type": "ContainersReady", "status": "True"}], _runs)


def ended(pod: Document, ip: str, now: str, *, well: bool) -> Document:
    """The status of a Pod whose containers have ended, well or not."""
    reason = _FINISHED if well else "PodFailed"
    conditions = [{"type": type_, "status": "False", "reason": reason} for type_ in ("Ready", "ContainersReady")]
    return _status(pod, "Succeeded" if well else "Failed", ip, now, conditions, _ended_well if well else _ended_badly)


def _status(
    pod: Document, phase: str, ip: str, now: str, conditions: list[Document], state: Callable[[str, str], Document]
) -> Document:
    before = struct(pod, "status")
    found = many(before, "conditions")
    initialized: Document = {"type": "Initialized", "status": "True"}
    if phase == "Succeeded":
        initialized["reason"] = _FINISHED
    for one in ({"type": "PodReadyToStartContainers", "status": "True"}, initialized, *conditions):
        found = put(found, {"lastProbeTime": None, **one}, now)
    status: Document = {**before, "phase": phase, "conditions": found}
    status |= {"hostIP": ADDRESS, "hostIPs": [{"ip": ADDRESS}], "podIP": ip, "podIPs": [{"ip": ip}]}
    status["startTime"] = before.get("startTime") or now
    if pod["metadata"].get("generation"):
        status["observedGeneration"] = pod["metadata"]["generation"]
    if many(pod, "spec", "initContainers"):
        status["initContainerStatuses"] = list(_containers(pod, "initContainers", phase, now, state))
    status["containerStatuses"] = list(_containers(pod, "containers", phase, now, state))
    return status


def _containers(
    pod: Document, part: str, phase: str, now: str, state: Callable[[str, str], Document]
) -> Iterator[Document]:
    name = "initContainerStatuses" if part == "initContainers" else "containerStatuses"
    before = {one["name"]: one for one in many(pod, "status", name)}
    for container in many(pod, "spec", part):
        is_init = part == "initContainers" and container.get("restartPolicy") != "Always"
        told = before.get(container["name"])
        how = _ended_well if is_init else state
        runs = phase == "Running" and not is_init
        yield {
            "name": container["name"],
            "state": how(_began(told, now), _ended_at(told, now)),
            "lastState": {},
            "ready": runs or is_init,
            "started": runs,
            "restartCount": 0,
            "image": container.get("image", ""),
            "imageID": container.get("image", ""),
            "containerID": f"poblano://{hash_of([pod['metadata']['uid'], part, container['name']])}",
        }


def _began(told: Document | None, now: str) -> str:
    for state in struct(told, "state").values():
        began: Any = state.get("startedAt")
        if began:
            return str(began)
    return now


def _ended_at(told: Document | None, now: str) -> str:
    moment: str = struct(told, "state", "terminated").get("finishedAt") or now
    return moment


def _runs(began: str, now: str) -> Document:
    return {"running": {"startedAt": began}}


def _ended_well(began: str, now: str) -> Document:
    return {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": began, "finishedAt": now}}


def _ended_badly(began: str, now: str) -> Document:
    return {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": began, "finishedAt": now}}
