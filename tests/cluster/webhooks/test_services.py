"""A Service stands for one of its endpoints; where there is none, the user is told why."""

from __future__ import annotations

import pytest

from poblano.cluster.webhooks.services import Unresolved, endpoints
from tests.cluster.webhooks.world import chain, config_map, entry, refusal, request


def service(**spec):
    ports = [{"port": 443, "targetPort": 8443, "name": "https"}]
    return {"metadata": {"name": "hook", "namespace": "shop"}, "spec": {"ports": ports} | spec}


def piece(ready=True, port=8443, name="hook-1"):
    metadata = {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": "hook"}}
    endpoint = {"addresses": ["10.0.0.7"], "conditions": {"ready": ready}}
    return {"metadata": metadata, "ports": [{"name": "https", "port": port}], "endpoints": [endpoint]}


def why(world, port=443):
    with pytest.raises(Unresolved) as caught:
        endpoints(world)("shop", "hook", port)
    return str(caught.value)


def test_any_ready_endpoint_is_taken(world):
    world.put("", "services", service())
    for port, ready in ((8443, True), (8444, True), (8445, False)):
        world.put("discovery.k8s.io", "endpointslices", piece(ready, port, f"hook-{port}"))
    resolve = endpoints(world)
    assert {resolve("shop", "hook", 443) for _ in range(200)} == {("10.0.0.7", 8443), ("10.0.0.7", 8444)}


def test_endpoints_of_the_old_kind_count_too(world):
    world.put("", "services", service())
    subset = {"addresses": [{"ip": "10.0.0.8"}], "ports": [{"name": "https", "port": 9443}]}
    world.put("", "endpoints", {"metadata": {"name": "hook", "namespace": "shop"}, "subsets": [subset]})
    assert endpoints(world)("shop", "hook", 443) == ("10.0.0.8", 9443)


def test_what_leads_nowhere_says_why(world):
    assert why(world) == 'service "hook" not found'
    world.put("", "services", service(type="ExternalName"))
    assert why(world) == 'unsupported service type "ExternalName"'
    world.put("", "services", service())
    assert why(world, 444) == 'no service port 444 found for service "hook"'
    assert why(world) == 'no endpoints available for service "hook"'
    world.put("discovery.k8s.io", "endpointslices", piece(ready=False))
    assert why(world) == 'no endpoints available for service "hook"'


SERVICE = {"service": {"namespace": "shop", "name": "localhost", "path": "/v"}}


async def test_without_an_endpoint_the_service_is_named_with_its_address(world):
    world.register("validating", "v", entry(None, "v", clientConfig=SERVICE))
    async with chain(world) as webhooks:
        error = await refusal(webhooks, request(config_map()))
    assert error.message == (
        'Internal error occurred: failed calling webhook "v.example.com": failed to call webhook: Post'
        ' "https://localhost.shop.svc:443/v?timeout=5s": service "localhost" not found'
    )


async def test_the_certificate_must_be_that_of_the_service(world):
    from tests.cluster.webhooks.listening import identity, listening

    for name, fits in (("localhost.shop.svc", True), ("localhost", False)):
        with listening(identity(name)) as listener:
            config = {**SERVICE, "caBundle": listener.identity.bundle}
            world.register("validating", "v", entry(listener, "v", clientConfig=config))
            asked = []

            def resolve(*service, listener=listener, asked=asked):
                asked.append(service)
                return "127.0.0.1", listener.port

            async with chain(world, resolve=resolve) as webhooks:
                error = await refusal(webhooks, request(config_map()))
            assert asked == [("shop", "localhost", 443)]
            if fits:
                assert error is None
                assert listener.received[0].headers["Host"] == "localhost.shop.svc:443"
                assert listener.received[0].path == "/v?timeout=5s"
            else:
                why = "x509: certificate is valid for localhost, not localhost.shop.svc"
                assert error.message.endswith(f"tls: failed to verify certificate: {why}")
