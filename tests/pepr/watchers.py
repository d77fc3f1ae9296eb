"""Watchers of modules on an embedded cluster, for the rows about watch, reconcile and finalize."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, contextmanager

from poblano import Capability, Module
from poblano.client import ApiClient
from poblano.core import backoff, trouble
from poblano.core.errors import NotFound
from poblano.watch.watcher import Watcher
from tests.watch import clusters
from tests.watch.clusters import CONFIGMAPS, on

PATIENCE = "TESTS_PEPR_PATIENCE"
"""How long to wait for what is promised, in seconds. Where Pepr's behaviour is put in, what is waited for never comes."""


async def until(probe, promise):
    """Wait until `probe` is true."""
    await clusters.until(probe, promise, seconds=float(os.environ.get(PATIENCE, "60")))


async def eventually(look, promise):
    """Wait until what `look` returns to be awaited is true, and return that."""
    found = []

    async def looking():
        while not (answer := await look()):
            await asyncio.sleep(0.02)
        found.append(answer)

    task = asyncio.create_task(looking())
    try:
        await until(task.done, promise)
        await task
    finally:
        task.cancel()
    return found[0]


def shop_in(space):
    return Capability("shop", namespaces=[space])


@asynccontextmanager
async def watching(client, *capabilities, **options):
    """A watcher of a module with these capabilities, until the block ends. What ended it before that is raised."""
    watcher = Watcher(Module(*capabilities).bindings, client, uuid="hello", **options)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        watcher.stop()
        watcher.hurry()
        await asyncio.wait([task])
    task.result()


async def idle(watcher):
    """Wait until all is known and nothing is left to do."""
    queues = [controller.work.queue for controller in watcher.controllers]
    await until(lambda: len(watcher._begun) == len(watcher.controllers), "all is known, and the rules have begun")
    await until(lambda: not any(len(queue) or queue.processing for queue in queues), "all is done")


async def found(api, space, name, kind=CONFIGMAPS):
    """The object, or None."""
    try:
        return await api.get(kind, name, space)
    except NotFound:
        return None


async def gone(api, space, name, kind=CONFIGMAPS):
    """Whether there is no such object."""
    return await found(api, space, name, kind) is None


def finalizers(obj):
    return (obj or {"metadata": {}})["metadata"].get("finalizers", [])


@asynccontextmanager
async def failing(cluster, *faults):
    """Let requests of an embedded cluster go wrong: each fault is given the cluster's `Faults`."""
    await on(cluster, lambda inner: [fault(inner.faults) for fault in faults])
    try:
        yield
    finally:
        await on(cluster, lambda inner: inner.faults.clear())


@contextmanager
def quick(patch):
    """Failures are tried again soon."""
    with patch.context() as scope:
        scope.setattr(backoff, "FIRST", 0.01)
        scope.setattr(backoff, "MOST", 0.05)
        scope.setattr(trouble, "REFUSED_SECONDS", 0.02)
        yield


class Counting(ApiClient):
    """Knows which lists and watches it has asked for, and how many are open at once."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.asked = []
        self.open = self.most = 0

    @asynccontextmanager
    async def once(self, path, *, query=None, **options):
        self.asked.append((path, dict(query or {})))
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            async with super().once(path, query=query, **options) as answer:
                yield answer
        finally:
            self.open -= 1
