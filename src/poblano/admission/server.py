"""The HTTPS server of the webhooks: start it, drain it, serve until a signal.

    server = AdmissionServer(reviewer, LiveCertificate(pair), host="localhost", port=8443)
    async with server:
        print(server.addresses)
        await until_signalled(server)

For a floor to measure against, give it a reviewer that always answers the same `Reply` (see `Reviewer`): same
server, same certificate, nothing behind it, no log.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from poblano.admission.app import AdmissionApp, Application, Reviewer
from poblano.admission.limits import Limits
from poblano.admission.listener import Listener, bind
from poblano.admission.signals import listening

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from poblano.admission.tls import LiveCertificate

logger = logging.getLogger("poblano.admission")

GRACE_SECONDS = 15.0  # until the endpoints of a Service no longer name this pod, everywhere
LAST_ANSWERS_SECONDS = 30.0  # the longest an API server waits for a webhook


class Endpoint:
    """One application on one port, with or without TLS."""

    def __init__(self, app: Application, tls: ssl.SSLContext | None, *, host: str, port: int) -> None:
        self.app = app
        self._tls = tls
        self._host = host
        self._port = port
        self._listener: Listener | None = None

    async def start(self) -> None:
        """Listen and serve.

        Raises: OSError when the address cannot be had.
        """
        sockets = bind(self._host, self._port)
        self._port = sockets[0].getsockname()[1]
        app = self.app
        self._listener = Listener(sockets, protocol_factory(app), self._tls, app.limits, app.connections.make_room)
        self._listener.start()

    @property
    def port(self) -> int:
        """The port; before the start it may be 0."""
        return self._port

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as ``host:port``."""
        if self._listener is None:
            return []
        return [_readable(listening.getsockname()) for listening in self._listener.sockets]

    async def stop(self, seconds: float) -> bool:
        """Accept no more, finish what is under way, cut what takes longer than `seconds`. True if nothing was cut."""
        if self._listener is None:
            return True
        self.app.connections.draining = True
        listener, self._listener = self._listener, None
        await listener.close(seconds)
        return await self.app.connections.drained(seconds)


class AdmissionServer:
    """Serves the reviews of a `Reviewer` over HTTPS.

    Arguments: `host` is a name or an address, empty for all; `port` 0 takes a free one; `grace` is how many seconds
    it keeps serving once it drains.
    """

    def __init__(
        self,
        reviewer: Reviewer,
        certificate: LiveCertificate,
        *,
        host: str = "localhost",
        port: int = 8443,
        limits: Limits | None = None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.app = AdmissionApp(reviewer, limits)
        self.certificate = certificate
        self.grace = grace
        self._endpoint = Endpoint(self.app, certificate.context, host=host, port=port)
        self._at_once = asyncio.Event()

    async def start(self) -> None:
        """Listen and serve.

        Raises: OSError when the address cannot be had.
        """
        await self._endpoint.start()

    def use(self, reviewer: Reviewer) -> None:
        """Put another reviewer in place; reviews under way end with the old one."""
        self.app.use(reviewer)

    @property
    def port(self) -> int:
        """The port; before the start it may be 0."""
        return self._endpoint.port

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as ``host:port``."""
        return self._endpoint.addresses

    @property
    def draining(self) -> bool:
        """It is on its way out. A readiness check says so, and every answer says ``Connection: close``."""
        return self.app.connections.draining

    async def drain(self) -> bool:
        """Leave without failing a request; returns when everything is closed. True if nothing had to be cut.

        Clients are told to go from now on and are served all the same for `grace` seconds, because they hear of it
        late. Then no more are accepted, and reviews under way get their answer.
        """
        self.app.connections.draining = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._at_once.wait(), self.grace)
        patience = 0.0 if self._at_once.is_set() else LAST_ANSWERS_SECONDS
        ending = asyncio.ensure_future(self._endpoint.stop(patience))
        hurry = asyncio.ensure_future(self._at_once.wait())
        await asyncio.wait((ending, hurry), return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        cut_short = not ending.done()
        if cut_short:
            self.app.connections.cut()
        whole = await ending
        await self._reviews_ended()
        return whole and not cut_short

    def hurry(self) -> None:
        """End a drain at once."""
        self._at_once.set()

    async def close(self) -> None:
        """Stop at once. Harmless when it has stopped already."""
        self.hurry()
        self.app.connections.draining = True
        await self._endpoint.stop(0)
        await self._reviews_ended()

    async def _reviews_ended(self) -> None:
        pending = list(self.app.pending)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def until_signalled(
    server: AdmissionServer, *, patience: float = LAST_ANSWERS_SECONDS, signalled: asyncio.Event | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends it at once.

    Args:
        server: which serves.
        patience: seconds for which a signal lets an action hold the event loop; then that action is interrupted.
        signalled: is set at the first signal; setting it is as good as one.
    """
    signalled = signalled or asyncio.Event()
    with listening(signalled.set, server.hurry, numbers=(signal.SIGTERM, signal.SIGINT), patience=patience):
        # What lives by now lives for good: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        await signalled.wait()
        logger.info("draining")
        await server.drain()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the event loop: uvloop, where there is one. For ``asyncio.Runner(loop_factory=loop_factory())``."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def protocol_factory(app: Application) -> Callable[[], asyncio.Protocol]:
    """What makes the protocol of a connection."""
    from poblano.admission.protocol import AdmissionProtocol

    return partial(AdmissionProtocol, app, asyncio.get_running_loop())


def _readable(address: tuple[object, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
