"""Fifty requests a second through the API server, and what became of each."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from tests.deployed.api import Api

A_SECOND = 50


class Load:
    """Runs for as long as the block lasts. Each ConfigMap that it makes must be accepted, and come back stamped.

    Args:
        api: the API server.
        namespace: where.
        label: that the module sets; "" for none.
    """

    def __init__(self, api: Api, namespace: str, label: str = "stamp") -> None:
        self._api = api
        self._path = f"{api.url}/api/v1/namespaces/{namespace}/configmaps"
        self._label = label
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")
        self.sent = self.under_way = 0
        self.failed: list[tuple[float, str]] = []
        """When it was sent, by the monotonic clock, and what became of it."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _run(self) -> None:
        tls = ssl.create_default_context(cafile=self._api.ca)
        headers = {"Authorization": f"Bearer {self._api.token}"}
        tasks: set[asyncio.Task[None]] = set()
        connector = aiohttp.TCPConnector(ssl=tls, limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            begun = asyncio.get_running_loop().time()
            for number in count():
                if self._stop.is_set():
                    break
                task = asyncio.create_task(self._send(session))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                due = begun + number / A_SECOND
                await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0))
            await asyncio.gather(*tasks)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        self.sent += 1
        self.under_way += 1
        try:
            await self._ask(session)
        finally:
            self.under_way -= 1

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        began = time.monotonic()
        body: dict[str, Any] = {"metadata": {"name": f"load-{time.time_ns()}"}, "data": {"a": "b"}}
        try:
            async with session.post(self._path, json=body, timeout=aiohttp.ClientTimeout(total=120)) as answer:
                said = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.failed.append((began, f"no answer: {error!r}"))
            return
        if answer.status != 201:
            self.failed.append((began, f"{answer.status}: {said.get('message')}"))
        elif self._label and self._label not in said["metadata"].get("labels", {}):
            self.failed.append((began, "it was passed by, and let through"))
