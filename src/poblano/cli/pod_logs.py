"""The logs of all Pods that bear some labels, and of those that come later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from poblano.core.errors import ApiError, Forbidden, NotFound
from poblano.core.following import Phase
from poblano.fluent import K8s
from poblano.fluent.logs import WAITING_LINES, LogLine
from poblano.models import a

if TYPE_CHECKING:
    from poblano.client import ApiClient

AGAIN_SECONDS = 1.0
"""How soon a log that broke off, or whose container has not begun, is asked for again."""


class PodLogs:
    """Follows them.

    Args:
        client: an open client.
        namespace: where the Pods are; "" is everywhere.
        labels: that they bear.
        since: how far back each begins; None is with what is written from now on.
    """

    def __init__(self, client: ApiClient, namespace: str, labels: dict[str, str], since: timedelta | None) -> None:
        self._client = client
        self._namespace = namespace
        self._labels = labels
        self._since = since
        self._lines: asyncio.Queue[LogLine | ApiError] = asyncio.Queue(WAITING_LINES)
        self._known: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def lines(self) -> AsyncGenerator[LogLine]:
        """The lines of all, each Pod's in its own order, for as long as somebody asks.

        Raises:
            ApiError: the Pods cannot be listed, or who asks may not read logs.
        """
        self._tasks.append(asyncio.create_task(self._watch()))
        try:
            while True:
                line = await self._lines.get()
                if isinstance(line, ApiError):
                    raise line
                yield line
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self) -> None:
        pods = K8s(a.Pod, client=self._client)
        pods = pods.in_namespace(self._namespace) if self._namespace else pods
        for key, value in self._labels.items():
            pods = pods.with_label(key, value)
        try:
            async with aclosing(pods.watch()) as changes:
                async for phase, pod in changes:
                    self._heard(phase, pod)
        except ApiError as error:
            await self._lines.put(error)

    def _heard(self, phase: Phase, pod: a.Pod) -> None:
        # One that is deleted may still have its last lines on the way: its log ends by itself.
        if phase is Phase.DELETED or pod.status.phase != "Running" or pod.metadata.uid in self._known:
            return
        self._known.add(pod.metadata.uid)
        for container in pod.spec.containers:
            self._tasks.append(asyncio.create_task(self._follow(pod, container.name or "")))

    async def _follow(self, pod: a.Pod, container: str) -> None:
        """Read a log for as long as there is the Pod: a container that starts again begins a new one."""
        one, last = K8s(a.Pod, client=self._client), ""
        while True:
            since = datetime.fromisoformat(last) if last else self._since or timedelta(seconds=1)
            log = one.logs(pod, container=container, follow=True, timestamps=True, since=since)
            try:
                async with aclosing(log) as lines:
                    async for line in lines:
                        written, _, text = line.text.partition(" ")
                        if written > last:  # what was read before a connection broke comes again
                            last = written
                            await self._lines.put(LogLine(pod.metadata.name, container, text))
            except (NotFound, Forbidden) as error:
                if isinstance(error, Forbidden):
                    await self._lines.put(error)
                return
            except ApiError:  # the container has not begun, or the connection broke
                pass
            await asyncio.sleep(AGAIN_SECONDS)
