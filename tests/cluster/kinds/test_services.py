"""Services get addresses and ports, keep them, and are told when they ask for what is not to be had."""

from __future__ import annotations

import ipaddress

import pytest

from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import Stored, created, refused, updated, with_revision


def service(name: str = "s", **spec: object) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"port": 80}], **spec},
    }


def cluster(*services: Document) -> Stored:
    return Stored(*(("", "services", one) for one in services))


def test_no_two_services_share_an_address_or_a_port_until_there_are_no_more():
    lookup = cluster()
    for number in range(253):  # the first one is the API server's own
        made = created(service(f"s{number}", type="NodePort"), lookup)
        lookup.put("", "services", made)
    specs = [one["spec"] for one in lookup.list("", "services")]
    addresses = {spec["clusterIP"] for spec in specs}
    assert len(addresses) == 253
    assert all(ipaddress.ip_address(one) in ipaddress.ip_network("10.0.0.0/24") for one in addresses)
    ports = {port["nodePort"] for spec in specs for port in spec["ports"]}
    assert len(ports) == 253
    assert all(30000 <= port <= 32767 for port in ports)


def test_a_full_range_is_an_internal_error():
    lookup = cluster(*({"metadata": {"name": f"x{n}"}, "spec": {"clusterIPs": [f"10.0.0.{n}"]}} for n in range(256)))
    with pytest.raises(StatusError, match="range is full"):
        created(service(), lookup)


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"clusterIP": "10.0.0.7"}, "failed to allocate IP 10.0.0.7: provided IP is already allocated"),
        ({"clusterIP": "192.168.0.1"}, "The range of valid IPs is 10.0.0.0/24"),
        ({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]}, "provided port is not in the valid range"),
        ({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30100}]}, "provided port is already allocated"),
    ],
)
def test_what_is_taken_or_out_of_range_is_refused(spec, wrong):
    other = {"clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "ports": [{"port": 1, "nodePort": 30100}]}
    with pytest.raises(StatusError) as refusal:
        created(service(**spec), cluster({"metadata": {"name": "other", "namespace": "n"}, "spec": other}))
    assert refusal.value.code == 422
    assert wrong in refusal.value.message


def test_an_update_without_addresses_keeps_them():
    old = with_revision(created(service(type="NodePort")))
    new = service(type="NodePort", selector={"a": "b"})
    new["metadata"] |= old["metadata"]
    obj, wrong = updated(old, new, cluster(old))
    assert wrong == []
    assert obj["spec"] == {**old["spec"], "selector": {"a": "b"}}


def test_the_address_of_a_service_does_not_change():
    old = with_revision(created(service()))
    _, wrong = updated(old, {**old, "spec": {**old["spec"], "clusterIP": "10.0.0.99"}}, cluster(old))
    assert wrong == ['spec.clusterIPs[0]: Invalid value: ["10.0.0.99"]: may not change once set']


def test_an_external_name_gives_the_address_back():
    old = with_revision(created(service()))
    spec = {**old["spec"], "type": "ExternalName", "externalName": "example.com"}
    spec.pop("internalTrafficPolicy")
    obj, wrong = updated(old, {**old, "spec": spec}, cluster(old))
    assert wrong == []
    assert "clusterIP" not in obj["spec"]


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"ports": []}, ["spec.ports: Required value"]),
        (
            {"ports": [{"port": 0, "targetPort": 1}]},
            ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
        ),
        (
            {"ports": [{"port": 1}, {"port": 2}]},
            ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
        ),
        (
            {"ports": [{"port": 1, "nodePort": 30001}]},
            ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
        ),
        ({"type": "ExternalName", "ports": []}, ["spec.externalName: Required value"]),
        (
            {"type": "Other"},
            [
                (
                    'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", '
                    '"NodePort"'
                )
            ],
        ),
        (
            {"sessionAffinity": "Always"},
            ['spec.sessionAffinity: Unsupported value: "Always": supported values: "ClientIP", "None"'],
        ),
        (
            {"type": "NodePort", "clusterIP": "None"},
            ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
        ),
        (
            {"selector": {"a b": "c"}},
            ["spec.selector: Invalid value"],
        ),
    ],
)
def test_a_service_is_told_what_is_wrong_with_it(spec, wrong):
    found = refused(service(**spec))
    assert len(found) == len(wrong)
    assert all(text.startswith(start) for text, start in zip(found, wrong, strict=True))


def test_a_local_load_balancer_gets_a_port_for_its_health():
    spec = created(service(type="LoadBalancer", externalTrafficPolicy="Local"))["spec"]
    assert spec["allocateLoadBalancerNodePorts"] is True
    assert 30000 <= spec["healthCheckNodePort"] <= 32767
