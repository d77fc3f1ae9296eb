"""Why there was no answer, in words, and whether the request may have arrived."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from poblano.client.retries import Attempt
from poblano.core.errors import ConnectionFailed


@dataclass(frozen=True, slots=True)
class Silence:
    """What to tell the caller. Without `attempt` another try would end the same way."""

    message: str
    remedy: str
    attempt: Attempt | None

    def error(self, method: str, path: str) -> ConnectionFailed:
        """The error to raise for one request."""
        return ConnectionFailed(self.message, reason="ConnectionFailed", method=method, path=path, remedy=self.remedy)


def explain(error: BaseException, *, server: str, proxy: str, seconds: float) -> Silence:
    """What an exception of aiohttp means.

    Args:
        error: what was raised.
        server: the URL that was asked for.
        proxy: the proxy's URL, or "".
        seconds: the time the request was given.
    """
    where = _origin(server)
    match error:
        case aiohttp.ClientConnectorCertificateError():
            why = getattr(error.certificate_error, "verify_message", "") or "it cannot be verified"
            remedy = "check certificate-authority and tls-server-name of the cluster"
            return Silence(f"the certificate of {where} is not trusted: {why}", remedy, None)
        case aiohttp.ClientConnectorSSLError():
            why = _reason(error)
            return Silence(f"{where} does not speak TLS with us: {why}", "check the server's URL and the proxy", None)
        case aiohttp.ClientProxyConnectionError():
            why = _reason(error)
            return Silence(
                f"the proxy {_origin(proxy)} cannot be reached: {why}", "check proxy-url", Attempt(sent=False)
            )
        case aiohttp.ClientHttpProxyError():
            message = f"the proxy {_origin(proxy)} answered HTTP {error.status} for {where}"
            return Silence(
                message, "check proxy-url and its password", Attempt(sent=False) if error.status > 499 else None
            )
        case aiohttp.ConnectionTimeoutError():
            return Silence(
                f"no connection to {where} in time", "check the network and its firewalls", Attempt(sent=False)
            )
        case aiohttp.ClientConnectorError():
            return Silence(
                f"no connection to {where}: {_reason(error)}", "is the API server running?", Attempt(sent=False)
            )
        case TimeoutError():
            return Silence(f"{where} gave no answer in {seconds:g} s", "try again, or allow more time", Attempt())
        case _:
            message = f"the connection to {where} broke before the answer came: {_reason(error)}"
            return Silence(
                message, "look at the state before trying again: the request may have been carried out", Attempt()
            )


def _reason(error: BaseException) -> str:
    inner = getattr(error, "os_error", error)
    if isinstance(inner, ssl.SSLError) and inner.reason:
        return inner.reason
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return type(error).__name__


def _origin(url: str) -> str:
    """Scheme, host and port: a proxy's URL may hold a password."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port}" if parts.port else f"{parts.scheme}://{host}"
