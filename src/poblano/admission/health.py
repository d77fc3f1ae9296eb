"""The second port: ``/healthz``, ``/readyz`` and ``/metrics``, over plain HTTP, as Kubernetes' own components have them.

    readiness, liveness = Checks("readyz"), Checks("healthz")
    readiness.add("registration", lambda: None if registered else "webhooks are not registered yet")
    health = HealthServer(readiness, registry, liveness=liveness, host="", port=8080)

``/healthz`` says whether a restart would help, ``/readyz`` whether requests may come; with ``?verbose`` every check is named,
with ``?exclude=NAME`` one is left out, and ``/readyz/NAME`` is one alone.

It answers from a thread of its own, so that it tells the truth also while an action holds the event loop; so checks are
asked in that thread. It outlives the drain of the other port: a pod that is going says so until it is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from poblano.admission.app import Application, Call, origin_form
from poblano.admission.connections import Connections
from poblano.admission.limits import Limits
from poblano.admission.loop_thread import LoopThread
from poblano.admission.replies import Reply, failure
from poblano.admission.server import Endpoint

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from prometheus_client import CollectorRegistry
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

TEXT = "text/plain; charset=utf-8"
FEW = Limits(head_bytes=16 * 1024, body_bytes=1024, buffered_bytes=1024 * 1024, connections=100)
FAILED = {"healthz": 500, "readyz": 503}
"""The status when a check fails, by page."""

ATTEMPTS = 9
"""How often metrics are gone through that come into being meanwhile."""

Check = Callable[[], str | None]
"""None when all is well, else what is not. An exception counts as not well. Asked in the thread of the health port."""


class Checks:
    """Named checks, all of which must hold.

    Args:
        page: what they are for: ``readyz`` or ``healthz``.

    >>> readiness = Checks("readyz")
    >>> readiness.add("certificate", lambda: None)
    >>> readiness.add("cache", lambda: "not synced")
    >>> readiness.failures()
    {'cache': 'not synced'}
    >>> print(readiness.report())
    [+]certificate ok
    [-]cache failed: not synced
    readyz check failed
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Ask `check` from now on; a second one of a name takes the place of the first."""
        self._checks[name] = check

    def remove(self, name: str) -> None:
        """Ask no more; harmless when there is none of that name."""
        self._checks.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._checks

    def failures(self, exclude: Collection[str] = ()) -> dict[str, str]:
        """What does not hold, by name."""
        return {name: problem for name, problem in self._results(exclude).items() if problem is not None}

    def report(self, exclude: Collection[str] = ()) -> str:
        """Every check on its line, as a Kubernetes API server reports its own."""
        return self._told(self._results(exclude))

    def reply(self, name: str = "", *, verbose: bool = False, exclude: Collection[str] = ()) -> Reply:
        """The page: of the check of that name, or of all."""
        others = self._checks.keys() - {name} if name else exclude
        results = self._results(others)
        failed = any(why is not None for why in results.values())
        if failed or verbose:
            return _text(FAILED[self.page] if failed else 200, self._told(results) + "\n")
        return _text(200, "ok")

    def _told(self, results: Mapping[str, str | None]) -> str:
        lines = [f"[-]{name} failed: {why}" if why is not None else f"[+]{name} ok" for name, why in results.items()]
        failed = any(why is not None for why in results.values())
        return "\n".join([*lines, f"{self.page} check {'failed' if failed else 'passed'}"])

    def _results(self, exclude: Collection[str] = ()) -> dict[str, str | None]:
        return {name: _outcome(check) for name, check in self._checks.copy().items() if name not in exclude}


class HealthApp:
    """Answers the second port. Arguments as of `HealthServer`."""

    def __init__(
        self,
        readiness: Checks,
        metrics: CollectorRegistry | None = None,
        limits: Limits = FEW,
        *,
        liveness: Checks | None = None,
    ) -> None:
        self.limits = limits
        self.connections = Connections(limits)
        self._checks = {checks.page: checks for checks in (liveness or Checks("healthz"), readiness)}
        self._metrics = metrics

    def admit(self, method: bytes, target: bytes, headers: Mapping[bytes, bytes]) -> Call | Reply:
        """The page, by GET or HEAD."""
        path, _, query = origin_form(target).partition(b"?")
        page, slash, name = path.decode("latin-1").removeprefix("/").partition("/")
        checks = self._checks.get(page)
        has_page = (name in checks if slash else True) if checks else page == "metrics" and not slash
        if not has_page or (checks is None and self._metrics is None):
            return failure(404, "there is /healthz, /readyz and /metrics")
        if method not in {b"GET", b"HEAD"}:
            return failure(405, "this page is to be read", allow="GET, HEAD")
        if checks is None:
            return _exposition(self._metrics, headers) if self._metrics else failure(404, "there are no metrics")
        asked = parse_qs(query.decode("latin-1"), keep_blank_values=True)
        return checks.reply(name, verbose="verbose" in asked, exclude=asked.get("exclude", ()))

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one request as an ASGI application."""
        from poblano.admission.asgi import serve

        await serve(self, scope, receive, send)


class HealthServer:
    """Serves a `HealthApp` over plain HTTP, in a thread of its own.

    Arguments: `readiness` and `liveness` are what the pages ask; `host` empty for all addresses; `port` 0 takes a free one;
    without `metrics` there is no ``/metrics``.
    """

    def __init__(
        self,
        readiness: Checks,
        metrics: CollectorRegistry | None = None,
        *,
        liveness: Checks | None = None,
        host: str = "localhost",
        port: int = 8080,
    ) -> None:
        app: Application = HealthApp(readiness, metrics, liveness=liveness)
        self._endpoint = Endpoint(app, None, host=host, port=port)
        self._thread = LoopThread("poblano-health")
        self._listening = asyncio.Event()
        self._closing = asyncio.Event()
        self._refused: Exception | None = None

    async def start(self) -> None:
        """Listen and serve.

        Raises: OSError when the address cannot be had.
        """
        self._thread.start(self._serve)
        await self._listening.wait()
        if self._refused is not None:
            await self._thread.ended()
            raise self._refused

    @property
    def port(self) -> int:
        """The port; before the start it may be 0."""
        return self._endpoint.port

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as ``host:port``."""
        return self._endpoint.addresses

    async def close(self) -> None:
        """Stop at once. Harmless when it has stopped already."""
        if self._thread.started:
            self._thread.call(self._closing.set)
            await self._thread.ended()

    async def _serve(self) -> None:
        """In the thread."""
        try:
            await self._endpoint.start()
        except Exception as error:  # noqa: BLE001 -- raised again where it is waited for
            self._refused = error
            return
        finally:
            self._thread.tell(self._listening.set)
        await self._closing.wait()
        await self._endpoint.stop(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _outcome(check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 -- a broken check is a failed check
        return f"{type(error).__name__}: {error}"


def _exposition(registry: CollectorRegistry, headers: Mapping[bytes, bytes]) -> Reply:
    from poblano.slim_prometheus import encoder_for

    encode, content_type = encoder_for(headers.get(b"accept", b"").decode("latin-1"))
    for _ in range(ATTEMPTS):
        with suppress(RuntimeError):  # a series came into being on the other loop while the others were gone through
            return Reply(200, encode(registry), content_type=content_type)
    return Reply(200, encode(registry), content_type=content_type)


def _text(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), content_type=TEXT)
