"""An embedded cluster that serves over HTTPS from a thread of its own, for tests that speak HTTP from outside."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from poblano.cluster.embedded import Cluster
from poblano.cluster.serving.served import Served, Settings


@dataclass(frozen=True, slots=True)
class Running:
    """Where it is, and how to get in; `cluster` belongs to the other thread's loop."""

    url: str
    token: str
    kubeconfig: Path
    cluster: Cluster
    loop: asyncio.AbstractEventLoop


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """A cluster for the length of a ``with``."""
    started: list[Running] = []
    failed: list[BaseException] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with Served(settings) as served:
            loop = asyncio.get_running_loop()
            token = served.credentials.admin_token
            started.append(Running(served.url, token, served.kubeconfig, served.cluster, loop))
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="embedded cluster")
    thread.start()
    ready.wait()
    if failed:
        thread.join()
        raise failed[0]
    try:
        yield started[0]
    finally:
        started[0].loop.call_soon_threadsafe(stop.set)
        thread.join()
