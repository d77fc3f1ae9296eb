"""An ASGI application that can be told to end: what is under way is answered, and what streams is ended cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import orjson

from poblano.cluster.status import StatusError

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Draining:
    """Wraps the application of a cluster, whose watches would otherwise go on for as long as their clients like."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._serving: set[asyncio.Task[Any]] = set()
        self._ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = _Answer(send)
        if self._ending:
            await answer.finish()
            return
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._app(scope, receive, answer.send)
        except asyncio.CancelledError:
            await self._end(task, answer)
        finally:
            self._serving.discard(task)

    async def _end(self, task: asyncio.Task[Any], answer: _Answer) -> None:
        if not self._ending:
            raise asyncio.CancelledError
        task.uncancel()
        await answer.finish()

    async def drain(self, *, grace: float, patience: float) -> None:
        """End: requests have `grace` seconds to be answered, then streams are ended, within `patience` seconds."""
        self._ending = True
        if self._serving:
            await asyncio.wait(self._serving, timeout=grace)
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=patience)


class _Answer:
    """How far the answer to one request has got."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = False
        self._ended = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
        elif not message.get("more_body", False):
            self._ended = True
        await self._send(message)

    async def finish(self) -> None:
        """End what has begun; answer what has not."""
        if self._started:
            if not self._ended:
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        error = StatusError(503, "ServiceUnavailable", "the cluster is shutting down", retry_after=1)
        body = orjson.dumps(error.document())
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers.append((b"retry-after", b"1"))
        await self.send({"type": "http.response.start", "status": error.code, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
