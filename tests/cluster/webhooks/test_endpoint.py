"""What is called for a clientConfig: client-go joins and cleans paths, and a Service's port is 443."""

from __future__ import annotations

import pytest

from poblano.cluster.webhooks.endpoint import Endpoint


@pytest.mark.parametrize(
    ("config", "url"),
    [
        ({"url": "https://localhost:8443"}, "https://localhost:8443/?timeout=3s"),
        ({"url": "https://localhost/a/b/"}, "https://localhost/a/b?timeout=3s"),
        ({"url": "https://[::1]:9443/x"}, "https://[::1]:9443/x?timeout=3s"),
        ({"url": "https://h.example/a%20b/../c"}, "https://h.example/c?timeout=3s"),
        ({"url": "https://h.example/ü"}, "https://h.example/%C3%BC?timeout=3s"),
        ({"service": {"namespace": "n", "name": "s"}}, "https://s.n.svc:443/?timeout=3s"),
        (
            {"service": {"namespace": "n", "name": "s", "port": 8443, "path": "/p"}},
            "https://s.n.svc:8443/p?timeout=3s",
        ),
    ],
)
def test_the_address_that_is_called(config, url):
    assert Endpoint.of(config).url(3) == url


def test_the_default_port_is_connected_to_and_not_written():
    endpoint = Endpoint.of({"url": "https://h.example/x"})
    assert (endpoint.host, endpoint.port, endpoint.base) == ("h.example", 443, "https://h.example")
