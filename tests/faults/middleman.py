"""A man in the middle who speaks HTTP: refuses, lies, interrupts. What he lets pass goes to the server and back unchanged.

He runs in a thread of his own, speaks plain HTTP with the client and HTTPS with the server, and everything he is told
(`refuse`, `say`, ...) may be told from any thread.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

PAGE = "<html><body><h1>Welcome to this network</h1></body></html>"
UNTOUCHED = ("Content-Type", "Accept", "Accept-Encoding")


@dataclass(slots=True)
class Refusal:
    """An answer in the server's place: to requests of a verb ("" for all), so many times (None for always)."""

    status: int
    verb: str = ""
    times: int | None = None
    retry_after: int | None = None
    is_status: bool = True
    met: int = 0

    def takes(self, verb: str) -> bool:
        if self.verb not in {"", verb} or self.met == self.times:
            return False
        self.met += 1
        return True

    def answer(self) -> web.Response:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.status == 200 or not self.is_status:
            return web.Response(status=self.status, text=PAGE, headers=headers, content_type="text/html")
        text = _status(self.status)
        return web.Response(status=self.status, text=text, headers=headers, content_type="application/json")


@dataclass(eq=False, slots=True)
class _Stream:
    """A watch under way."""

    answer: web.StreamResponse
    request: web.Request
    cut_next: bool = False

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()


class Middleman:
    """Between clients of `url` and the server at `server`.

    Args:
        server: its URL.
        ca: what it is trusted by, in PEM.
        token: what he presents there, whatever the client presents to him.
    """

    def __init__(self, server: str, ca: str, token: str) -> None:
        self._server = server
        self._tls = ssl.create_default_context(cadata=ca)
        self._token = token
        self._streams: set[_Stream] = set()
        self._refusals: list[Refusal] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="middleman")
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self.accepted: str | None = None
        self.watches = 2
        self.page: int | None = None
        self.lists_to_cut = self.lists_to_hold = 0
        self.before_next_page: Callable[[], object] | None = None
        self.url = ""
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Break every connection, and end."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    # ------------------------------------------------------------------ what he is told

    def refuse(self, status: int, **how: Any) -> None:
        """Answer so, in the server's place; what `Refusal` takes."""
        self._refusals.append(Refusal(status, **how))

    def say(self, line: bytes, *, and_end: bool = False) -> None:
        """Put a line into each watch under way."""
        self._for_each(lambda stream: self._put(stream, line, and_end=and_end), least=self.watches)

    def cut(self) -> None:
        """Break each watch under way in the middle of its next line."""
        self._for_each(self._cut, least=self.watches)

    def break_off(self) -> None:
        """Reset each watch under way."""
        self._for_each(self._abort)

    def clear(self) -> None:
        """Refuse, shorten and doubt nothing more."""
        self._refusals.clear()
        self.accepted = self.page = self.before_next_page = None
        self.lists_to_cut = self.lists_to_hold = 0

    def _for_each(self, do: Callable[[_Stream], Any], *, least: int = 0) -> None:
        """Once there are so many: between two watches there is none. None ends between that look and the deed."""

        async def each() -> None:
            async with asyncio.timeout(120):
                while len(self._streams) < least:
                    await asyncio.sleep(0.01)
            await asyncio.gather(*(do(stream) for stream in tuple(self._streams)))

        asyncio.run_coroutine_threadsafe(each(), self._loop).result(180)

    async def _put(self, stream: _Stream, line: bytes, *, and_end: bool) -> None:
        await stream.answer.write(line + b"\n")
        if and_end:
            stream.abort()

    async def _cut(self, stream: _Stream) -> None:
        stream.cut_next = True

    async def _abort(self, stream: _Stream) -> None:
        stream.abort()

    # ------------------------------------------------------------------ what he does

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._session:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._ready.set()
            await self._stop.wait()
            for stream in tuple(self._streams):
                stream.abort()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.accepted is not None and request.headers.get("Authorization") != f"Bearer {self.accepted}":
            return Refusal(401).answer()
        verb = _verb(request)
        for refusal in tuple(self._refusals):
            if refusal.takes(verb):
                return refusal.answer()
        query = dict(request.query)
        if verb == "list":
            await self._shorten(query)
        try:
            return await self._pass_on(request, verb, query)
        except (aiohttp.ClientError, OSError):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)

    async def _shorten(self, query: dict[str, str]) -> None:
        """Lists in small pages, with something that happens before the next page is asked for."""
        if self.page is not None:
            query["limit"] = str(self.page)
        happens, wanted = self.before_next_page, "continue" in query
        if happens is not None and wanted:
            self.before_next_page = None
            await asyncio.to_thread(happens)

    async def _pass_on(self, request: web.Request, verb: str, query: dict[str, str]) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in UNTOUCHED if name in request.headers}
        headers["Authorization"] = f"Bearer {self._token}"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        asked = self._session.request(
            request.method,
            self._server + request.path,
            params=query,
            headers=headers,
            data=await request.read() or None,
            timeout=timeout,
        )
        async with asked as found:
            answer = web.StreamResponse(status=found.status)
            for name in ("Content-Type", "Retry-After", "Content-Encoding"):
                if name in found.headers:
                    answer.headers[name] = found.headers[name]
            if verb == "watch" and found.status == 200:
                await self._follow(request, found, answer)
            else:
                body = await found.read()
                answer.content_length = len(body)
                await answer.prepare(request)
                if verb == "list" and (self.lists_to_cut or self.lists_to_hold):
                    await answer.write(body[: len(body) // 2])
                    await self._interrupt()
                await answer.write(body)
            await answer.write_eof()
            return answer

    async def _interrupt(self) -> None:
        """Half of a list is told. The rest is not."""
        if self.lists_to_hold:
            self.lists_to_hold -= 1
            await asyncio.Event().wait()
        self.lists_to_cut -= 1
        raise ConnectionResetError

    async def _follow(self, request: web.Request, found: aiohttp.ClientResponse, answer: web.StreamResponse) -> None:
        await answer.prepare(request)
        stream = _Stream(answer, request)
        self._streams.add(stream)
        try:
            async for line in _lines(found):
                if stream.cut_next:
                    await answer.write(line[: len(line) // 2])
                    stream.abort()
                    return
                await answer.write(line)
        finally:
            self._streams.discard(stream)


async def _lines(found: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Whole lines, however long."""
    rest = b""
    async for chunk in found.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def _verb(request: web.Request) -> str:
    if request.method != "GET":
        return "write"
    if request.query.get("watch") in {"true", "1"}:
        return "watch"
    return "list"


def _status(code: int, reason: str = "") -> str:
    return json.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": f"the man in the middle says {code}",
            "reason": reason or {401: "Unauthorized", 410: "Expired", 429: "TooManyRequests"}.get(code, ""),
            "code": code,
        }
    )


def expired_line() -> bytes:
    """The event that says, in a stream that is a success, that its resource version is too old."""
    return json.dumps({"type": "ERROR", "object": json.loads(_status(410))}).encode()
