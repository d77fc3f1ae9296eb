"""An informer that runs for a test, and what its cache has."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import msgspec

from poblano.core.errors import ApiError

LONG = 150.0
"""Seconds: a machine that is ten times slower waits its turn as well."""


@asynccontextmanager
async def informing(informer, *, synced=True):
    """The informer, running, and what it tells."""
    told = []
    informer.subscribe(told.append)
    task = asyncio.create_task(informer.run())
    try:
        if synced:
            async with asyncio.timeout(LONG):
                await informer.synced()
        yield told
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def patiently(do):
    """Do it again until the server does not refuse it any more."""
    for _ in range(1_000):
        try:
            return await do()
        except ApiError:
            await asyncio.sleep(0.1)
    raise AssertionError("it is refused all the time")


def documents(informer):
    return {item.key.name: msgspec.json.decode(item.raw) for item in informer.cache}
