"""Calls to webhooks: HTTP/1.1 over TLS on kept connections, redirects and repeats as client-go makes them.

Sources: k8s.io/client-go/rest/request.go, with_retry.go; net/http/client.go
"""

from __future__ import annotations

import asyncio
import math
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin
from weakref import WeakSet

from poblano.cluster.webhooks.failure import NoReply
from poblano.cluster.webhooks.reply import Reply
from poblano.cluster.webhooks.services import Resolve, Unresolved
from poblano.cluster.webhooks.trust import context_for

if TYPE_CHECKING:
    import ssl

    import aiohttp
    from yarl import URL

    from poblano.cluster.webhooks.endpoint import Endpoint

_REPEATS: Final = 10  # client-go: maxRetries
_REDIRECTS: Final = 10  # net/http: defaultCheckRedirect
_IDLE_SECONDS: Final = 90  # net/http: DefaultTransport.IdleConnTimeout
_HEADERS: Final = {
    "Accept": "application/json, */*",
    "Accept-Encoding": "gzip",
    "Content-Type": "application/json",
    "User-Agent": "kube-apiserver-admission",
}


class Caller:
    """Sends reviews to webhooks. Connections are kept between calls, until `close`.

    Args:
        resolve: finds the address of a Service.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._session: aiohttp.ClientSession | None = None
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._sockets: WeakSet[socket.socket] = WeakSet()

    async def post(self, endpoint: Endpoint, body: bytes, *, deadline: float) -> Reply:
        """What a webhook replies. One that is busy is asked again when it says so, as long as there is time.

        Args:
            endpoint: where it listens.
            body: what is sent.
            deadline: when to give up, by the loop's clock.

        Raises:
            NoReply: there was no reply.
            NotAsked: nothing could be sent, for the authorities in the configuration are none.
        """
        context = self._context(endpoint.ca_bundle)
        loop = asyncio.get_running_loop()
        url = endpoint.url(max(1, math.ceil(deadline - loop.time())))
        asked = url
        try:
            async with asyncio.timeout_at(deadline):
                for _ in range(_REPEATS):
                    reply, asked = await self._follow(endpoint, url, body, context)
                    wait = reply.wait()
                    if wait is None:
                        return reply
                    await asyncio.sleep(wait)
                return (await self._follow(endpoint, url, body, context))[0]
        except TimeoutError:
            raise _no_reply(asked, "context deadline exceeded") from None

    async def close(self) -> None:
        """Close all connections, also those on which a webhook is silent: TLS would wait for its goodbye."""
        if self._session is None:
            return
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        await self._session.close()
        self._session = None
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while any(one.fileno() >= 0 for one in self._sockets):  # noqa: ASYNC110 - a socket tells nobody
                    await asyncio.sleep(0.001)

    async def _follow(self, endpoint: Endpoint, url: str, body: bytes, context: ssl.SSLContext) -> tuple[Reply, str]:
        method, data = "POST", body
        for _ in range(_REDIRECTS):
            reply, location = await self._once(endpoint, method, url, data, context)
            if not location:
                return reply, url
            url = urljoin(url, location)
            if reply.status in (301, 302, 303):
                method, data = "GET", b""
        raise _no_reply(url, f"stopped after {_REDIRECTS} redirects")

    async def _once(
        self, endpoint: Endpoint, method: str, url: str, body: bytes, context: ssl.SSLContext
    ) -> tuple[Reply, str]:
        import aiohttp
        from yarl import URL

        from poblano.cluster.webhooks.network import explained

        address, name = self._address(endpoint, URL(url, encoded=True), url)
        headers = _HEADERS if name is None else _HEADERS | {"Host": f"{endpoint.host}:{endpoint.port}"}
        try:
            async with self._open().request(
                method,
                address,
                data=body or None,
                headers=headers,
                ssl=context,
                server_hostname=name,
                allow_redirects=False,
            ) as response:
                reply = Reply(
                    response.status,
                    response.headers.get("Content-Type", ""),
                    response.headers.get("Retry-After", ""),
                    await response.read(),
                )
                moved = response.status in (301, 302, 303, 307, 308)
                return reply, response.headers.get("Location", "") if moved else ""
        except aiohttp.ClientPayloadError:
            text = "unexpected error when reading response body. Please retry. Original error: unexpected EOF"
            raise NoReply(text) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise
            why = await explained(error, address, name=name or address.host or "", ca_bundle=endpoint.ca_bundle)
            raise _no_reply(url, why) from None

    def _address(self, endpoint: Endpoint, url: URL, shown: str) -> tuple[URL, str | None]:
        """What to connect to, and the name that the certificate must have where it is not the host of that."""
        if endpoint.service is None:
            return url, None
        if (url.host, url.port) != (endpoint.host, endpoint.port):  # redirected to elsewhere
            return url, endpoint.host
        try:
            host, port = self._resolve(*endpoint.service, endpoint.port)
        except Unresolved as error:
            raise _no_reply(shown, str(error)) from None
        return url.with_host(host).with_port(port), endpoint.host

    def _context(self, ca_bundle: str) -> ssl.SSLContext:
        context = self._contexts.get(ca_bundle)
        if context is None:
            context = self._contexts[ca_bundle] = context_for(ca_bundle)
        return context

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_IDLE_SECONDS, use_dns_cache=False, socket_factory=self._socket
            )
            never = aiohttp.ClientTimeout(total=None, sock_connect=None)  # the deadline is asyncio's
            self._session = aiohttp.ClientSession(connector=connector, timeout=never)
        return self._session

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        made = socket.socket(address[0], address[1], address[2])
        self._sockets.add(made)
        return made


def _no_reply(url: str, why: str) -> NoReply:
    return NoReply(f'Post "{url}": {why}')
