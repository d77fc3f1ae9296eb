from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cluster.controllers.world import World, workload, world

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def stateful(**spec: Any) -> dict[str, Any]:
    return workload("db", serviceName="db", **spec)


async def done(here: World) -> None:
    async def reached() -> bool:
        found = await here.get("statefulsets", "db") or {}
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        return (
            status.get("observedGeneration") == found["metadata"]["generation"]
            and status["replicas"] == status.get("readyReplicas", 0) == status.get("updatedReplicas", 0) == wanted
            and status["currentRevision"] == status["updateRevision"]
        )

    await here.until(reached)


async def test_pods_are_numbered_and_come_one_after_the_other_each_with_its_claim(here: World) -> None:
    await here.create("statefulsets", "db", spec=stateful(replicas=3, volumeClaimTemplates=[CLAIM]))
    await done(here)
    pods = await here.list("pods")
    assert [pod["metadata"]["name"] for pod in pods] == ["db-0", "db-1", "db-2"]
    assert await here.names("persistentvolumeclaims") == ["data-db-0", "data-db-1", "data-db-2"]
    made = [int(pod["status"]["podIP"].rpartition(".")[2]) for pod in pods]
    assert made == sorted(made)
    assert pods[1]["spec"]["volumes"][0]["persistentVolumeClaim"] == {"claimName": "data-db-1"}
    assert (pods[1]["spec"]["hostname"], pods[1]["spec"]["subdomain"]) == ("db-1", "db")


async def test_claims_outlive_the_pods_and_are_used_again(here: World) -> None:
    await here.create("statefulsets", "db", spec=stateful(replicas=2, volumeClaimTemplates=[CLAIM]))
    await done(here)
    before = await here.get("persistentvolumeclaims", "data-db-1")
    await here.patch("statefulsets", "db", {"spec": {"replicas": 1}})
    await done(here)
    await here.patch("statefulsets", "db", {"spec": {"replicas": 2}})
    await done(here)
    after = await here.get("persistentvolumeclaims", "data-db-1")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


async def test_only_pods_from_the_partition_on_are_changed(here: World) -> None:
    await here.create("statefulsets", "db", spec=stateful(replicas=3))
    await done(here)
    change = {"template": {"metadata": {"annotations": {"a": "b"}}}}
    await here.patch("statefulsets", "db", {"spec": {**change, "updateStrategy": {"rollingUpdate": {"partition": 2}}}})

    async def changed() -> bool:
        return [bool(pod["metadata"].get("annotations")) for pod in await here.list("pods")] == [False, False, True]

    await here.until(changed)
    await here.rest()
    assert await changed()
    await here.delete("pods", "db-0")
    await here.rest()
    assert await changed()
    await here.patch("statefulsets", "db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    await done(here)
    assert all(pod["metadata"]["annotations"] == {"a": "b"} for pod in await here.list("pods"))


async def test_a_daemon_set_has_one_pod_on_the_node_of_its_newest_template(here: World) -> None:
    await here.create("daemonsets", "agent", spec=workload("agent"))

    async def reached(image: str) -> bool:
        found = await here.get("daemonsets", "agent") or {}
        status = found.get("status", {})
        pods = await here.list("pods")
        return (
            status.get("observedGeneration") == found["metadata"]["generation"]
            and status.get("updatedNumberScheduled") == status.get("numberAvailable") == 1
            and [pod["spec"]["containers"][0]["image"] for pod in pods] == [image]
        )

    await here.until(lambda: reached("nginx:1"))
    await here.patch("nodes", "poblano", {"spec": {"unschedulable": True}})
    change = {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:2"}]}}}
    await here.patch("daemonsets", "agent", {"spec": change})
    await here.until(lambda: reached("nginx:2"))
    assert sorted(one["revision"] for one in await here.list("controllerrevisions")) == [1, 2]
    elsewhere = {"template": {"spec": {"nodeSelector": {"disk": "fast"}}}}
    await here.patch("daemonsets", "agent", {"spec": elsewhere})

    async def none() -> bool:
        return not await here.names("pods")

    await here.until(none)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4).map(lambda number: {"replicas": number})
        | st.sampled_from("abc").map(lambda letter: {"template": {"metadata": {"annotations": {"v": letter}}}}),
        st.sampled_from([0.0, 0.02, 0.1]),
    ),
    max_size=6,
)


@settings(max_examples=8)
@given(steps=STEPS, policy=st.sampled_from(["OrderedReady", "Parallel"]))
def test_any_changes_end_with_the_wanted_numbers_of_the_newest_template(
    steps: list[tuple[dict[str, Any], float]], policy: str
) -> None:
    async def play() -> None:
        async with world() as here:
            await here.create("statefulsets", "db", spec=stateful(replicas=2, podManagementPolicy=policy))
            for change, pause in steps:
                await here.patch("statefulsets", "db", {"spec": change})
                await asyncio.sleep(pause)
            await done(here)
            owner = await here.get("statefulsets", "db")
            assert owner is not None
            pods = await here.list("pods")
            assert [pod["metadata"]["name"] for pod in pods] == [f"db-{n}" for n in range(owner["spec"]["replicas"])]
            notes = owner["spec"]["template"]["metadata"].get("annotations")
            assert all(pod["metadata"].get("annotations") == notes for pod in pods)

    asyncio.run(play())
