"""What the server asks of whoever reviews, and what it refuses by itself.

`AdmissionApp` decides: which path, which method, how long, how many at once. Two transports carry it out: the fast
one of `poblano.admission.protocol`, and any ASGI server (or a test, in memory) through ``await app(scope, receive, send)``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from poblano import telemetry
from poblano.admission.connections import Connections
from poblano.admission.limits import Limits
from poblano.admission.replies import Reply, failure
from poblano.admission.timeouts import timeout_of_query

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

__all__ = ["AdmissionApp", "Application", "Call", "Reply", "Reviewer"]

logger = logging.getLogger("poblano.admission")

REMEMBERED_TARGETS = 1024


class Reviewer(Protocol):
    """Who answers AdmissionReviews. The smallest one, as a benchmark of the server alone uses it::

    class Constant:
        def __init__(self, reply: Reply) -> None:
            self.reply = reply

        def paths(self) -> Collection[str]:
            return ["/mutate"]

        def review(self, path: str, body: bytes, timeout: float) -> Reply:
            return self.reply

        def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
            return Reply(status, b"{}")
    """

    def paths(self) -> Collection[str]:
        """The paths there are, e.g. ``/mutate/fail/10``. Asked once."""
        ...

    def review(self, path: str, body: bytes, timeout: float) -> Reply | Awaitable[Reply]:
        """Answer one AdmissionReview; `timeout` seconds are left, always more than none.

        A `Reply` that comes back at once leaves in the same turn of the loop: no task, no future. An awaitable is run in a task that
        is cancelled when the client goes away.
        """
        ...

    def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
        """A refusal as an AdmissionReview, with the uid if `body` (which may be cut short) tells it. Must not fail."""
        ...


class Call(Protocol):
    """A request that was let in: what becomes of it once its body is there."""

    def answer(self, body: bytes, arrived: float) -> Reply | asyncio.Task[Reply]:
        """The answer, or the task that is making it. `arrived` is the monotonic time of the request's first byte."""
        ...

    def refuse(self, body: bytes, status: int, message: str) -> Reply:
        """A refusal of what came of the body."""
        ...


class Application(Protocol):
    """What a connection serves."""

    @property
    def limits(self) -> Limits:
        """What clients may do."""
        ...

    @property
    def connections(self) -> Connections:
        """Those of this application's server."""
        ...

    def admit(self, method: bytes, target: bytes, headers: Mapping[bytes, bytes]) -> Call | Reply:
        """Judge a request by its head. A `Reply` is an answer already: nobody will look at the body."""
        ...


