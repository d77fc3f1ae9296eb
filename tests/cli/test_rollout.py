"""What keeps the pods of a module from being ready is told, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from poblano import a
from poblano.cli.rollout import progress, troubles


def deployment(wanted: int | None = 2, **status: Any) -> a.Deployment:
    meta = {"name": "web", "generation": 2}
    spec = {} if wanted is None else {"replicas": wanted}
    return a.Deployment.of({"metadata": meta, "spec": spec, "status": status})


def pod(**status: Any) -> a.Pod:
    return a.Pod.of({"metadata": {"name": "web-1"}, "status": status})


def waiting(reason: str, message: str = "") -> a.Pod:
    state = {"waiting": {"reason": reason, "message": message}}
    return pod(containerStatuses=[{"name": "poblano", "image": "img:1", "ready": False, "state": state}])


DONE = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("status", "done", "says"),
    [
        (DONE, True, "web: 2 of 2 pods ready"),
        (DONE | {"observedGeneration": 1}, False, "web: 2 of 2 pods ready"),
        (DONE | {"availableReplicas": 1}, False, "web: 1 of 2 pods ready"),
        (DONE | {"replicas": 3}, False, "web: 2 of 2 pods ready, 1 to go"),
        ({}, False, "web: 0 of 2 pods ready"),
    ],
)
def test_a_rollout_is_done_when_all_new_pods_are_ready_and_no_old_one_is_left(
    status: dict[str, Any], done: bool, says: str
):
    found = progress(deployment(**status))
    assert (found.done, str(found)) == (done, says)


def test_a_deployment_that_says_no_number_wants_one_and_one_that_wants_none_is_done():
    assert progress(deployment(wanted=None)).wanted == 1
    assert progress(deployment(wanted=0, observedGeneration=2)).done


@pytest.mark.parametrize(
    ("found", "says", "log", "previous"),
    [
        (waiting("ImagePullBackOff", "no such host"), "the image img:1 does not come: no such host", False, False),
        (waiting("CrashLoopBackOff"), "it ends again and again (CrashLoopBackOff)", True, True),
        (waiting("ContainerCreating"), "it is being started", False, False),
        (waiting("CreateContainerConfigError", "secret x not found"), "CreateContainerConfigError: secret x", False, False),
        (pod(containerStatuses=[{"ready": False, "state": {"running": {}}}]), "it runs and is not ready", True, False),
        (
            pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]),
            "no node takes it: 0/3 nodes are available",
            False,
            False,
        ),
        (pod(phase="Pending"), "it waits for a node", False, False),
    ],
)  # fmt: skip
def test_each_pod_says_what_it_waits_for(found: a.Pod, says: str, log: bool, previous: bool):
    (trouble,) = troubles(deployment(), [found])
    assert says in str(trouble)
    assert str(trouble).startswith("web-1: ")
    assert (trouble.log, trouble.previous) == (log, previous)


def test_pods_that_are_not_even_accepted_are_the_deployments_trouble():
    failed = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
    (trouble,) = troubles(deployment(conditions=[failed]), [])
    assert str(trouble) == "web: its pods are not accepted: exceeded quota"


def test_pods_that_are_ready_may_have_to_stay_so_for_a_while():
    ready = pod(containerStatuses=[{"ready": True, "state": {"running": {}}}])
    (trouble,) = troubles(deployment(), [ready])
    assert str(trouble) == "web: its pods are ready, and have to stay so for a while (minReadySeconds)"


def test_a_pod_that_goes_is_nobodys_trouble():
    going = a.Pod.of({"metadata": {"name": "web-1", "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    assert [str(one) for one in troubles(deployment(), [going])] == ["web: it has no pods yet"]
