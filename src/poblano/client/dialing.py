"""Opening a connection: names, addresses, proxies and TLS."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from asyncio.staggered import staggered_race
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from multidict import CIMultiDict

from poblano.client.connection import Connection
from poblano.client.no_answer import Broken, HandshakeFailed, NotInTime, ProxyRefused, Unreachable
from poblano.client.wire import Place, head_of, place_of

KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
"""Asked after 15 silent seconds, then each 5 s, and given up after the third; the last is in milliseconds, and is about what was
sent and is not acknowledged. Go's are 30 s: net.Dialer.KeepAlive."""

STAGGER_SECONDS = 0.25
"""How long an address has before the next one is tried beside it. RFC 8305 5: Connection Attempt Delay."""

Address: TypeAlias = tuple[Any, ...]
"""As `socket.getaddrinfo` has it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection leads to; one can be used again for what has the same target.

    Attributes:
        place: who is asked.
        tls: how TLS is spoken with it; None for none.
        server_name: the name to find in its certificate.
        proxy: the URL of an HTTP proxy on the way, or "".
    """

    place: Place
    tls: ssl.SSLContext | None = None
    server_name: str = ""
    proxy: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent, and where to.

    Attributes:
        path: with the query.
        headers: are read when it is sent.
    """

    target: Target
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)

    @property
    def head(self) -> bytes:
        """As it is sent. A proxy that does not just let TLS through is told who is to be asked (RFC 9112 3.2.2)."""
        target, path, headers = self.target, self.path, self.headers
        if target.proxy and target.tls is None:
            path = target.place.origin + path
            if login := place_of(target.proxy).login:
                headers = CIMultiDict(headers)
                headers["Proxy-Authorization"] = login
        return head_of(self.method, path, target.place, headers, self.body)


async def dial(target: Target, seconds: float) -> Connection:
    """Open a connection.

    Args:
        target: where to.
        seconds: for all of it, the handshake included.

    Raises:
        NoAnswer: it cannot be had; the subclass says why.
    """
    try:
        async with asyncio.timeout(seconds):
            return await (_through(target) if target.proxy else _directly(target))
    except TimeoutError:
        raise NotInTime from None


async def _directly(target: Target) -> Connection:
    with _told():
        return await _opened(target.place, target.tls, target.server_name)


async def _through(target: Target) -> Connection:
    proxy = place_of(target.proxy)
    with _told(proxy=True):
        connection = await _opened(proxy, ssl.create_default_context() if proxy.secure else None)
    if target.tls is None:  # it is asked for what the other is to be asked for
        return connection
    try:
        headers = {"Proxy-Authorization": proxy.login} if proxy.login else {}
        answer = connection.ask(b"CONNECT " + _head(target.place, headers))
        try:
            await answer.begins()
        except Broken as error:  # what is to be asked for was not sent yet
            raise Unreachable(error, proxy=True) from None
        if answer.status != 200:
            raise ProxyRefused(answer.status)
        with _told():
            return await _secured(connection, target.tls, target.server_name or target.place.host)
    except BaseException:
        connection.abort()
        raise


def _head(place: Place, headers: dict[str, str]) -> bytes:
    """Of a CONNECT, without the method."""
    return head_of("CONNECT", place.authority, place, headers, None).removeprefix(b"CONNECT ")


async def _opened(place: Place, tls: ssl.SSLContext | None, server_name: str = "") -> Connection:
    loop = asyncio.get_running_loop()
    made = await _connected(place)
    try:
        _, connection = await loop.create_connection(Connection, sock=made)
    except BaseException:
        made.close()
        raise
    if tls is None:
        return connection
    try:  # in two steps: who gives up in between has something to break, and closes no socket that the loop still watches
        return await _secured(connection, tls, server_name or place.host)
    except BaseException:
        connection.abort()
        raise


async def _secured(through: Connection, tls: ssl.SSLContext, server_name: str) -> Connection:
    """TLS inside of a connection that is there."""
    loop, inner = asyncio.get_running_loop(), Connection()
    transport = await loop.start_tls(through.transport, inner, tls, server_hostname=server_name)
    if transport is None:
        raise ConnectionAbortedError("the connection was closed during the handshake")
    inner.connection_made(transport)
    return inner


async def _connected(place: Place) -> socket.socket:
    """A socket to the first of the addresses that answers."""
    addresses = await _addresses(place)
    if len(addresses) == 1:
        return await _reached(addresses[0])
    made: list[socket.socket] = []

    async def attempt(address: Address) -> None:
        made.append(await _reached(address))

    try:
        _, _, errors = await staggered_race([partial(attempt, address) for address in addresses], STAGGER_SECONDS)
    except BaseException:
        for one in made:  # who gives up at the very moment in which there is one
            one.close()
        raise
    if not made:
        raise next(error for error in errors if error is not None)
    return made[0]


async def _addresses(place: Place) -> list[Address]:
    host = place.host.encode("ascii")  # Python would encode text by another way, and load what it takes
    try:  # an address needs no one to look it up
        return socket.getaddrinfo(host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(host, place.port, type=socket.SOCK_STREAM)


async def _reached(address: Address) -> socket.socket:
    made = lively_socket(address)
    try:
        made.setblocking(False)
        await _connect(made, address[4])
    except BaseException:
        made.close()
        raise
    return made


async def _connect(made: socket.socket, to: Any) -> None:
    """As the loop's ``sock_connect``; uvloop's would look the address up first, in threads that it starts for that."""
    problem = made.connect_ex(to)
    if problem == errno.EINPROGRESS:
        loop = asyncio.get_running_loop()
        settled = asyncio.Event()
        loop.add_writer(made, settled.set)
        try:
            await settled.wait()
        finally:
            loop.remove_writer(made)
        problem = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if problem:
        raise OSError(problem, os.strerror(problem))


def lively_socket(address: Address) -> socket.socket:
    """A socket whose connection breaks within half a minute when nobody is there any more: one that only listens, as for a
    log that is followed, would never find out by itself."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        number: Any = getattr(socket, option, None)
        if number is not None:  # each system has its own
            made.setsockopt(socket.IPPROTO_TCP, number, value)
    return made


@contextmanager
def _told(*, proxy: bool = False) -> Generator[None]:
    """What goes wrong, in terms of this package."""
    try:
        yield
    except ssl.SSLError as error:
        raise HandshakeFailed(error) from None
    except (TimeoutError, NotInTime):
        raise
    except OSError as error:
        raise Unreachable(error, proxy=proxy) from None
