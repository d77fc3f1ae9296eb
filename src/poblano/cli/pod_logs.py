"""The logs of all Pods that bear some labels, and of those that come later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from poblano.core.errors import ApiError, BadRequest, Forbidden, NotFound
from poblano.core.following import Phase
from poblano.fluent import K8s
from poblano.fluent.logs import WAITING_LINES, LogLine
from poblano.fluent.resuming import Place
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
        since: how far back each begins; None is with what is written from now on. Of a Pod that comes later it is all.
    """

    def __init__(self, client: ApiClient, namespace: str, labels: dict[str, str], since: timedelta | None) -> None:
        self._client = client
        self._namespace = namespace
        self._labels = labels
        self._since = since
        self._lines: asyncio.Queue[LogLine | ApiError] = asyncio.Queue(WAITING_LINES)
        self._known: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def lines(self) -> AsyncGenerator[LogLine]:
        """The lines of all, each Pod's in its own order, for as long as somebody asks.

        Raises:
            ApiError: the Pods cannot be listed, or who asks may not read logs.
        """
        self._tasks.add(asyncio.create_task(self._watch()))
        try:
            while True:
                line = await self._lines.get()
                if isinstance(line, ApiError):
                    raise line
                yield line
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        pods = K8s(a.Pod, client=self._client)
        pods = pods.in_namespace(self._namespace) if self._namespace else pods
        for key, value in self._labels.items():
            pods = pods.with_label(key, value)
        try:
            running = {pod.metadata.uid for pod in await pods.list() if pod.status.phase == "Running"}
            async with aclosing(pods.watch()) as changes:
                async for phase, pod in changes:
                    self._heard(phase, pod, whole=pod.metadata.uid not in running)
        except ApiError as error:
            await self._lines.put(error)

    def _heard(self, phase: Phase, pod: a.Pod, *, whole: bool) -> None:
        # One that is deleted may still have its last lines on the way: its log ends by itself.
        if phase is Phase.DELETED or pod.status.phase != "Running" or pod.metadata.uid in self._known:
            return
        self._known.add(pod.metadata.uid)
        for container in pod.spec.containers:
            task = asyncio.create_task(self._follow(pod, container.name or "", whole=whole))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _follow(self, pod: a.Pod, container: str, *, whole: bool) -> None:
        """Read a log for as long as there is the Pod: a container that starts again begins a new one.

        Args:
            pod: whose.
            container: of it.
            whole: whether all of it is asked for, since nothing was written before somebody asked.
        """
        place, began, before = Place(), time.monotonic(), self._since or timedelta(0)
        while True:
            # A time of ours would be another one than the cluster's.
            waited = timedelta(seconds=time.monotonic() - began + 1)
            since = _when(place) or (None if whole else before + waited)
            try:
                if place.since:  # it may have ended, and another begun, while nobody was connected
                    await self._rest(pod, container, place)
                    place.resumes()
                await self._read(pod, container, place, since)
            except (NotFound, Forbidden) as error:
                if isinstance(error, Forbidden):
                    await self._lines.put(error)
                return
            except ApiError:  # the container has not begun, or the connection broke
                pass
            await asyncio.sleep(AGAIN_SECONDS)

    async def _rest(self, pod: a.Pod, container: str, place: Place) -> None:
        """What the container before has written that was not read, if there was one."""
        place.resumes()
        with suppress(BadRequest):
            await self._read(pod, container, place, _when(place), previous=True)

    async def _read(
        self, pod: a.Pod, container: str, place: Place, since: datetime | timedelta | None, *, previous: bool = False
    ) -> None:
        """One connection, until it ends."""
        log = K8s(a.Pod, client=self._client).logs(
            pod, container=container, follow=not previous, previous=previous, timestamps=True, since=since
        )
        async with aclosing(log) as lines:
            async for line in lines:
                if (text := place.taken(line.text.encode())) is not None:
                    await self._lines.put(LogLine(pod.metadata.name, container, text.decode()))


def _when(place: Place) -> datetime | None:
    return datetime.fromisoformat(place.since) if place.since else None
