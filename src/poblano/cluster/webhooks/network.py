"""Why there was no reply, in the words of Go's net, net/http and crypto/tls."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import ssl
from typing import TYPE_CHECKING, Final

from poblano.cluster.webhooks.trust import distrust

if TYPE_CHECKING:
    from yarl import URL


_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")


async def explained(error: Exception, address: URL, *, name: str, ca_bundle: str) -> str:
    """What Go's client says where aiohttp's says `error`.

    Args:
        error: as it was raised.
        address: what was connected to.
        name: what the certificate had to be made out to.
        ca_bundle: base64 of the PEM of whom to trust.
    """
    import aiohttp

    host, port = address.host or "", address.port or 443
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return distrust(await _presented(host, port, name), host=name, ca_bundle=ca_bundle)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _tls(error)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {host}: no such host"
    if isinstance(error, aiohttp.ClientConnectorError):
        return await _unconnected(error.os_error, host, port)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    if isinstance(error, OSError):
        return await _unconnected(error, host, port)
    if isinstance(error, aiohttp.ClientResponseError):
        return f'net/http: HTTP/1.x transport connection broken: malformed HTTP response "{error.message}"'
    return str(error)


def _tls(error: Exception) -> str:
    text = str(error).upper()
    if "WRONG_VERSION_NUMBER" in text or "HTTP_REQUEST" in text or "RECORD_LAYER_FAILURE" in text:
        return "http: server gave HTTP response to HTTPS client"
    if "EOF" in text:
        return "EOF"
    return f"remote error: tls: {error}" if "ALERT" in text else f"tls: {error}"


async def _unconnected(error: OSError, host: str, port: int) -> str:
    """A connection that did not come about, or broke: with the system call that failed, as Go writes it."""
    found = _NUMBER.search(str(error))  # one that stands for several has it only in its text
    number = error.errno or (int(found[1]) if found else None)
    if number is None:
        return "EOF"
    where, why = await _dialled(host, port), os.strerror(number).lower()
    if number in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return f"read tcp {where}: read: {why}"
    return f"dial tcp {where}: connect: {why}"


async def _dialled(host: str, port: int) -> str:
    """The address that a name has first, "127.0.0.1:443"."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return f"{host}:{port}"
    number = str(found[0][4][0])
    return f"[{number}]:{port}" if ":" in number else f"{number}:{port}"


async def _presented(host: str, port: int, name: str) -> bytes | None:
    """The certificate that was not accepted, asked for once more only to say what is wrong with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
    except (OSError, TimeoutError):
        return None
    try:
        session: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return session.getpeercert(binary_form=True)
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass
