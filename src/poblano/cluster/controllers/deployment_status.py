"""What `kubectl rollout status` reads of a Deployment.

Source: k8s.io/kubernetes/pkg/controller/deployment/progress.go, sync.go (calculateStatus)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from poblano.cluster.controllers.conditions import condition, counted
from poblano.cluster.controllers.objects import Objects
from poblano.cluster.controllers.rollout import Bounds
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_COMPLETE: Final = "NewReplicaSetAvailable"
_LATE: Final = "ProgressDeadlineExceeded"
_NO_DEADLINE: Final = 2**31 - 1


def status_of(
    objects: Objects, deployment: Document, newest: Document | None, sets: Sequence[Document]
) -> tuple[Document, float | None]:
    """The status that a Deployment is to have with these ReplicaSets, and in how many seconds it is late; None for never.

    Args:
        newest: the ReplicaSet of its template; None when there is none yet.
        sets: all its ReplicaSets.
    """
    status = _numbers(deployment, newest, sets)
    conditions = {one["type"]: one for one in many(deployment, "status", "conditions")}
    now = objects.now()
    _set(conditions, _availability(deployment, status), now)
    wait = _progress(objects, deployment, newest, status, conditions)
    failures = [found for one in sets if (found := condition(one, "ReplicaFailure"))]
    if failures:
        _set(conditions, {part: failures[0][part] for part in ("type", "status", "reason", "message")}, now)
    else:
        conditions.pop("ReplicaFailure", None)
    status["conditions"] = list(conditions.values())
    return status, wait


def _numbers(deployment: Document, newest: Document | None, sets: Sequence[Document]) -> Document:
    def total(name: str) -> int:
        return sum(struct(one, "status").get(name, 0) for one in sets)

    available, wanted = total("availableReplicas"), sum(one["spec"].get("replicas", 1) for one in sets)
    return counted(
        observedGeneration=deployment["metadata"].get("generation", 0),
        replicas=total("replicas"),
        updatedReplicas=struct(newest, "status").get("replicas", 0),
        readyReplicas=total("readyReplicas"),
        availableReplicas=available,
        unavailableReplicas=max(0, wanted - available),
        collisionCount=struct(deployment, "status").get("collisionCount"),
    )


def _availability(deployment: Document, status: Document) -> Document:
    enough = status.get("availableReplicas", 0) >= Bounds.of(deployment["spec"]).least
    return {
        "type": "Available",
        "status": "True" if enough else "False",
        "reason": "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        "message": f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    }


def _progress(
    objects: Objects, deployment: Document, newest: Document | None, status: Document, conditions: dict[str, Document]
) -> float | None:
    """Set the condition Progressing; gives the seconds until the deadline."""
    deadline: int = deployment["spec"].get("progressDeadlineSeconds", _NO_DEADLINE)
    if deadline >= _NO_DEADLINE:
        conditions.pop("Progressing", None)
        return None
    now, before = objects.now(), conditions.get("Progressing")
    if deployment["spec"].get("paused"):
        if before is None or before["reason"] != _LATE:
            _set(conditions, _progressing("Unknown", "DeploymentPaused", "Deployment is paused"), now)
        return None
    if before is not None and before["reason"] == "DeploymentPaused":
        _set(conditions, _progressing("Unknown", "DeploymentResumed", "Deployment is resumed"), now)
        before = conditions["Progressing"]
    name = f'ReplicaSet "{newest["metadata"]["name"]}"' if newest else f'Deployment "{deployment["metadata"]["name"]}"'
    if _is_complete(deployment, status):
        _set(conditions, _progressing("True", _COMPLETE, f"{name} has successfully progressed."), now)
        return None
    if _has_progressed(deployment, status) or before is None or before["reason"] == _COMPLETE:
        conditions.pop("Progressing", None)
        new = _progressing("True", "ReplicaSetUpdated", f"{name} is progressing.")
        _set(conditions, new, now)
        if before is not None and before["status"] == "True":
            conditions["Progressing"]["lastTransitionTime"] = before["lastTransitionTime"]
        return float(deadline)
    if before["reason"] == _LATE:
        return None
    left = deadline - objects.age(before["lastUpdateTime"])
    if left <= 0:
        _set(conditions, _progressing("False", _LATE, f"{name} has timed out progressing."), now)
        return None
    return left


def _progressing(status: str, reason: str, message: str) -> Document:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def _is_complete(deployment: Document, status: Document) -> bool:
    wanted: int = deployment["spec"].get("replicas", 1)
    names = ("updatedReplicas", "replicas", "availableReplicas")
    return all(status.get(name, 0) == wanted for name in names)


def _has_progressed(deployment: Document, status: Document) -> bool:
    before = struct(deployment, "status")

    def count(of: Document, name: str) -> int:
        found: int = of.get(name, 0)
        return found

    def old(of: Document) -> int:
        return count(of, "replicas") - count(of, "updatedReplicas")

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return any(count(status, name) > count(before, name) for name in more) or old(status) < old(before)


def _set(conditions: dict[str, Document], new: Document, now: str) -> None:
    """A condition whose status and reason are the same stays as it is."""
    before = conditions.get(new["type"])
    if before is not None and (before["status"], before["reason"]) == (new["status"], new["reason"]):
        return
    same = before is not None and before["status"] == new["status"]
    since = before["lastTransitionTime"] if before is not None and same else now
    conditions[new["type"]] = {**new, "lastTransitionTime": since, "lastUpdateTime": now}
