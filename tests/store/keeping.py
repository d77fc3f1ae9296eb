"""Processes that share a store, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

from poblano.client import Resources
from poblano.core.store.contents import contents_of
from poblano.core.store.layout import STORED
from poblano.core.store.room import part_name
from poblano.core.store.snapshot import Snapshot
from poblano.store.keeper import ClusterKeeper
from poblano.store_handle import Store

PROCESSES = itertools.count(1)


def keeper_of(client, name, *, interval=0.05, layout=STORED, labels=None, **options):
    """Keeps a store as another process than all before."""
    return ClusterKeeper(
        client,
        layout,
        name=name,
        namespace="default",
        labels=labels or {"poblano.dev/capability": "test"},
        process=f"p{next(PROCESSES)}",
        interval=interval,
        field_manager="poblano-test",
        **options,
    )


@contextlib.asynccontextmanager
async def process(client, name, *, store=None, **options):
    """A store, kept; what is left is sent at the end."""
    store = Store() if store is None else store
    keeper = keeper_of(client, name, **options)
    store.bind(keeper)
    informing, keeping = asyncio.create_task(keeper.informer.run()), asyncio.create_task(keeper.run())
    await keeper.informer.synced()
    try:
        yield store
    finally:
        keeper.stop()
        done, _ = await asyncio.wait([keeping], timeout=60)
        for task in (keeping, informing):
            task.cancel()
        await asyncio.gather(informing, keeping, return_exceptions=True)
        for task in done:
            task.result()


async def kept(client, name, layout=STORED):
    """What the API server has."""
    api = Resources(client)
    head = contents_of(await api.get(layout.kind, name, "default"), layout)
    parts = {number: await api.get(layout.kind, part_name(name, number), "default") for number in demanded(head)}
    known = Snapshot(head, {number: contents_of(part, layout) for number, part in parts.items()})
    return {key: item.text for key, item in known.merged().items()}


def demanded(head):
    """The parts that there must be."""
    return [number for number in range(head.parts) if head.demand(number)]
