"""An embedded cluster for the tests of the watching part, and who looks whether a cache is what the server has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from poblano.client import Resources
from poblano.core.kinds import Kind

if TYPE_CHECKING:
    from poblano.client import ApiClient
    from poblano.cluster.embedded import Cluster
    from poblano.core.jsonvalue import Document
    from poblano.watch.informer import Informer
    from tests.cluster.serving_cluster import Running

CONFIGMAPS = Kind("", "v1", "ConfigMap", "configmaps")


async def until(probe: Callable[[], object], promise: str, seconds: float = 90.0) -> None:
    """Wait until `probe` is true."""
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, f"not in {seconds} s: {promise}"
        await asyncio.sleep(0.02)


async def on(cluster: Running, do: Callable[[Cluster], object]) -> object:
    """Do something to the cluster, in its own thread."""

    async def done() -> object:
        return do(cluster.cluster)

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(done(), cluster.loop))


async def space_of(api: Resources, name: str) -> str:
    """A namespace of that name, with all that the cluster puts into each: nothing comes later that no test has made."""
    await api.create(Kind("", "v1", "Namespace", "namespaces", namespaced=False), {"metadata": {"name": name}})
    deadline = time.monotonic() + 90
    while await _configmaps(api, "default") - await _configmaps(api, name):
        assert time.monotonic() < deadline, f"{name} has not been given what default has"
        await asyncio.sleep(0.05)
    return name


async def _configmaps(api: Resources, space: str) -> set[str]:
    listing = await api.list(CONFIGMAPS, space)
    return {item["metadata"]["name"] for item in listing.items} & {"kube-root-ca.crt"}


async def write(api: Resources, space: str, name: str, **data: str) -> Document:
    """A ConfigMap of that name, with that data."""
    return await api.apply(CONFIGMAPS, {"metadata": {"name": name, "namespace": space}, "data": data}, force=True)


async def audited(client: ApiClient, informer: Informer, seconds: float = 90.0) -> None:
    """Ask the server, beside the informer, until both say the same of every object: name, uid and version."""
    api, deadline = Resources(client), time.monotonic() + seconds
    while True:
        listing = await api.list(informer.kind, informer.namespace)
        wanted = {
            (item["metadata"]["name"], item["metadata"]["uid"], item["metadata"]["resourceVersion"])
            for item in listing.items
        }
        known = {(item.key.name, item.uid, item.resource_version) for item in informer.cache}
        if known == wanted:
            return
        assert time.monotonic() < deadline, f"the cache has {known - wanted} and has not {wanted - known}"
        await asyncio.sleep(0.05)
