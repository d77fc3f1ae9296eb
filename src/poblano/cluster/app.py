"""The cluster as an ASGI application."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from poblano.cluster.rest.api import Api
from poblano.cluster.rest.encoding import encoded
from poblano.cluster.rest.exchange import Response
from poblano.cluster.rest.options import Query
from poblano.cluster.status import StatusError, internal, too_large

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_LIMIT: Final = 3 * 1024 * 1024
"""k8s.io/apiserver/pkg/server/config.go: MaxRequestBodyBytes."""

_log = logging.getLogger("poblano.cluster")


class Disconnected(Exception):
    """The client went away before its request was whole."""


class Application:
    """What a server such as uvicorn calls.

    Args:
        api: answers the requests.
    """

    def __init__(self, api: Api) -> None:
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other protocols are not spoken."""
        if scope["type"] != "http":
            return
        try:
            response = await self._response(scope, receive)
        except Disconnected:
            return
        await _send(response, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        try:
            body = await _body(receive)
            query = Query.of(scope["query_string"].decode("latin-1"))
            return await self.api.answer(scope["method"], scope["path"], query, scope["headers"], body)
        except StatusError as error:
            return refusal(error)
        except Disconnected:
            raise
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, the client gets a Status
            _log.exception("%s %s", scope["method"], scope["path"])
            return refusal(internal(f"{type(error).__name__}: {error}"))


def refusal(error: StatusError) -> Response:
    """A refusal as an answer."""
    response = Response(error.code, encoded(error.document()))
    if error.retry_after is not None:
        response.headers.append(("Retry-After", str(error.retry_after)))
    return response


async def _body(receive: Receive) -> bytes:
    """The body as a whole.

    Raises:
        StatusError: 413, it is too long.
        Disconnected: the client went away.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        if len(whole) > BODY_LIMIT:
            raise too_large(BODY_LIMIT)
        return whole
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            raise too_large(BODY_LIMIT)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


async def _send(response: Response, send: Send) -> None:
    headers = [(b"content-type", response.content_type.encode())]
    headers += [(name.lower().encode(), value.encode("utf-8")) for name, value in response.headers]
    if response.stream is None:
        headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
        return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    try:
        async for piece in response.stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        close = getattr(response.stream, "aclose", None)
        if close is not None:
            await close()
    await send({"type": "http.response.body", "body": b"", "more_body": False})
