from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.resources import Registry
from poblano.cluster.tables import table

NOW = "2026-01-31T12:00:00Z"
THEN = "2026-01-31T11:55:00Z"
PODS = Registry().find("", "v1", "pods")
RUNNING = {"running": {"startedAt": THEN}}
Status = dict[str, Any]


def container(
    state: Status, *, ready: bool = False, restarts: int = 0, last: str = "", name: str = "c", **more: Any
) -> Status:
    found: Status = {"name": name, "state": state, "ready": ready, "restartCount": restarts, **more}
    if last:
        found["lastState"] = {"terminated": {"finishedAt": last}}
    return found


def ended(code: int, reason: str = "", signal: int = 0) -> Status:
    return {"terminated": {"exitCode": code, "reason": reason, "signal": signal}}


def waiting(reason: str) -> Status:
    return {"waiting": {"reason": reason}}


def row(
    phase: str,
    statuses: list[Status] | None = None,
    *,
    inits: list[Status] | None = None,
    sidecars: tuple[str, ...] = (),
    spec: Status | None = None,
    status: Status | None = None,
    metadata: Status | None = None,
    containers: int = 1,
) -> Status:
    names = [one["name"] for one in inits or []]
    policies = [{"name": name, "restartPolicy": "Always"} if name in sidecars else {"name": name} for name in names]
    pod = {
        "metadata": {"name": "p", "creationTimestamp": THEN, **(metadata or {})},
        "spec": {
            "containers": [{"name": f"c{i}"} for i in range(containers)],
            "initContainers": policies,
            **(spec or {}),
        },
        "status": {
            "phase": phase,
            "containerStatuses": statuses or [],
            "initContainerStatuses": inits or [],
            **(status or {}),
        },
    }
    assert PODS is not None
    found: Status = table(PODS, [pod], now=NOW)["rows"][0]
    return found


def brief(found: Status) -> tuple[str, str, str]:
    return tuple(found["cells"][1:4])  # type: ignore[return-value]


INITIALIZED = {"conditions": [{"type": "Initialized", "status": "True"}]}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
GATED = {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}
DELETED = {"deletionTimestamp": NOW}


