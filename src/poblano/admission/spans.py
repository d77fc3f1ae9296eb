"""The spans of reviews and of their actions. Loaded where spans are wanted, and nowhere else.

A review is in the trace of the API server, whose request says which that is; an action is in its review, and what it asks of
the API server is in the action.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from opentelemetry import context as current
from opentelemetry.propagate import extract
from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
    use_span,
)

from poblano.admission.replies import Reply
from poblano.client.spans import record_error
from poblano.core.calls import Call, Failed, Steps
from poblano.core.context import Running
from poblano.core.decisions import Decision
from poblano.core.pipeline import Pipeline
from poblano.core.verdict import Verdict

if TYPE_CHECKING:
    from poblano.admission.app import ReviewCall
    from poblano.core.entries import Entry
    from poblano.core.review import Answer, Review

CARRIED = (b"traceparent", b"tracestate", b"baggage")
"""The headers of the W3C's trace context."""


class TracedCall:
    """A review that was let in, in the trace of whoever asked.

    Args:
        call: what it is without.
        headers: of the request.
        tracer: who makes spans.
    """

    __slots__ = ("_call", "_parent", "_tracer")

    def __init__(self, call: ReviewCall, headers: Mapping[bytes, bytes], tracer: Tracer) -> None:
        carrier = {name.decode(): headers[name].decode("latin-1") for name in CARRIED if name in headers}
        self._parent = extract(carrier)
        self._call = call
        self._tracer = tracer

    def answer(self, body: bytes, arrived: float) -> Reply | asyncio.Task[Reply]:
        """The answer, or the task that is making it."""
        attributes = {"http.request.method": "POST", "http.route": self._call.path}
        span = self._tracer.start_span(
            f"POST {self._call.path}", context=self._parent, kind=SpanKind.SERVER, attributes=attributes
        )
        token = current.attach(set_span_in_context(span, self._parent))
        try:
            answer = self._call.answer(body, arrived)
        finally:
            current.detach(token)
        if isinstance(answer, Reply):
            _answered(span, answer)
        else:
            answer.add_done_callback(lambda task: _ended(span, task))
        return answer

    def refuse(self, body: bytes, status: int, message: str) -> Reply:
        """A refusal of what came of the body."""
        return self._call.refuse(body, status, message)


def reviewed(entry: Entry, review: Review, verdict: Verdict, answer: Answer, seconds: float) -> None:
    """Name the span of a review after what was asked, and say what was answered; see `reviewer.Observer`."""
    request, span = review.request, get_current_span()
    span.update_name(f"{entry.phase} {request.kind.kind}")
    about: dict[str, str | bool] = {
        "poblano.operation": request.operation,
        "poblano.kind": request.kind.kind,
        "poblano.name": request.name,
        "k8s.namespace.name": request.namespace,
        "poblano.uid": request.uid,
        "poblano.allowed": answer.allowed,
    }
    span.set_attributes(about)


class TracedPipeline(Pipeline):
    """A pipeline, each call of which has a span."""

    def __init__(self, pipeline: Pipeline, tracer: Tracer) -> None:
        self._pipeline = pipeline
        self._tracer = tracer
        self.phase = pipeline.phase

    def steps(self, review: Review, skipped: Any = None) -> Steps:
        """The calls of a review."""
        return _traced(self._pipeline.steps(review, skipped), self._tracer, self.phase)


def _traced(steps: Steps, tracer: Tracer, phase: str) -> Steps:
    try:
        call = next(steps)
        while True:
            span = tracer.start_span(_name(call), attributes={"poblano.phase": phase})
            call.function = _within_async(span, call.function) if call.is_async else _within(span, call.function)
            outcome = yield call
            _done(span, outcome, call.running)
            call = steps.send(outcome)
    except StopIteration as done:
        verdict: Verdict = done.value
        return verdict


def _name(call: Call) -> str:
    title = f"{call.running.capability}/{call.running.rule}"
    is_predicate = call.binding is not None and call.function is not call.binding.action
    return f"{title} predicate" if is_predicate else title


def _within(span: Span, function: Callable[..., Any]) -> Callable[..., Any]:
    def within(*arguments: Any) -> Any:
        with use_span(span, record_exception=False, set_status_on_exception=False):
            outcome: object = function(*arguments)
        return _awaited(span, cast("Awaitable[object]", outcome)) if isinstance(outcome, Awaitable) else outcome

    return within


def _within_async(span: Span, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def within(*arguments: Any) -> Any:
        with use_span(span, record_exception=False, set_status_on_exception=False):
            return await function(*arguments)

    return within


async def _awaited(span: Span, outcome: Awaitable[object]) -> object:
    with use_span(span, record_exception=False, set_status_on_exception=False):
        return await outcome


def _done(span: Span, outcome: object, about: Running) -> None:
    if isinstance(outcome, Failed):
        record_error(span, outcome.error, about)
    elif isinstance(outcome, Decision):
        span.set_attribute("poblano.allowed", outcome.allowed)
    span.end()


def _ended(span: Span, task: asyncio.Task[Reply]) -> None:
    if task.cancelled():
        span.set_status(Status(StatusCode.ERROR, "the API server went away"))
        span.end()
    else:
        _answered(span, task.result())


def _answered(span: Span, reply: Reply) -> None:
    span.set_attribute("http.response.status_code", reply.status)
    if reply.status >= 500:
        span.set_status(Status(StatusCode.ERROR))
    span.end()
