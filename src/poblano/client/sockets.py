"""A WebSocket to the API server, as commands in containers take. aiohttp is what speaks it, and is used for nothing else."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from poblano.client.dialing import lively_socket
from poblano.client.failures import failure
from poblano.client.messages import Query, query_string
from poblano.client.no_answer import HandshakeFailed, NotInTime, ProxyRefused, Unreachable
from poblano.client.transport import ApiClient
from poblano.core.context import check_permitted
from poblano.core.errors import ApiError

WebSocket = aiohttp.ClientWebSocketResponse
"""What `websocket` yields."""

CLOSE_SECONDS = 2.0
"""How long the other side has to agree to the end."""


@asynccontextmanager
async def websocket(
    client: ApiClient, path: str, *, query: Query, protocols: Sequence[str]
) -> AsyncGenerator[WebSocket]:
    """Open one, for as long as the block lasts. It is asked for once: what it does is not for us to repeat.

    Args:
        client: who signs.
        path, query: what to ask for.
        protocols: that we speak, the best first.

    Raises:
        ApiError: the API server refused, or there was no answer.
        LeadershipLost: it would write for an action that is another replica's by now.
    """
    credential = await client._credentials.get()
    check_permitted()
    if client._recorded is not None:
        client._recorded("GET", path, query_string(query), "")
    headers = client._headers_of(None, "", None)
    if credential.authorization:
        headers["Authorization"] = credential.authorization
    try:
        async with (
            _session() as session,
            session.ws_connect(
                URL(f"{client.access.cluster.server}{path}{query_string(query)}", encoded=True),
                protocols=protocols,
                headers=headers,
                ssl=client._tls.context(credential.certificate) or True,
                server_hostname=client.access.cluster.tls_server_name or None,
                proxy=client._proxy,
                max_msg_size=0,
                # attrs makes this class in a way that pyright cannot follow.
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),  # pyright: ignore[reportCallIssue]
            ) as opened,
        ):
            yield opened
            return
    except aiohttp.WSServerHandshakeError as error:
        status = error.status
    except (aiohttp.ClientError, OSError) as error:
        raise client._explained(_meant(error), client._timeouts.connect).error("GET", path) from None
    refused: ApiError = failure(status, b"", method="GET", path=path)  # what else was said, aiohttp does not tell
    raise refused


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(force_close=True, socket_factory=lively_socket)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _meant(error: BaseException) -> BaseException:
    """An error of aiohttp as the rest of the client has it."""
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLError() as cause):
            return HandshakeFailed(cause)
        case aiohttp.ClientConnectorSSLError(os_error=ssl.SSLError() as cause):
            return HandshakeFailed(cause)
        case aiohttp.ClientHttpProxyError():
            return ProxyRefused(error.status)
        case aiohttp.ConnectionTimeoutError():
            return NotInTime()
        case aiohttp.ClientConnectorError():
            return Unreachable(error.os_error, proxy=isinstance(error, aiohttp.ClientProxyConnectionError))
        case _:
            return error
