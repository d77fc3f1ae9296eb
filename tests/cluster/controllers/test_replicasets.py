from __future__ import annotations

from tests.cluster.controllers.world import World, template, workload


async def ready(here: World, plural: str, name: str, count: int) -> None:
    async def done() -> bool:
        found = await here.get(plural, name) or {}
        return found.get("status", {}).get("readyReplicas", 0) == found.get("status", {}).get("replicas") == count

    await here.until(done)


async def test_a_deleted_pod_is_replaced(here: World) -> None:
    await here.create("replicasets", "web", spec=workload(replicas=2))
    await ready(here, "replicasets", "web", 2)
    gone, kept = await here.names("pods")
    await here.delete("pods", gone)
    await here.until_gone("pods", gone)
    await ready(here, "replicasets", "web", 2)
    names = await here.names("pods")
    assert kept in names
    assert gone not in names
    assert len(names) == 2


async def test_a_pod_that_is_no_longer_selected_is_let_go_and_one_that_is_selected_is_taken(here: World) -> None:
    await here.create("replicasets", "web", spec=workload(replicas=1))
    await ready(here, "replicasets", "web", 1)
    (name,) = await here.names("pods")
    await here.patch("pods", name, {"metadata": {"labels": {"app": "debugged"}}})

    async def replaced() -> bool:
        return len(await here.names("pods", "app=web")) == 1

    await here.until(replaced)
    released = await here.get("pods", name)
    assert released is not None
    assert "ownerReferences" not in released["metadata"]
    await here.patch("pods", name, {"metadata": {"labels": {"app": "web"}}})

    async def adopted() -> bool:  # and one of the two is too many
        pods = await here.list("pods", "app=web")
        return len(pods) == 1 and "ownerReferences" in pods[0]["metadata"]

    await here.until(adopted)


async def test_a_replication_controller_is_served_alike(here: World) -> None:
    spec = {"replicas": 2, "selector": {"app": "web"}, "template": template()}
    await here.create("replicationcontrollers", "web", spec=spec)
    await ready(here, "replicationcontrollers", "web", 2)


async def test_a_pod_that_is_refused_is_told_in_the_status(here: World) -> None:
    spec = workload(replicas=1)
    spec["template"]["spec"]["priorityClassName"] = "nobody-made-this"
    await here.create("replicasets", "web", spec=spec)

    async def told() -> bool:
        found = await here.get("replicasets", "web") or {}
        return any(one["reason"] == "FailedCreate" for one in found.get("status", {}).get("conditions", ()))

    await here.until(told)
    kind = {"value": 7, "globalDefault": False}
    await here.create("priorityclasses", "nobody-made-this", **kind)
    await ready(here, "replicasets", "web", 1)
    found = await here.get("replicasets", "web")
    assert found is not None
    assert "conditions" not in found["status"]