@pytest.mark.parametrize(
    ("found", "cells"),
    [  # the cases of pkg/printers/internalversion/printers_test.go, and more
        (row("Pending"), ("0/1", "Pending", "0")),
        (row("Running", [container(RUNNING, ready=True)]), ("1/1", "Running", "0")),
        (
            row("Running", [container(RUNNING, ready=True), container({}, restarts=3)], containers=2),
            ("1/2", "Running", "3"),
        ),
        (row("Pending", status=GATED), ("0/1", "SchedulingGated", "0")),
        (row("Failed", status={"reason": "Evicted"}), ("0/1", "Evicted", "0")),
        (row("Pending", [container(waiting("ContainerCreating"))]), ("0/1", "ContainerCreating", "0")),
        (
            row("Running", [container(waiting("CrashLoopBackOff"), restarts=2, last=THEN)]),
            ("0/1", "CrashLoopBackOff", "2 (5m ago)"),
        ),
        (row("Succeeded", [container(ended(0, "Completed"))]), ("0/1", "Completed", "0")),
        (row("Failed", [container(ended(1, "Error"))]), ("0/1", "Error", "0")),
        (row("Failed", [container(ended(3))]), ("0/1", "ExitCode:3", "0")),
        (row("Failed", [container(ended(137, signal=9))]), ("0/1", "Signal:9", "0")),
        (
            row(
                "Running",
                [container(ended(0, "Completed")), container(RUNNING, ready=True)],
                containers=2,
                status=READY,
            ),
            ("1/2", "Running", "0"),
        ),
        (
            row("Running", [container(ended(0, "Completed")), container(RUNNING, ready=True)], containers=2),
            ("1/2", "NotReady", "0"),
        ),
        (row("Running", [container(RUNNING, ready=True)], metadata=DELETED), ("1/1", "Terminating", "0")),
        (row("Succeeded", [container(ended(0, "Completed"))], metadata=DELETED), ("0/1", "Completed", "0")),
        (row("Running", [], metadata=DELETED, status={"reason": "NodeLost"}), ("0/1", "Unknown", "0")),
        (row("Pending", inits=[container(RUNNING, name="i")]), ("0/1", "Init:0/1", "0")),
        (row("Pending", inits=[container(ended(0), name="i"), container({}, name="j")]), ("0/1", "Init:1/2", "0")),
        (row("Pending", inits=[container(waiting("PodInitializing"), name="i")]), ("0/1", "Init:0/1", "0")),
        (
            row("Pending", inits=[container(waiting("ImagePullBackOff"), name="i")]),
            ("0/1", "Init:ImagePullBackOff", "0"),
        ),
        (row("Pending", inits=[container(ended(1), restarts=2, name="i")]), ("0/1", "Init:ExitCode:1", "2")),
        (row("Pending", inits=[container(ended(1, signal=7), name="i")]), ("0/1", "Init:Signal:7", "0")),
        (row("Pending", inits=[container(ended(1, "Error"), name="i")]), ("0/1", "Init:Error", "0")),
        (
            row(
                "Running",
                [container(RUNNING, ready=True, restarts=1)],
                inits=[container(ended(0), restarts=5, name="i")],
            ),
            ("1/1", "Running", "1"),
        ),
        (
            row(
                "Running",
                [container(RUNNING, ready=True)],
                inits=[container(RUNNING, ready=True, restarts=4, name="s", started=True)],
                sidecars=("s",),
            ),
            ("2/2", "Running", "4"),
        ),
        (
            row("Pending", inits=[container(RUNNING, name="s", started=False)], sidecars=("s",)),
            ("0/2", "Init:0/1", "0"),
        ),
        (
            row(
                "Running",
                [container(RUNNING, ready=True)],
                inits=[container(waiting("CrashLoopBackOff"), restarts=4, name="s")],
                sidecars=("s",),
                status=INITIALIZED,
            ),
            ("1/2", "Init:CrashLoopBackOff", "4"),
        ),
    ],
)
def test_ready_status_and_restarts_are_what_the_containers_add_up_to(
    found: Status, cells: tuple[str, str, str]
) -> None:
    assert brief(found) == cells


def test_the_last_restart_is_the_latest_of_any_container() -> None:
    statuses = [
        container(RUNNING, restarts=1, last="2026-01-31T11:00:00Z"),
        container(RUNNING, restarts=2, last="2026-01-31T11:59:00Z"),
        container(RUNNING, restarts=3, last="2026-01-31T10:00:00Z"),
    ]
    assert brief(row("Running", statuses, containers=3)) == ("0/3", "Running", "6 (60s ago)")


def test_the_wide_columns() -> None:
    gates = [{"conditionType": "a"}, {"conditionType": "b"}]
    status = {
        "podIPs": [{"ip": "10.0.0.1"}, {"ip": "::1"}],
        "nominatedNodeName": "m",
        "conditions": [{"type": "a", "status": "True"}, {"type": "b", "status": "False"}],
    }
    found = row("Running", spec={"nodeName": "n", "readinessGates": gates}, status=status)
    assert found["cells"][4:] == ["5m", "10.0.0.1", "n", "m", "1/2"]
    assert row("Running")["cells"][5:] == ["<none>"] * 4


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_is_over_says_so_in_its_row(phase: str) -> None:
    (condition,) = row(phase)["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Completed", "True", phase)
    assert "conditions" not in row("Running")


@given(st.lists(st.booleans(), max_size=5), st.integers(0, 3))
def test_no_more_containers_are_ready_than_there_are(ready: list[bool], missing: int) -> None:
    statuses = [container(RUNNING, ready=one) for one in ready]
    shown, total = brief(row("Running", statuses, containers=len(ready) + missing))[0].split("/")
    assert (int(shown), int(total)) == (sum(ready), len(ready) + missing)
