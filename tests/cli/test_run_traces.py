"""`poblano run` sends its spans where the environment says, and the API server's trace is theirs."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.core.driving import review
from tests.pepr.pods import running
from tests.pepr.test_a01_metrics import CODE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def collecting() -> Generator[tuple[str, list[Any]]]:
    """A collector of spans: its address, and what was sent to it."""
    sent: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") is None and self.path == "/v1/traces":
                sent.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_spans_go_where_the_environment_says(tmp_path: Path):
    with collecting() as (address, sent):
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        async with running(tmp_path, CODE, **environ) as pod:
            answer = await pod.ask(review(), "/mutate/fail/10", f"traceparent: 00-{TRACE}-b7ad6b7169203331-01")
            assert answer.status == 200
            async with asyncio.timeout(60):
                while len(spans(sent)) < 2:
                    await asyncio.sleep(0.05)

    assert {span.name: span.trace_id.hex() for span in spans(sent)} == {"mutate Pod": TRACE, "shop/tier": TRACE}
    (service,) = {
        attribute.value.string_value
        for request in sent
        for resource in request.resource_spans
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    assert service == "poblano-shop"


def spans(sent: list[Any]) -> list[Any]:
    return [
        span
        for request in sent
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
