"""The connections of a client, and how many requests may be under way at once."""

from __future__ import annotations

import aiohttp

AT_ONCE = 64
"""Requests under way; more wait for a place. Watches and logs do not count: they would take the places for good. There is
no limit of requests in a second: the API server says with 429 when it has enough (API priority and fairness)."""


def new_session() -> aiohttp.ClientSession:
    """Keeps connections for the next request, for 15 seconds; has no cookies."""
    session = _session(aiohttp.TCPConnector(limit=0))
    # It would send a PUT a second time by itself where a connection breaks, and does not ask whether that may be.
    session._retry_connection = False
    return session


def new_stream_session() -> aiohttp.ClientSession:
    """Gives each request a connection of its own: one that waited may be dead, and for a list or watch that shows late."""
    return _session(aiohttp.TCPConnector(limit=0, force_close=True))


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
