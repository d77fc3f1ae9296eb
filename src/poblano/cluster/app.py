"""The cluster as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Final

from poblano.cluster.faults import ConnectionReset
from poblano.cluster.rest.api import Api
from poblano.cluster.rest.encoding import encoded
from poblano.cluster.rest.exchange import Response
from poblano.cluster.rest.options import Query
from poblano.cluster.status import StatusError, internal, too_large
from poblano.cluster.storage.journal import Unwritable
from poblano.cluster.webhooks import warning_headers

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
        except ConnectionReset:
            _tear_down(receive)
            return
        if response.stream is None:
            await _send_whole(response, send)
        else:
            await _send_stream(response, response.stream, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        try:
            body = await _body(receive)
            query = Query.of(scope["query_string"].decode("latin-1"))
            return await self.api.answer(scope["method"], scope["path"], query, scope["headers"], body)
        except StatusError as error:
            return refusal(error)
        except (Disconnected, ConnectionReset):
            raise
        except Unwritable as error:
            return refusal(internal(f"the write was not kept: {error}"))
        except Exception:  # noqa: BLE001 - whatever goes wrong here, the client gets a Status
            _log.exception("%s %s", scope["method"], scope["path"])
            return refusal(internal("the server met something that it did not expect; its log has more"))


def refusal(error: StatusError) -> Response:
    """A refusal as an answer."""
    response = Response(error.code, encoded(error.document()))
    if error.retry_after is not None:
        response.headers.append(("Retry-After", str(error.retry_after)))
    response.headers.extend(("Warning", text) for text in warning_headers(error.warnings))
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


def _headers(response: Response) -> list[tuple[bytes, bytes]]:
    more = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    return [(b"content-type", response.content_type.encode()), *more]


async def _send_whole(response: Response, send: Send) -> None:
    headers = [*_headers(response), (b"content-length", str(len(response.body)).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _send_stream(response: Response, stream: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Piece after piece, until the stream ends or the client goes: then nobody else would end it."""
    gone = asyncio.ensure_future(_until_gone(receive))
    if response.end is not None:
        end = response.end
        gone.add_done_callback(lambda _: end())
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": _headers(response)})
        async for piece in stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if gone.done():
                break
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
        close: Callable[[], Awaitable[None]] | None = getattr(stream, "aclose", None)
        if close is not None:
            await close()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _tear_down(receive: Receive) -> None:
    """Abort the connection. ASGI has no word for that: uvicorn's request is what `receive` is bound to."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
