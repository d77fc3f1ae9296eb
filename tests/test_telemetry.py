"""Who wants spans gets them; who does not loads nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from poblano import telemetry


def run(code, **environ):
    """What a process of its own printed as JSON: OpenTelemetry has one provider for a process."""
    base = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, env=base | environ
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(autouse=True)
def _nothing_is_left():
    yield
    telemetry.use(None)


def test_without_an_endpoint_or_a_provider_nothing_is_loaded():
    code = """
        import json, sys
        from poblano import telemetry
        import poblano.client.transport, poblano.admission.reviewer, poblano.watch.watcher
        telemetry.start("poblano-hello")
        print(json.dumps([telemetry.tracer() is None, [name for name in sys.modules if name.startswith("opentelemetry")]]))
    """
    assert run(code) == [True, []]


def test_the_provider_that_the_module_has_set_is_used():
    code = """
        import json
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
        from poblano import telemetry
        telemetry.start("poblano-hello")
        with telemetry.tracer().start_as_current_span("a") as span:
            print(json.dumps(span.resource is provider.resource))
    """
    assert run(code) is True


def test_loading_the_api_is_not_asking_for_spans():
    code = """
        import json
        from opentelemetry import trace
        from poblano import telemetry
        telemetry.start("poblano-hello")
        print(json.dumps(telemetry.tracer() is None))
    """
    assert run(code) is True


@pytest.mark.parametrize(
    ("environ", "exporter"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "OTLPSpanExporter"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, "OTLPSpanExporter"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "ConsoleSpanExporter"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}, None),
    ],
)
def test_the_environment_says_where_spans_go(environ, exporter):
    code = """
        import json
        from poblano import telemetry
        telemetry.start("poblano-hello")
        tracer = telemetry.tracer()
        found = None
        if tracer is not None:
            (processor,) = tracer.span_processor._span_processors
            found = type(processor.span_exporter).__name__
        print(json.dumps(found))
    """
    assert run(code, **environ) == exporter


@pytest.mark.parametrize(("environ", "name"), [({}, "poblano-hello"), ({"OTEL_SERVICE_NAME": "mine"}, "mine")])
def test_the_service_is_the_module_unless_the_environment_names_it(environ, name):
    code = """
        import json
        from poblano import telemetry
        telemetry.start("poblano-hello")
        with telemetry.tracer().start_as_current_span("a") as span:
            print(json.dumps(span.resource.attributes["service.name"]))
        telemetry.tracer().span_processor.shutdown = lambda *_: None
    """
    assert (
        run(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_BSP_SCHEDULE_DELAY="3600000", **environ)
        == name
    )


def test_spans_that_cannot_be_made_are_an_error_that_tells_the_cure():
    code = """
        import json, sys
        sys.modules["opentelemetry.sdk"] = None
        from poblano import telemetry
        telemetry.start("poblano-hello")
        print(json.dumps(telemetry.tracer() is None))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    )
    assert "install poblano[otel]" in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "true"
