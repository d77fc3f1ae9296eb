"""An embedded cluster for the tests of the watching part, and who looks whether a cache is what the server has."""

from __future__ import annotations

import asyncio
import time

from poblano.client import Resources
from poblano.core.kinds import Kind

CONFIGMAPS = Kind("", "v1", "ConfigMap", "configmaps")


async def until(probe, promise, seconds=45.0):
    """Wait until `probe` is true."""
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, f"not in {seconds} s: {promise}"
        await asyncio.sleep(0.02)


async def on(cluster, do):
    """Do something to the cluster, in its own thread."""

    async def done():
        return do(cluster.cluster)

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(done(), cluster.loop))


async def space_of(api, name):
    await api.create(Kind("", "v1", "Namespace", "namespaces", namespaced=False), {"metadata": {"name": name}})
    return name


async def write(api, space, name, **data):
    return await api.apply(CONFIGMAPS, {"metadata": {"name": name, "namespace": space}, "data": data}, force=True)


async def audited(client, informer, seconds=45.0):
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
