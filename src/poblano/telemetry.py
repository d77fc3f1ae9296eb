"""OpenTelemetry spans: of each review and action, of each reconcile and of each request to the API server.

A review joins the trace of the API server (its ``traceparent``), what an action asks of the API server joins that of the
action. Nothing is loaded, and nothing costs, unless somebody wants spans: either the module sets a tracer provider, or the
environment names where they go, as for any other program::

    pip install 'poblano[otel]'
    OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 poblano run

`start` is called once, before anything is served. What makes spans asks `tracer` when it is made, not each time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_tracer: Tracer | None = None


def tracer() -> Tracer | None:
    """Who makes spans; None when nobody wants any."""
    return _tracer


def use(provider: TracerProvider | None) -> None:
    """Have spans made by `provider`, or none at all."""
    global _tracer  # noqa: PLW0603 -- as with logs, there is one for a process
    _tracer = provider.get_tracer("poblano") if provider is not None else None


def start(service: str, environ: Mapping[str, str] = os.environ) -> None:
    """Make spans from now on, if the module has set a tracer provider or the environment says where they go.

    Args:
        service: what this process is called, unless ``OTEL_SERVICE_NAME`` says otherwise.
        environ: the environment; see OpenTelemetry's specification of environment variables.
    """
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    provider = _own_provider() or _provider_of(service, environ)
    if provider is not None:
        use(provider)


def _own_provider() -> TracerProvider | None:
    """The one that the module has set. Without having loaded the API it has set none."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace

    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else provider


def _provider_of(service: str, environ: Mapping[str, str]) -> TracerProvider | None:
    wanted = environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if any(map(environ.get, _ENDPOINTS)) else "none")
    if wanted not in {"otlp", "console"}:
        return None
    try:
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = _exporter(wanted)
    except ImportError as error:
        from poblano.log import Log

        Log.error("spans are asked for and cannot be made: install poblano[otel]", missing=error.name)
        return None
    named = {} if environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: service}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _exporter(name: str) -> Any:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
