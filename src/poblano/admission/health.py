"""The second port: ``/healthz``, ``/readyz`` and ``/metrics``, over plain HTTP.

    readiness = Readiness()
    readiness.add("registration", lambda: None if registered else "webhooks are not registered yet")
    health = HealthServer(readiness, registry, host="", port=8080)

It outlives the drain of the other port: a pod that is going says so until it is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from poblano.admission.app import Application, Call, origin_form
from poblano.admission.connections import Connections
from poblano.admission.limits import Limits
from poblano.admission.replies import Reply, failure
from poblano.admission.server import Endpoint

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from prometheus_client import CollectorRegistry
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

TEXT = "text/plain; charset=utf-8"
FEW = Limits(head_bytes=16 * 1024, body_bytes=1024, buffered_bytes=1024 * 1024, connections=100)

Check = Callable[[], str | None]
"""None when all is well, else what is not. An exception counts as not well."""


class Readiness:
    """Named checks, all of which must hold before requests may come.

    >>> readiness = Readiness()
    >>> readiness.add("certificate", lambda: None)
    >>> readiness.add("cache", lambda: "not synced")
    >>> readiness.failures()
    {'cache': 'not synced'}
    >>> print(readiness.report())
    [+]certificate ok
    [-]cache failed: not synced
    readyz check failed
    """

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Ask `check` from now on; a second one of a name takes the place of the first."""
        self._checks[name] = check

    def remove(self, name: str) -> None:
        """Ask no more; harmless when there is none of that name."""
        self._checks.pop(name, None)

    def failures(self) -> dict[str, str]:
        """What does not hold, by name."""
        return {name: problem for name, problem in self._results().items() if problem is not None}

    def report(self) -> str:
        """Every check on its line, as a Kubernetes API server reports its own."""
        results = self._results()
        lines = [f"[-]{name} failed: {why}" if why is not None else f"[+]{name} ok" for name, why in results.items()]
        lines.append(
            "readyz check failed" if any(why is not None for why in results.values()) else "readyz check passed"
        )
        return "\n".join(lines)

    def _results(self) -> dict[str, str | None]:
        return {name: _outcome(check) for name, check in self._checks.items()}


class HealthApp:
    """Answers the second port."""

    def __init__(self, readiness: Readiness, metrics: CollectorRegistry | None = None, limits: Limits = FEW) -> None:
        self.limits = limits
        self.connections = Connections(limits)
        self._pages: dict[bytes, Callable[[bytes, Mapping[bytes, bytes]], Reply]] = {
            b"/healthz": lambda _query, _headers: _text(200, "ok"),
            b"/readyz": lambda query, _headers: _ready(readiness, verbose=_asks_verbose(query)),
        }
        if metrics is not None:
            registry = metrics
            self._pages[b"/metrics"] = lambda _query, headers: _exposition(registry, headers)

    def admit(self, method: bytes, target: bytes, headers: Mapping[bytes, bytes]) -> Call | Reply:
        """The page, by GET or HEAD."""
        path, _, query = origin_form(target).partition(b"?")
        page = self._pages.get(path)
        if page is None:
            return failure(404, "there is /healthz, /readyz and /metrics")
        if method not in {b"GET", b"HEAD"}:
            return failure(405, "this page is to be read", allow="GET, HEAD")
        return page(query, headers)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one request as an ASGI application."""
        from poblano.admission.asgi import serve

        await serve(self, scope, receive, send)


class HealthServer:
    """Serves a `HealthApp` over plain HTTP.

    Arguments: `host` empty for all addresses; `port` 0 takes a free one; without `metrics` there is no ``/metrics``.
    """

    def __init__(
        self,
        readiness: Readiness,
        metrics: CollectorRegistry | None = None,
        *,
        host: str = "localhost",
        port: int = 8080,
    ) -> None:
        app: Application = HealthApp(readiness, metrics)
        self._endpoint = Endpoint(app, None, host=host, port=port)

    async def start(self) -> None:
        """Listen and serve.

        Raises: OSError when the address cannot be had.
        """
        await self._endpoint.start()

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


def _ready(readiness: Readiness, *, verbose: bool) -> Reply:
    failures = readiness.failures()
    if failures or verbose:
        return _text(503 if failures else 200, readiness.report() + "\n")
    return _text(200, "ok")


def _asks_verbose(query: bytes) -> bool:
    return any(part.partition(b"=")[0] == b"verbose" for part in query.split(b"&"))


def _exposition(registry: CollectorRegistry, headers: Mapping[bytes, bytes]) -> Reply:
    from prometheus_client.exposition import choose_encoder

    encode, content_type = choose_encoder(headers.get(b"accept", b"").decode("latin-1"))
    return Reply(200, encode(registry), content_type=content_type)


def _text(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), content_type=TEXT)