class AdmissionApp:
    """Reviews by path, for a `Reviewer`."""

    def __init__(self, reviewer: Reviewer, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.connections = Connections(self.limits)
        self.pending: set[asyncio.Task[Reply]] = set()
        """The reviews that wait for an action."""
        self.shed = 0
        """How many reviews were sent away because too many were waiting."""
        self._traced = _tracing()
        self.use(reviewer)

    def use(self, reviewer: Reviewer) -> None:
        """Put another reviewer in place, for every request whose head comes from now on."""
        self.reviewer = reviewer
        self._paths = {path.encode("ascii"): path for path in reviewer.paths()}
        self._calls: dict[bytes, ReviewCall] = {}
        self.connections.heads.forget()

    def admit(self, method: bytes, target: bytes, headers: Mapping[bytes, bytes]) -> Call | Reply:
        """Judge a request by its head: known path, POST, JSON, not encoded, not announced as too large."""
        call = self._calls.get(target) or self._route(target)
        if call is None:
            return failure(404, "there is no webhook at this path")
        if method != b"POST":
            return failure(405, "an AdmissionReview is sent by POST", allow="POST")
        content_type = headers.get(b"content-type", b"")
        if content_type != b"application/json" and not _is_json(content_type):
            return failure(415, "the Content-Type of an AdmissionReview is application/json")
        if b"content-encoding" in headers:
            return failure(415, "an AdmissionReview is not compressed; send it without Content-Encoding")
        return call if self._traced is None else self._traced(call, headers)

    def _route(self, target: bytes) -> ReviewCall | None:
        location, _, query = origin_form(target).partition(b"?")
        path = self._paths.get(location)
        if path is None:
            return None
        call = ReviewCall(self, self.reviewer, path, min(timeout_of_query(query), self.limits.review_seconds))
        if len(self._calls) < REMEMBERED_TARGETS:
            self._calls[target] = call
        return call

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one request as an ASGI application."""
        from poblano.admission.asgi import serve

        await serve(self, scope, receive, send)


class ReviewCall:
    """A review that was let in: its path, and how long the API server waits."""

    __slots__ = ("_app", "_limits", "_reviewer", "_seconds", "path")

    def __init__(self, app: AdmissionApp, reviewer: Reviewer, path: str, seconds: float) -> None:
        self._app = app
        self._limits = app.limits
        self._reviewer = reviewer
        self._seconds = seconds - app.limits.margin_seconds
        self.path = path

    def answer(self, body: bytes, arrived: float) -> Reply | asyncio.Task[Reply]:
        """What the reviewer says; 503 while too many reviews wait, 500 when the reviewer breaks."""
        app = self._app
        if len(app.pending) >= self._limits.in_flight:
            app.shed += 1
            return failure(503, "too many reviews are waiting; ask again", retry_after=1)
        left = self._seconds - (time.monotonic() - arrived)
        if left <= 0:
            return self.refuse(body, 504, "the request took longer to arrive than its timeout allows")
        try:
            answer = self._reviewer.review(self.path, body, left)
            if isinstance(answer, Reply):
                return answer
            return self._begin(body, answer)
        except BaseException as error:  # noqa: BLE001 -- an action may raise SystemExit; the server outlives it
            return self._broken(body, error)

    def refuse(self, body: bytes, status: int, message: str) -> Reply:
        """A refusal as an AdmissionReview."""
        try:
            return self._reviewer.refuse(self.path, body, status, message)
        except BaseException:
            logger.exception("a refusal could not be written")
            return failure(status, message)

    def _begin(self, body: bytes, answer: Awaitable[Reply]) -> asyncio.Task[Reply]:
        task = asyncio.get_running_loop().create_task(self._finish(body, answer))
        self._app.pending.add(task)
        task.add_done_callback(self._app.pending.discard)
        # A task that is cancelled before its first step never reaches the coroutine it was to await.
        close = getattr(answer, "close", None)
        if close is not None:
            task.add_done_callback(lambda _: close())
        return task

    async def _finish(self, body: bytes, answer: Awaitable[Reply]) -> Reply:
        try:
            return await answer
        except BaseException as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return self._broken(body, error)

    def _broken(self, body: bytes, error: BaseException) -> Reply:
        from poblano.log_lines import places_of

        # Without what it says: nobody knows whether that is of an object whose values are secret.
        why = {"error": type(error).__name__, "trace": places_of(error)}
        logger.error("a review broke off", extra={"path": self.path, **why})
        return self.refuse(body, 500, "the webhook failed; its log tells why")


def _tracing() -> Callable[[ReviewCall, Mapping[bytes, bytes]], Call] | None:
    """What makes a call one that has a span; None where nobody wants spans."""
    tracer = telemetry.tracer()
    if tracer is None:
        return None
    from poblano.admission.spans import TracedCall

    return lambda call, headers: TracedCall(call, headers, tracer)


def origin_form(target: bytes) -> bytes:
    """Path and query of a request target, which a proxy may have given a host.

    >>> origin_form(b"https://shop.example.com/mutate?timeout=1s"), origin_form(b"/mutate")
    (b'/mutate?timeout=1s', b'/mutate')
    """
    if target.startswith(b"/"):
        return target
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in {b"http", b"https"}:
        return target
    slash = rest.find(b"/")
    return rest[slash:] if slash >= 0 else b"/"


def _is_json(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"application/json"
