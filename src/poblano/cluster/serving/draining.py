"""An ASGI application that can be told to end: what streams is ended cleanly, and bodies have a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

import orjson

from poblano.cluster.status import StatusError, too_large

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_LIMIT: Final = 3 * 1024 * 1024  # k8s.io/apiserver/pkg/server/config.go: MaxRequestBodyBytes


class Draining:
    """Wraps the application of a cluster.

    Args:
        app: what answers.
        body_limit: bytes of a request body; a longer one is answered with 413.
    """

    def __init__(self, app: Application, *, body_limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._limit = body_limit
        self._serving: set[asyncio.Task[Any]] = set()
        self._ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        task = asyncio.current_task()
        assert task is not None
        exchange = _Exchange(receive, send, self._limit)
        self._serving.add(task)
        try:
            if self._ending:
                await exchange.refuse(_shutting_down())
            elif _announced(scope) > self._limit:
                await exchange.refuse(too_large(self._limit))
            else:
                await self._app(scope, exchange.receive, exchange.send)
        except StatusError as error:
            await exchange.refuse(error)
        except asyncio.CancelledError:
            if not self._ending:
                raise
            task.uncancel()
            await exchange.end()
        finally:
            self._serving.discard(task)

    async def drain(self, *, grace: float, patience: float) -> None:
        """End: requests have `grace` seconds to be answered, then streams are ended, within `patience` seconds."""
        self._ending = True
        if self._serving and grace > 0:
            await asyncio.wait(self._serving, timeout=grace)
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=patience)

    @property
    def ending(self) -> bool:
        """Whether it has been told to end."""
        return self._ending


class _Exchange:
    """One request and its answer: how much came in, and how far the answer has got."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self._limit = limit
        self._started = False
        self._ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise too_large(self._limit)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
        elif not message.get("more_body", False):
            self._ended = True
        await self._send(message)

    async def refuse(self, error: StatusError) -> None:
        if self._started:
            await self.end()
            return
        body = orjson.dumps(error.document())
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if error.retry_after is not None:
            headers.append((b"retry-after", str(error.retry_after).encode()))
        await self.send({"type": "http.response.start", "status": error.code, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def end(self) -> None:
        if not self._started:
            await self.refuse(_shutting_down())
        elif not self._ended:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})


def _announced(scope: Scope) -> int:
    for name, value in scope.get("headers", ()):
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _shutting_down() -> StatusError:
    return StatusError(503, "ServiceUnavailable", "the cluster is shutting down", retry_after=1)
