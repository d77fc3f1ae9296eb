"""The logs of Pods: of one, or of all that belong to a Deployment, a Service, and the like."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from poblano.core.errors import ConnectionFailed, NotFound, ServerError, TooManyRequests
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.listwatch import TOO_LONG
from poblano.core.objects import Resource
from poblano.fluent.chain import Chain, Which
from poblano.fluent.resuming import Place
from poblano.fluent.sources import Source, containers_of, selector_of

if TYPE_CHECKING:
    from poblano.client.transport import ApiClient

R = TypeVar("R", bound=Resource)

PODS = Kind("", "v1", "Pod", "pods")

WAITING_LINES = 100
"""Lines that are read ahead of whoever asks for them; a Pod that writes faster is held back by its API server."""

FOLLOWING_ATTEMPTS = 10
"""How often in a row a log is asked for again of which no new line comes: about half a minute."""

_WHERE_IT_BEGINS = frozenset({"tailLines", "sinceSeconds", "sinceTime"})

SILENT_SECONDS = 60.0
"""A log that is not followed has ended, or comes in one go."""


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
        silence = None if follow else SILENT_SECONDS
        logs = [
            _followed(client, source, query, timestamps=timestamps) if follow else _log(client, source, query, silence)
            for source in sources
        ]
        async with aclosing(_merged(logs)) as lines:
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
        said["sinceTime"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return said


async def _followed(
    client: ApiClient, source: Source, query: dict[str, str], *, timestamps: bool
) -> AsyncGenerator[LogLine]:
    """A log that goes on behind connections that break."""
    import asyncio
    import random

    from poblano.client.retries import Attempt, Backoff

    place, failures, backoff = Place(timestamps=timestamps), 0, Backoff(attempts=FOLLOWING_ATTEMPTS)
    query = query | {"timestamps": "true"}
    while True:
        try:
            if failures:
                await _check_same(client, source)
            async with aclosing(_lines(client, source, query, None)) as lines:
                async for line in lines:
                    text = place.taken(line)
                    if text is not None:
                        failures = 0
                        yield _said(source, text)
            return
        except (ConnectionFailed, ServerError, TooManyRequests) as error:
            failures += 1
            if failures >= backoff.attempts or error.reason == TOO_LONG:
                raise
            attempt = Attempt(error.status, retry_after=error.retry_after)
        await asyncio.sleep(backoff.delay(failures, attempt, random.random()))  # noqa: S311 -- no secret
        if place.since:
            place.resumes()
            query = {key: value for key, value in query.items() if key not in _WHERE_IT_BEGINS} | {
                "sinceTime": place.since
            }


async def _check_same(client: ApiClient, source: Source) -> None:
    """See that no other Pod has the name by now.

    Raises:
        NotFound: one has, or none.
    """
    path = f"{PODS.path(source.namespace)}/{source.pod}"
    found = (await client.request("GET", path)).json()
    if source.uid and found["metadata"].get("uid") != source.uid:
        raise NotFound(
            f"the Pod {source.pod} whose log was followed is gone, and another has its name",
            status=404,
            reason="NotFound",
            method="GET",
            path=path,
            remedy="follow that one",
        )


async def _log(
    client: ApiClient, source: Source, query: dict[str, str], silence: float | None
) -> AsyncGenerator[LogLine]:
    async with aclosing(_lines(client, source, query, silence)) as lines:
        async for line in lines:
            yield _said(source, line)


def _said(source: Source, text: bytes) -> LogLine:
    return LogLine(source.pod, source.container, text.decode("utf-8", "replace"))


async def _lines(
    client: ApiClient, source: Source, query: dict[str, str], silence: float | None
) -> AsyncGenerator[bytes]:
    import asyncio

    path = f"{PODS.path(source.namespace, source.pod)}/log"
    async with (
        client.once(path, query=query | {"container": source.container}) as answer,
        aclosing(answer.lines(blank=True)) as lines,
    ):
        while True:
            try:
                async with asyncio.timeout(silence):
                    line = await anext(lines, None)
            except TimeoutError:
                message = f"nothing came for {silence:g} s of the log of {source.pod}/{source.container}"
                raise ConnectionFailed(message, method="GET", path=path, remedy="try again") from None
            if line is None:
                return
            yield line


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
