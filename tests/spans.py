"""OpenTelemetry's SDK with its exporter in memory, for a test."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from poblano import telemetry


class Spans:
    """What was exported, in the order in which it ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of that name."""
        return [span for span in self.all() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one of that name."""
        (found,) = self.named(name)
        return found

    def child_of(self, child: ReadableSpan) -> ReadableSpan | None:
        """The span that `child` is in, if it was exported."""
        parent = child.parent
        return next((span for span in self.all() if parent and span.context.span_id == parent.span_id), None)


@contextmanager
def exported() -> Generator[Spans]:
    """Make spans as long as the block lasts. What makes them must be made within it."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.use(provider)
    try:
        yield Spans(exporter)
    finally:
        telemetry.use(None)
        provider.shutdown()
