"""A module that is run on a cluster for a test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from poblano import Module
from poblano.core.errors import NotFound
from poblano.watch.watcher import Watcher
from tests.watch.clusters import CONFIGMAPS


@asynccontextmanager
async def watching(api, *capabilities, uuid="hello", ignored=()):
    """The actions of these capabilities, running."""
    watcher = Watcher(Module(*capabilities).bindings, api._client, uuid=uuid, ignored=ignored)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        watcher.stop()
        async with asyncio.timeout(60):
            await task


async def found(api, space, name, kind=CONFIGMAPS):
    """The object, or None."""
    try:
        return await api.get(kind, name, space)
    except NotFound:
        return None


async def finally_(ask, promise, seconds=60.0):
    """Ask until the answer is true, and return it."""
    try:
        async with asyncio.timeout(seconds):
            while not (answer := await ask()):
                await asyncio.sleep(0.05)
            return answer
    except TimeoutError:
        raise AssertionError(f"not in {seconds} s: {promise}") from None
