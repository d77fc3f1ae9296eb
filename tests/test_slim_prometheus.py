"""prometheus_client without its servers is the same for all who use it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from poblano.slim_prometheus import encoder_for

LOADED = "import sys; from poblano.metrics import new_registry; registry = new_registry()\n"
SERVERS = (
    "assert not {'http.server', 'wsgiref', 'urllib.request', 'socketserver', 'email.message'} & set(sys.modules)\n"
)


def run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


def test_a_registry_needs_no_servers_nor_does_what_prometheus_reads():
    accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3"
    run(
        LOADED
        + f"from poblano.slim_prometheus import encoder_for\nassert b'python_info' in encoder_for({accept!r})[0](registry)\n"
        + SERVERS
    )


def test_whoever_wants_the_rest_gets_it():
    run(LOADED + "from prometheus_client import *; assert isinstance(MetricsHandler, type)")
    run(LOADED + "import prometheus_client as p; assert p.push_to_gateway is p.exposition.push_to_gateway")
    run(LOADED + "import prometheus_client.exposition as e; assert b'python_info' in e.generate_latest(registry)")
    run(LOADED + "import prometheus_client as p; assert not hasattr(p, 'nothing') and not hasattr(p, '__nothing__')")
    run(
        "import prometheus_client as p, poblano.metrics as m; m.new_registry(); assert isinstance(p.MetricsHandler, type)"
    )


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain",
        "text/plain;version=1.0.0;escaping=dots",
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0",
        "application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.3",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.3",
        "application/openmetrics-text;version=2.0.0;escaping=whatever",
        "application/openmetrics-text;version=1.0.0;escaping=values",
    ],
)
def test_the_format_is_the_one_that_prometheus_client_would_choose(accept):
    registry = CollectorRegistry()
    Counter("orders", "Orders", ["tier"], registry=registry).labels("däta").inc(exemplar={"trace": "1"})
    Gauge("open", "Open", registry=registry).set(1.5)
    Histogram("took_seconds", "Took", registry=registry).observe(0.3)

    (ours, shown), (theirs, wanted) = encoder_for(accept), choose_encoder(accept)
    assert shown == wanted
    assert ours(registry) == theirs(registry)
