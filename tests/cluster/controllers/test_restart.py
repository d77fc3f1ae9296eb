from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from poblano.cluster.storage.sqlite import SqliteJournal
from tests.cluster.controllers.test_deployments import image, images
from tests.cluster.controllers.world import rolled_out, workload, world


@pytest.mark.parametrize("moments", [0, 3, 30])
async def test_what_was_under_way_goes_on_after_a_restart(tmp_path: Path, moments: int) -> None:
    path = tmp_path / "cluster.sqlite"
    async with world(SqliteJournal(path)) as here:
        await here.create("deployments", "web", spec=workload(replicas=3))
        await rolled_out(here)
        await here.patch("deployments", "web", image("nginx:2"))
        for _ in range(moments):
            await asyncio.sleep(0)
    async with world(SqliteJournal(path)) as here:
        await rolled_out(here)
        assert await images(here) == ["nginx:2"] * 3
        await here.rest()
        pods = await here.list("pods")
        assert len({pod["status"]["podIP"] for pod in pods}) == len(pods) == 3


async def test_a_restart_at_rest_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cluster.sqlite"
    async with world(SqliteJournal(path)) as here:
        await here.create("deployments", "web", spec=workload(replicas=2))
        await here.create("services", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})
        await here.create("statefulsets", "db", spec=workload("db", serviceName="db", replicas=2))
        await rolled_out(here)
        await here.rest()
        before = here.cluster.storage.revision
    async with world(SqliteJournal(path)) as here:
        await here.rest()
        assert here.cluster.storage.revision == before


async def test_what_was_to_go_goes_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "cluster.sqlite"
    async with world(SqliteJournal(path)) as here:
        await here.create("deployments", "web", spec=workload(replicas=2))
        await here.create("namespaces", "shop")
        await here.create("configmaps", "a", namespace="shop")
        await rolled_out(here)
        await here.delete("deployments", "web")
        await here.delete("namespaces", "shop")
    async with world(SqliteJournal(path)) as here:
        await here.until_gone("namespaces", "shop")

        async def gone() -> bool:
            return not (await here.names("replicasets") or await here.names("pods"))

        await here.until(gone)
