"""The logs of Pods: of one, or of all that belong to a Deployment, a Service, and the like."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from poblano.core.jsonvalue import Document
from poblano.core.objects import Resource
from poblano.fluent.chain import Chain, Which
from poblano.fluent.log_lines import PODS, followed, read
from poblano.fluent.resuming import moment
from poblano.fluent.sources import Source, containers_of, selector_of

R = TypeVar("R", bound=Resource)

WAITING_LINES = 100
"""Lines that are read ahead of whoever asks for them; a Pod that writes faster is held back by its API server."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log, without its end.

    >>> str(LogLine("web-1", "nginx", "started"))
    '[pod/web-1/nginx] started'
    """

    pod: str
    container: str
    text: str

    def __str__(self) -> str:
        return f"[pod/{self.pod}/{self.container}] {self.text}"


class Logs(Chain[R]):
    """What writes logs."""

    __slots__ = ()

    async def logs(
        self,
        which: Which = None,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: timedelta | datetime | None = None,
        container: str | None = None,
        previous: bool = False,
        timestamps: bool = False,
    ) -> AsyncGenerator[LogLine]:
        """The log of a Pod, or of the Pods that a Service, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or
        ReplicationController selects; of several as it comes, each in its own order.

        Close it when it is left early::

            async with aclosing(K8s(a.Deployment).in_namespace("shop").logs("web", follow=True)) as lines:
                async for line in lines:
                    print(line)

        Args:
            which: a name, or an object that was read; by default the one that the chain names. A chain about Pods may also
                choose several with labels and fields.
            follow: go on with what is written from now on, until the containers end. Where a connection breaks, the log is asked for
                again, from where it broke: no line comes twice, and none is left out unless the node has thrown it away meanwhile. What
                begins later is not followed: a container that starts again, a Pod that takes the place of another.
            tail: begin so many lines before the end of each.
            since: begin so long ago, or then.
            container: of this one only; by default of each in a Pod, but for those that run before it starts.
            previous: of the container that ran before the last restart.
            timestamps: each line begins with when it was written.

        Raises:
            NotFound: there is no such Pod or owner; or, of one that is followed, not any more when its connection broke.
            BadRequest: a container has not begun yet, or there is none of that name.
            MalformedObject: the chain does not say which, or its kind has no Pods.
            ApiError: the API server refused, or the connection broke; of a log that is followed, time and again.
        """
        query = _query(follow=follow, tail=tail, since=since, previous=previous, timestamps=timestamps)
        client, pods = await self._connection(), await self._pods(which)
        sources = [source for pod in pods for source in containers_of(pod, container)]
        logs = [
            followed(client, source, query, timestamps=timestamps) if follow else read(client, source, query)
            for source in sources
        ]
        said = [_said(source, log) for source, log in zip(sources, logs, strict=True)]
        async with aclosing(_merged(said)) as lines:
            async for line in lines:
                yield line

    async def _pods(self, which: Which) -> Sequence[Document]:
        api, choice = await self._api(), self._choice
        if self._kind.kind == "Pod" and (choice.labels or choice.fields) and which is None:
            labels, fields = choice.label_selector, choice.field_selector
            return (await api.list(PODS, choice.namespace, label_selector=labels, field_selector=fields)).items
        name, namespace = self._one(which, verb="logs")
        found = await api.get(self._kind, name, namespace)
        if self._kind.kind == "Pod":
            return [found]
        return (await api.list(PODS, namespace, label_selector=selector_of(found))).items


def _query(
    *, follow: bool, tail: int | None, since: timedelta | datetime | None, previous: bool, timestamps: bool
) -> dict[str, str]:
    query = {"follow": follow, "previous": previous, "timestamps": timestamps}
    said = {key: "true" for key, value in query.items() if value}
    if tail is not None:
        said["tailLines"] = str(tail)
    if isinstance(since, timedelta):
        said["sinceSeconds"] = str(max(1, math.ceil(since.total_seconds())))
    elif since is not None:
        said["sinceTime"] = moment(since)
    return said


async def _said(source: Source, texts: AsyncGenerator[bytes]) -> AsyncGenerator[LogLine]:
    async with aclosing(texts) as lines:
        async for line in lines:
            yield LogLine(source.pod, source.container, line.decode("utf-8", "replace"))


async def _merged(logs: Sequence[AsyncGenerator[LogLine]]) -> AsyncGenerator[LogLine]:
    """The lines of several, as they come. The first that fails ends them all."""
    import asyncio

    if len(logs) == 1:
        async with aclosing(logs[0]) as only:
            async for line in only:
                yield line
        return
    waiting: asyncio.Queue[LogLine | BaseException | None] = asyncio.Queue(WAITING_LINES)
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(_pump(log, waiting)) for log in logs]
    try:
        open_ones = len(tasks)
        while open_ones:
            came = await waiting.get()
            if isinstance(came, LogLine):
                yield came
            elif came is None:
                open_ones -= 1
            else:
                raise came
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(log: AsyncGenerator[LogLine], waiting: Any) -> None:
    try:
        async with aclosing(log) as lines:
            async for line in lines:
                await waiting.put(line)
    except Exception as error:  # noqa: BLE001 -- it is raised where the lines are read
        await waiting.put(error)
    else:
        await waiting.put(None)
