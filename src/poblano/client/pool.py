"""The connections of a client, and how many requests may be under way at once."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp

AT_ONCE = 64
"""Requests under way; more wait for a place. Watches and logs do not count: they would take the places for good. There is
no limit of requests in a second: the API server says with 429 when it has enough (API priority and fairness)."""

KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
"""Asked after 15 silent seconds, then each 5 s, and given up after the third; the last is in milliseconds, and is about what was
sent and is not acknowledged. Go's are 30 s: net.Dialer.KeepAlive."""


def new_session() -> aiohttp.ClientSession:
    """Keeps connections for the next request, for 15 seconds; has no cookies."""
    session = _session(aiohttp.TCPConnector(limit=0, socket_factory=lively_socket))
    # It would send a PUT a second time by itself where a connection breaks, and does not ask whether that may be.
    session._retry_connection = False
    return session


def new_stream_session() -> aiohttp.ClientSession:
    """Gives each request a connection of its own: one that waited may be dead, and for a list or watch that shows late."""
    return _session(aiohttp.TCPConnector(limit=0, force_close=True, socket_factory=lively_socket))


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def lively_socket(address: tuple[Any, ...]) -> socket.socket:
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
