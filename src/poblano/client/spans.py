"""The span of a request to the API server, and what any span says of an error. Loaded where spans are wanted, and nowhere else."""

from __future__ import annotations

from collections.abc import MutableMapping

from opentelemetry.propagate import inject
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from poblano.core.context import Running
from poblano.log_lines import places_of
from poblano.redaction import redacted


class RequestSpan:
    """Until the answer begins; named as OpenTelemetry's conventions for HTTP clients have it.

    Args:
        tracer: who makes it.
        method, url: of the request. Without the query, which may be long.
        headers: of the request; ``traceparent`` is added.
    """

    def __init__(self, tracer: Tracer, method: str, url: str, headers: MutableMapping[str, str]) -> None:
        attributes = {"http.request.method": method, "url.full": url}
        self._span = tracer.start_span(method, kind=SpanKind.CLIENT, attributes=attributes)
        inject(headers, set_span_in_context(self._span))

    def answered(self, status: int) -> None:
        """The answer has begun."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= 400:
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()

    def failed(self, error: BaseException) -> None:
        """There was none."""
        self._span.set_attribute("error.type", type(error).__name__)
        self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def record_error(span: Span, error: BaseException, about: Running) -> None:
    """Say in a span that an action failed: what of the error a line of the log would show, and where it came from.

    Args:
        span: of the action.
        error: what it raised. The text of one about a Secret is withheld.
        about: the action.
    """
    kind, shown = type(error).__name__, str(redacted(error, about=about))
    places = "\n".join(places_of(error))
    span.set_attribute("error.type", kind)
    span.add_event("exception", {"exception.type": kind, "exception.message": shown, "exception.stacktrace": places})
    span.set_status(Status(StatusCode.ERROR, shown))
