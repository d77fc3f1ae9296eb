"""The log of one container: read to its end, or followed behind connections that break."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from poblano.core.errors import ApiError, ConnectionFailed, Forbidden, NotFound, ServerError, TooManyRequests
from poblano.core.kinds import Kind
from poblano.core.listwatch import TOO_LONG
from poblano.fluent.resuming import Place, asked_again
from poblano.fluent.sources import Source

if TYPE_CHECKING:
    from poblano.client import ApiClient
    from poblano.client.retries import Attempt

PODS = Kind("", "v1", "Pod", "pods")

ATTEMPTS = 10
"""How often in a row a log is asked for again of which no new line comes: about half a minute."""

STEADY_SECONDS = 30.0
"""A connection that held for so long is no failure of those before it: proxies cut what is quiet, and a log may be that for days."""

SILENT_SECONDS = 60.0
"""A log that is not followed has ended, or comes in one go."""


async def read(client: ApiClient, source: Source, query: dict[str, str]) -> AsyncGenerator[bytes]:
    """What there is of it, line by line.

    Raises:
        ApiError: the API server refused, or the connection broke, or nothing came of it for `SILENT_SECONDS`.
    """
    import asyncio

    async with aclosing(_lines(client, source, query)) as lines:
        while True:
            try:
                async with asyncio.timeout(SILENT_SECONDS):
                    line = await anext(lines, None)
            except TimeoutError:
                message = f"nothing came for {SILENT_SECONDS:g} s of the log of {source.pod}/{source.container}"
                raise ConnectionFailed(message, method="GET", path=_path(source), remedy="try again") from None
            if line is None:
                return
            yield line


async def followed(
    client: ApiClient, source: Source, query: dict[str, str], *, timestamps: bool
) -> AsyncGenerator[bytes]:
    """Each line as it is written, once, whatever connections break meanwhile.

    Args:
        client: an open client.
        source: whose log.
        query: where it begins.
        timestamps: whether lines are wanted with when they were written.

    Raises:
        NotFound: the Pod is gone when a connection has broken.
        ApiError: the API server refused, or the connection broke time and again.
    """
    import asyncio
    import random

    from poblano.client.retries import Backoff

    place, trouble, backoff = Place(timestamps=timestamps), _Trouble(), Backoff(attempts=ATTEMPTS)
    query = query | {"timestamps": "true"}
    while True:
        try:
            if trouble.failures:
                await _check_same(client, source)
            async with aclosing(_lines(client, source, query, trouble.opened)) as lines:
                async for line in lines:
                    text = place.taken(line)
                    if text is not None:
                        trouble.failures = 0
                        yield text
            return
        except (ConnectionFailed, ServerError, TooManyRequests) as error:
            attempt = trouble.of(error)
            if trouble.failures >= backoff.attempts or error.reason == TOO_LONG:
                raise
        await asyncio.sleep(backoff.delay(trouble.failures, attempt, random.random()))  # noqa: S311 -- no secret
        place.resumes()
        query = asked_again(query, place.since, trouble.began)


class _Trouble:
    """What has happened to the connections of a log that is followed."""

    def __init__(self) -> None:
        self.failures = 0
        self.began: datetime | None = None
        """When it was answered for the first time."""
        self._opened: float | None = None

    def opened(self) -> None:
        """An answer has begun."""
        import time

        self._opened = time.monotonic()
        self.began = self.began or datetime.now(UTC)

    def of(self, error: ApiError) -> Attempt:
        """One more failure, which may be the first for a long time."""
        import time

        from poblano.client.retries import Attempt

        if self._opened is not None and time.monotonic() - self._opened >= STEADY_SECONDS:
            self.failures = 0
        self._opened = None
        self.failures += 1
        return Attempt(error.status, retry_after=error.retry_after)


async def _check_same(client: ApiClient, source: Source) -> None:
    """See that no other Pod has the name by now.

    Raises:
        NotFound: one has, or none.
    """
    uid = await _uid(client, source)
    if uid == source.uid:
        return
    gone = f"the Pod {source.pod} whose log was followed is gone"
    raise NotFound(
        f"{gone}, and another has its name" if uid else gone,
        status=404,
        reason="NotFound",
        method="GET",
        path=_path(source),
        remedy="follow that one" if uid else "",
    )


async def _uid(client: ApiClient, source: Source) -> str:
    """The uid of the Pod that has the name now, or "". Who found it in a list may not be allowed to get it."""
    from poblano.client import Resources

    api = Resources(client)
    try:
        found = [await api.get(PODS, source.pod, source.namespace)]
    except Forbidden:
        found = (await api.list(PODS, source.namespace, field_selector=f"metadata.name={source.pod}")).items
    return next((str(one["metadata"].get("uid", "")) for one in found), "")


async def _lines(
    client: ApiClient, source: Source, query: dict[str, str], opened: Callable[[], None] | None = None
) -> AsyncGenerator[bytes]:
    async with client.once(_path(source), query=query | {"container": source.container}) as answer:
        if opened is not None:
            opened()
        async with aclosing(answer.lines(blank=True)) as lines:
            async for line in lines:
                yield line


def _path(source: Source) -> str:
    return f"{PODS.path(source.namespace, source.pod)}/log"
