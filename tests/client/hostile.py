"""Servers that break the rules of HTTP, and who asks them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from poblano.client.retries import Backoff
from poblano.client.transport import ApiClient
from tests.client.loopback import Handler, client_of, tcp_server

Run = Callable[[Coroutine[None, None, None]], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def saying(*pieces: bytes, closing: bool = False) -> Handler:
    """A server that answers each request with these, one after another."""

    async def handle(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.01)
                if closing:
                    break
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    return handle


def flooding(head: bytes, piece: bytes) -> Handler:
    """A server that goes on and on until nobody listens."""

    async def handle(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            while True:
                writer.write(piece)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    return handle


def asking(handle: Handler, use: Callable[[ApiClient], Coroutine[None, None, None]], **options) -> Coroutine:
    async def work():
        async with (
            tcp_server(handle) as port,
            client_of(f"http://127.0.0.1:{port}", backoff=Backoff(attempts=1), **options) as client,
        ):
            await use(client)

    return work()
