"""Why there was no answer, in words, and whether the request may have arrived."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from poblano.client.retries import Attempt
from poblano.core.errors import ConnectionFailed
from poblano.core.listwatch import TOO_LONG

ASK_FOR_LESS = (
    "ask for less at once (a page, a namespace, a selector); if that is little already, look at what answers there: "
    "a proxy, or the server behind an APIService"
)


class NoAnswer(Exception):
    """There was no answer. The subclass says why."""


class Unreachable(NoAnswer):
    """There is no connection, or the proxy on the way breaks it before anything was asked."""

    def __init__(self, cause: OSError | NoAnswer, *, proxy: bool = False) -> None:
        super().__init__(reason_of(cause))
        self.proxy = proxy


class NotInTime(NoAnswer):
    """There was no connection in time."""


class HandshakeFailed(NoAnswer):
    """TLS cannot be spoken."""

    def __init__(self, cause: ssl.SSLError) -> None:
        super().__init__(reason_of(cause))
        self.untrusted = isinstance(cause, ssl.SSLCertVerificationError)
        self.why = getattr(cause, "verify_message", "")


class ProxyRefused(NoAnswer):
    """A proxy does not let us through."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class Broken(NoAnswer):
    """The connection broke after the request was sent."""


class TooLong(NoAnswer):
    """There is more of it than anybody should take."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What to tell the caller. Without `attempt` another try would end the same way."""

    message: str
    remedy: str
    attempt: Attempt | None
    reason: str = "ConnectionFailed"

    def error(self, method: str, path: str) -> ConnectionFailed:
        """The error to raise for one request."""
        return ConnectionFailed(self.message, reason=self.reason, method=method, path=path, remedy=self.remedy)


def explain(error: BaseException, *, server: str, proxy: str, seconds: float) -> Silence:
    """What it means that there was none.

    Args:
        error: what was raised: a `NoAnswer`, or what asyncio raises.
        server: the URL that was asked for.
        proxy: the proxy's URL, or "".
        seconds: the time the request was given.
    """
    where = _origin(server)
    match error:
        case HandshakeFailed(untrusted=True):
            remedy = "check certificate-authority and tls-server-name of the cluster"
            why = error.why or "it cannot be verified"
            return Silence(f"the certificate of {where} is not trusted: {why}", remedy, None)
        case HandshakeFailed():
            return Silence(f"{where} does not speak TLS with us: {error}", "check the server's URL and the proxy", None)
        case Unreachable(proxy=True):
            return Silence(
                f"the proxy {_origin(proxy)} cannot be reached: {error}", "check proxy-url", Attempt(sent=False)
            )
        case ProxyRefused():
            message = f"the proxy {_origin(proxy)} answered HTTP {error.status} for {where}"
            return Silence(
                message, "check proxy-url and its password", Attempt(sent=False) if error.status > 499 else None
            )
        case NotInTime():
            return Silence(
                f"no connection to {where} in time", "check the network and its firewalls", Attempt(sent=False)
            )
        case Unreachable():
            return Silence(f"no connection to {where}: {error}", "is the API server running?", Attempt(sent=False))
        case TooLong():
            return Silence(f"what {where} sent was given up: {error}", ASK_FOR_LESS, None, TOO_LONG)
        case TimeoutError():
            return Silence(f"{where} gave no answer in {seconds:g} s", "try again, or allow more time", Attempt())
        case _:
            message = f"the connection to {where} broke before the answer came: {reason_of(error)}"
            return Silence(
                message, "look at the state before trying again: the request may have been carried out", Attempt()
            )


def reason_of(error: BaseException | None) -> str:
    """Why, in a few words. Without an error the other side has closed the connection."""
    match error:
        case None:
            return "it was closed"
        case ssl.SSLError() if error.reason:
            return error.reason
        case socket.gaierror() if error.strerror:
            return error.strerror
        case OSError() if error.errno:
            return os.strerror(error.errno)  # asyncio writes more, of what is known already
        case NoAnswer():
            return str(error)
        case _:
            return type(error).__name__


def _origin(url: str) -> str:
    """Scheme, host and port: a proxy's URL may hold a password."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port}" if parts.port else f"{parts.scheme}://{host}"
