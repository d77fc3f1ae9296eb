"""A cluster with its controllers, in this process, and what tests ask of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

from poblano.cluster.embedded import Cluster, Options
from poblano.cluster.resources import Resource
from poblano.cluster.status import StatusError
from poblano.cluster.storage.journal import Journal

Document = dict[str, Any]
TIMEOUT = 90.0


class World:
    """Short words for what tests do."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.client = cluster.client()

    def resource(self, plural: str) -> Resource:
        return next(one for one in self.cluster.registry if one.plural == plural)

    async def create(self, plural: str, name: str, *, namespace: str = "default", **parts: Any) -> Document:
        resource = self.resource(plural)
        metadata = {"name": name, **parts.pop("metadata", {})}
        if resource.namespaced:
            metadata["namespace"] = namespace
        return await self.client.create(
            resource, {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **parts}
        )

    async def get(self, plural: str, name: str, namespace: str = "default") -> Document | None:
        try:
            return await self.client.get(self.resource(plural), namespace, name)
        except StatusError:
            return None

    async def list(self, plural: str, labels: str = "", namespace: str = "default") -> list[Document]:
        return await self.client.list(self.resource(plural), namespace, labels=labels)

    async def patch(self, plural: str, name: str, change: Document, **options: Any) -> Document:
        return await self.client.patch(self.resource(plural), "default", name, change, **options)

    async def delete(self, plural: str, name: str, propagation: str = "Background", namespace: str = "default") -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        await self.client.delete(self.resource(plural), namespace, name, options)

    async def names(self, plural: str, labels: str = "", namespace: str = "default") -> list[str]:
        return [one["metadata"]["name"] for one in await self.list(plural, labels, namespace)]

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait for what is to come; a test fails where it does not."""
        async with asyncio.timeout(TIMEOUT):
            while not await holds():
                await asyncio.sleep(0.005)

    async def until_phase(self, plural: str, name: str, phase: str) -> Document:
        found: Document = {}

        async def reached() -> bool:
            nonlocal found
            found = await self.get(plural, name) or {}
            return found.get("status", {}).get("phase") == phase

        await self.until(reached)
        return found

    async def until_gone(self, plural: str, name: str, namespace: str = "default") -> None:
        async def gone() -> bool:
            return await self.get(plural, name, namespace) is None

        await self.until(gone)

    async def rest(self) -> None:
        """Wait until nothing is written any more."""
        before = -1
        while before != self.cluster.storage.revision:
            before = self.cluster.storage.revision
            for _ in range(50):  # turns of the loop, and not only time, which may pass without any
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def world(journal: Journal | None = None, *, controllers: bool = True) -> AsyncGenerator[World]:
    async with Cluster(Options(controllers=controllers, ca="the authority"), journal=journal) as cluster:
        yield World(cluster)


def template(app: str = "web", image: str = "nginx:1", **spec: Any) -> Document:
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "main", "image": image}], **spec}}


def workload(app: str = "web", image: str = "nginx:1", **spec: Any) -> Document:
    """The spec of a Deployment, a ReplicaSet, a StatefulSet or a DaemonSet."""
    return {"selector": {"matchLabels": {"app": app}}, "template": template(app, image), **spec}


def is_rolled_out(deployment: Document | None) -> bool:
    """As `kubectl rollout status` sees it."""
    if deployment is None:
        return False
    status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
    if status.get("observedGeneration") != deployment["metadata"]["generation"]:
        return False
    return all(status.get(name, 0) == wanted for name in ("updatedReplicas", "replicas", "availableReplicas"))


async def rolled_out(here: World, name: str = "web") -> Document:
    found: Document | None = None

    async def done() -> bool:
        nonlocal found
        found = await here.get("deployments", name)
        return is_rolled_out(found)

    await here.until(done)
    assert found is not None
    return found
