from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cluster.controllers.world import World, is_rolled_out, rolled_out, workload, world

REVISION = "deployment.kubernetes.io/revision"


async def images(here: World, *, ending: bool = False) -> list[str]:
    """The images of the Pods; also of those that are on their way out."""
    pods = [pod for pod in await here.list("pods") if ending or "deletionTimestamp" not in pod["metadata"]]
    return sorted(pod["spec"]["containers"][0]["image"] for pod in pods)


def image(name: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": name}]}}}}


async def test_a_deployment_has_its_pods_ready(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=3))
    deployment = await rolled_out(here)
    assert await images(here) == ["nginx:1"] * 3
    conditions = {one["type"]: (one["status"], one["reason"]) for one in deployment["status"]["conditions"]}
    assert conditions == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    (replica_set,) = await here.list("replicasets")
    mark = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert replica_set["metadata"]["name"] == f"web-{mark}"
    assert replica_set["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": mark}


async def test_it_is_idle_when_all_is_done(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=3))
    await rolled_out(here)
    await here.rest()
    before = here.cluster.storage.revision
    await asyncio.sleep(0.5)
    assert here.cluster.storage.revision == before


async def test_a_new_template_is_a_new_revision_and_an_old_one_comes_back_as_the_newest(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=2))
    await rolled_out(here)
    await here.patch("deployments", "web", image("nginx:2"))
    second = await rolled_out(here)
    assert second["metadata"]["annotations"][REVISION] == "2"
    assert await images(here) == ["nginx:2"] * 2
    await here.patch("deployments", "web", image("nginx:1"))
    third = await rolled_out(here)
    assert third["metadata"]["annotations"][REVISION] == "3"
    marks = {
        one["spec"]["template"]["spec"]["containers"][0]["image"]: one["metadata"]["annotations"]
        for one in await here.list("replicasets")
    }
    assert marks["nginx:1"][REVISION] == "3"
    assert marks["nginx:1"]["deployment.kubernetes.io/revision-history"] == "1"
    assert marks["nginx:2"][REVISION] == "2"


async def test_recreate_lets_all_old_pods_go_before_the_first_new_one(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=3, strategy={"type": "Recreate"}))
    await rolled_out(here)
    mixed: list[list[str]] = []

    async def watch() -> None:
        while True:
            found = await images(here, ending=True)
            if len(set(found)) > 1:
                mixed.append(found)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await here.patch("deployments", "web", image("nginx:2"))
    await rolled_out(here)
    watching.cancel()
    assert not mixed
    assert await images(here) == ["nginx:2"] * 3


async def test_a_rolling_update_keeps_enough_pods_available(here: World) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await here.create("deployments", "web", spec=workload(replicas=4, strategy=strategy))
    await rolled_out(here)
    ready: list[int] = []
    wanted: list[int] = []

    async def watch() -> None:
        while True:
            pods = [pod for pod in await here.list("pods") if "deletionTimestamp" not in pod["metadata"]]
            ready.append(sum(one["type"] == "Ready" for pod in pods for one in pod["status"].get("conditions", ())))
            wanted.append(sum(one["spec"]["replicas"] for one in await here.list("replicasets")))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await here.patch("deployments", "web", image("nginx:2"))
    await rolled_out(here)
    watching.cancel()
    assert min(ready) >= 4
    assert max(wanted) == 5


async def test_a_rollout_that_cannot_be_ready_stops_halfway_and_says_when_it_is_late(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=2, progressDeadlineSeconds=600))
    await rolled_out(here)
    stuck = {"metadata": {"annotations": {"poblano.dev/outcome": "pending"}}}
    await here.patch("deployments", "web", {"spec": {"template": stuck}})
    await here.rest()
    deployment = await here.get("deployments", "web")
    assert deployment is not None
    assert deployment["status"]["availableReplicas"] == 2
    assert deployment["status"]["updatedReplicas"] == 1
    here.cluster.clock.move(601)
    await here.patch("deployments", "web", {"metadata": {"labels": {"look": "again"}}})

    async def late() -> bool:
        found = await here.get("deployments", "web") or {}
        return any(one["reason"] == "ProgressDeadlineExceeded" for one in found["status"]["conditions"])

    await here.until(late)


async def test_a_paused_deployment_scales_and_rolls_out_when_it_is_resumed(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=1))
    await rolled_out(here)
    await here.patch("deployments", "web", {"spec": {"paused": True, "replicas": 3}})
    await here.patch("deployments", "web", image("nginx:2"))
    await here.rest()
    assert await images(here) == ["nginx:1"] * 3
    await here.patch("deployments", "web", {"spec": {"paused": None}})
    await rolled_out(here)
    assert await images(here) == ["nginx:2"] * 3


async def test_no_more_old_replica_sets_are_kept_than_asked_for(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=1, revisionHistoryLimit=1))
    for number in range(2, 6):
        await rolled_out(here)
        await here.patch("deployments", "web", image(f"nginx:{number}"))
    await rolled_out(here)
    await here.rest()
    kept = [one["metadata"]["annotations"][REVISION] for one in await here.list("replicasets")]
    assert sorted(kept) == ["4", "5"]


async def test_what_is_orphaned_is_taken_over_by_a_deployment_that_selects_it(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=2))
    await rolled_out(here)
    before = await here.names("pods")
    await here.delete("deployments", "web", "Orphan")
    await here.until_gone("deployments", "web")
    await here.create("deployments", "web", spec=workload(replicas=2))
    await rolled_out(here)
    assert await here.names("pods") == before


async def test_a_replica_set_of_the_same_name_is_no_obstacle(here: World) -> None:
    await here.create("deployments", "web", spec=workload(replicas=1))
    await rolled_out(here)
    (name,) = await here.names("replicasets")
    await here.delete("deployments", "web")
    await here.until_gone("replicasets", name)
    await here.create("replicasets", name, spec=workload("other", replicas=0))
    await here.create("deployments", "web", spec=workload(replicas=1))
    deployment = await rolled_out(here)
    assert deployment["status"]["collisionCount"] == 1


CHANGES = st.lists(
    st.tuples(
        st.one_of(
            st.integers(0, 5).map(lambda number: {"spec": {"replicas": number}}),
            st.sampled_from(["nginx:1", "nginx:2", "nginx:3"]).map(image),
            st.sampled_from(
                [
                    {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}},
                    {"spec": {"strategy": {"type": "RollingUpdate"}}},
                ]
            ),
            st.just({"delete a pod": True}),
        ),
        st.sampled_from([0.0, 0.01, 0.1]),
    ),
    max_size=8,
)


@settings(max_examples=12)
@given(changes=CHANGES)
def test_any_changes_end_with_exactly_the_wanted_pods_of_the_newest_template(
    changes: list[tuple[dict[str, Any], float]],
) -> None:
    async def play() -> None:
        async with world() as here:
            await here.create("deployments", "web", spec=workload(replicas=2))
            for change, pause in changes:
                if "spec" in change:
                    await here.patch("deployments", "web", change)
                else:
                    for name in (await here.names("pods"))[:1]:
                        await here.delete("pods", name)
                await asyncio.sleep(pause)
            deployment = await rolled_out(here)
            wanted = deployment["spec"]["replicas"]
            image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]

            async def exact() -> bool:
                return await images(here, ending=True) == [image] * wanted and is_rolled_out(
                    await here.get("deployments", "web")
                )

            await here.until(exact)

    asyncio.run(play())
