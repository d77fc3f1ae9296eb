"""An application of ours behind any ASGI server. The same decisions as in `poblano.admission.protocol`."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from poblano.admission.parser import too_large
from poblano.admission.replies import Reply, headers_of

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

    from poblano.admission.app import Application, Call


async def serve(app: Application, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer one HTTP request; a lifespan is none of ours.

    Raises: RuntimeError for any other kind of connection, as ASGI wants it.
    """
    if scope["type"] != "http":
        raise RuntimeError(f"only HTTP is served here, not {scope['type']}")
    arrived = time.monotonic()
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    verdict = app.admit(scope["method"].encode("ascii", "replace"), target, dict(scope["headers"]))
    reply = verdict if isinstance(verdict, Reply) else await _answer(app, verdict, arrived, receive)
    if reply is not None:
        await _send(reply, scope, send)


async def _answer(app: Application, call: Call, arrived: float, receive: ASGIReceiveCallable) -> Reply | None:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        more = message["more_body"]
        if len(body) > app.limits.body_bytes:
            return call.refuse(bytes(body), 413, too_large(app.limits.body_bytes))
    answer = call.answer(bytes(body), arrived)
    if isinstance(answer, Reply):
        return answer
    gone = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None
    finally:
        gone.cancel()
        answer.cancel()
        await asyncio.gather(gone, answer, return_exceptions=True)


async def _gone(receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(reply: Reply, scope: HTTPScope, send: ASGISendCallable) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": headers_of(reply)})
    body = b"" if scope["method"] == "HEAD" else reply.body
    await send({"type": "http.response.body", "body": body, "more_body": False})
