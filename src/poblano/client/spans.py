"""The span of a request to the API server. Loaded where spans are wanted, and nowhere else."""

from __future__ import annotations

from collections.abc import MutableMapping

from opentelemetry.propagate import inject
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context


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
