from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.controllers.world import Document, World


def pod(**spec: Any) -> Document:
    return {"containers": [{"name": "main", "image": "nginx"}], **spec}


def condition(found: Document, type_: str) -> Document:
    return next(one for one in found["status"]["conditions"] if one["type"] == type_)


async def test_a_pod_runs_on_the_node_with_an_address_of_its_own(here: World) -> None:
    init = [{"name": "first", "image": "busybox"}, {"name": "side", "image": "proxy", "restartPolicy": "Always"}]
    await here.create("pods", "a", spec=pod(initContainers=init))
    await here.create("pods", "b", spec=pod())
    first, second = await here.until_phase("pods", "a", "Running"), await here.until_phase("pods", "b", "Running")
    assert first["spec"]["nodeName"] == "poblano"
    assert first["status"]["podIP"] != second["status"]["podIP"]
    assert {one["type"] for one in first["status"]["conditions"] if one["status"] == "True"} == {
        "PodScheduled",
        "PodReadyToStartContainers",
        "Initialized",
        "ContainersReady",
        "Ready",
    }
    (main,) = first["status"]["containerStatuses"]
    assert (main["ready"], list(main["state"])) == (True, ["running"])
    states = [list(one["state"]) for one in first["status"]["initContainerStatuses"]]
    assert states == [["terminated"], ["running"]]


async def test_the_node_is_ready_and_comes_back(here: World) -> None:
    async def ready() -> bool:
        found = await here.get("nodes", "poblano")
        return bool(
            found and found.get("status", {}).get("conditions") and condition(found, "Ready")["status"] == "True"
        )

    await here.until(ready)
    await here.delete("nodes", "poblano")
    await here.until(ready)


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
async def test_a_pod_that_runs_once_succeeds(here: World, policy: str) -> None:
    await here.create("pods", "a", spec=pod(restartPolicy=policy))
    found = await here.until_phase("pods", "a", "Succeeded")
    assert found["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert condition(found, "Ready")["status"] == "False"


@pytest.mark.parametrize(
    ("outcome", "phase"), [("failed", "Failed"), ("succeeded", "Succeeded"), ("running", "Running")]
)
async def test_an_annotation_decides_otherwise(here: World, outcome: str, phase: str) -> None:
    metadata = {"annotations": {"poblano.dev/outcome": outcome}}
    await here.create("pods", "a", spec=pod(restartPolicy="Never"), metadata=metadata)
    await here.until_phase("pods", "a", phase)
    await here.rest()
    found = await here.get("pods", "a")
    assert found is not None
    assert found["status"]["phase"] == phase


async def test_a_pod_waits_for_a_node_that_it_may_run_on_and_says_so(here: World) -> None:
    await here.create("pods", "a", spec=pod(nodeSelector={"disk": "fast"}))
    await here.rest()
    found = await here.get("pods", "a")
    assert found is not None
    assert condition(found, "PodScheduled")["reason"] == "Unschedulable"
    await here.patch("nodes", "poblano", {"metadata": {"labels": {"disk": "fast"}}})
    await here.until_phase("pods", "a", "Running")


async def test_a_pod_behind_gates_waits_until_they_are_gone(here: World) -> None:
    spec = pod(schedulingGates=[{"name": "example.com/gate"}], readinessGates=[{"conditionType": "example.com/warm"}])
    await here.create("pods", "a", spec=spec)
    await here.rest()
    found = await here.get("pods", "a")
    assert found is not None
    assert "nodeName" not in found["spec"]
    await here.patch("pods", "a", {"spec": {"schedulingGates": None}})
    found = await here.until_phase("pods", "a", "Running")
    assert condition(found, "Ready")["reason"] == "ReadinessGatesNotReady"
    found["status"]["conditions"].append({"type": "example.com/warm", "status": "True"})
    await here.client.update(here.resource("pods"), found, subresource="status")

    async def ready() -> bool:
        return condition(await here.get("pods", "a") or {}, "Ready")["status"] == "True"

    await here.until(ready)


async def test_a_deleted_pod_is_gone_soon_whatever_its_grace_period(here: World) -> None:
    await here.create("pods", "a", spec=pod(terminationGracePeriodSeconds=3600))
    await here.until_phase("pods", "a", "Running")
    await here.delete("pods", "a")
    ending = await here.get("pods", "a")
    assert ending is not None
    assert ending["metadata"]["deletionTimestamp"]
    await here.until_gone("pods", "a")


async def test_a_deleted_pod_with_a_finalizer_stays_until_that_is_gone(here: World) -> None:
    await here.create("pods", "a", spec=pod(), metadata={"finalizers": ["example.com/hold"]})
    await here.until_phase("pods", "a", "Running")
    await here.delete("pods", "a")
    await here.rest()
    assert await here.get("pods", "a") is not None
    await here.patch("pods", "a", {"metadata": {"finalizers": None}})
    await here.until_gone("pods", "a")


async def test_the_node_is_ready_and_says_nothing_else(here: World) -> None:
    async def holds() -> bool:
        node = await here.get("nodes", "poblano")
        return node is not None and bool(node["status"].get("conditions")) and "taints" not in node["spec"]

    await here.until(holds)


async def test_the_node_loses_the_taint_of_its_birth_and_no_other(here: World) -> None:
    birth, own = ({"key": key, "effect": "NoSchedule"} for key in ("node.kubernetes.io/not-ready", "mine"))

    async def left() -> bool:
        node = await here.get("nodes", "poblano")
        return node is not None and node["spec"].get("taints") == [own]

    async def there() -> bool:
        return await here.get("nodes", "poblano") is not None

    await here.until(there)
    await here.patch("nodes", "poblano", {"spec": {"taints": [birth, own]}})
    await here.until(left)
