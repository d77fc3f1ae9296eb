"""The cells of Services and what stands before and behind them.

Source: pkg/printers/internalversion/printers.go
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from poblano.cluster.tables.cells.fields import age, at, many, name, number, text
from poblano.cluster.tables.cells.phrases import NONE, UNSET, labels, selector_or_none, shortened
from poblano.core.jsonvalue import Document


def service(one: Document, now: datetime) -> list[Any]:
    """Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector."""
    addresses = many(one, "spec", "clusterIPs")
    return [
        name(one),
        text(one, "spec", "type"),
        addresses[0] if addresses else NONE,
        _external_addresses(one),
        ",".join(map(_service_port, many(one, "spec", "ports"))) or NONE,
        age(one, now),
        labels(at(one, "spec", "selector")),
    ]


def _external_addresses(one: Document) -> str:
    kind, external = text(one, "spec", "type"), [str(it) for it in many(one, "spec", "externalIPs")]
    if kind in ("ClusterIP", "NodePort"):
        return ",".join(external) or NONE
    if kind == "LoadBalancer":
        return ",".join([*_balancer_addresses(one), *external]) or "<pending>"
    return text(one, "spec", "externalName") if kind == "ExternalName" else "<unknown>"


def _balancer_addresses(one: Document) -> list[str]:
    points = many(one, "status", "loadBalancer", "ingress")
    return sorted({text(it, "ip") or text(it, "hostname") for it in points} - {""})


def _service_port(port: Document) -> str:
    node = number(port, "nodePort")
    return f"{number(port, 'port')}{f':{node}' if node > 0 else ''}/{text(port, 'protocol')}"


def endpoints(one: Document, now: datetime) -> list[Any]:
    """Name, Endpoints, Age."""
    subsets = many(one, "subsets")
    shown = shortened([address for subset in subsets for address in _subset(subset)]) if subsets else NONE
    return [name(one), shown, age(one, now)]


def _subset(subset: Document) -> list[str]:
    addresses, ports = [text(it, "ip") for it in many(subset, "addresses")], many(subset, "ports")
    if not ports:
        return addresses
    return [_joined(address, number(port, "port")) for port in ports for address in addresses]


def _joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def endpoint_slice(one: Document, now: datetime) -> list[Any]:
    """Name, AddressType, Ports, Endpoints, Age."""
    ports = [_slice_port(port) for port in many(one, "ports")]
    addresses = [str(address) for point in many(one, "endpoints") for address in many(point, "addresses")]
    shown = [shortened(items) or UNSET for items in (ports, addresses)]
    return [name(one), text(one, "addressType"), *shown, age(one, now)]


def _slice_port(port: Document) -> str:
    value, named = at(port, "port"), at(port, "name")
    return str(value) if value is not None else str(named) if named is not None else "*"


def ingress(one: Document, now: datetime) -> list[Any]:
    """Name, Class, Hosts, Address, Ports, Age."""
    kind = at(one, "spec", "ingressClassName")
    return [
        name(one),
        NONE if kind is None else kind,
        _hosts(many(one, "spec", "rules")),
        ",".join(_balancer_addresses(one)),
        "80, 443" if many(one, "spec", "tls") else "80",
        age(one, now),
    ]


def _hosts(rules: list[Any]) -> str:
    """At most three; what is beyond is told as soon as there is any rule beyond, and counted by rules."""
    shown: list[str] = []
    more = False
    for rule in rules:
        more = more or len(shown) == 3
        if not more and text(rule, "host"):
            shown.append(text(rule, "host"))
    listed = ",".join(shown) or "*"
    return f"{listed} + {len(rules) - 3} more..." if more else listed


def ingress_class(one: Document, now: datetime) -> list[Any]:
    """Name, Controller, Parameters, Age."""
    given, parameters = at(one, "spec", "parameters"), NONE
    if given is not None:
        group = at(given, "apiGroup")
        parameters = f"{text(given, 'kind')}{'' if group is None else f'.{group}'}/{text(given, 'name')}"
    return [name(one), text(one, "spec", "controller"), parameters, age(one, now)]


def network_policy(one: Document, now: datetime) -> list[Any]:
    """Name, Pod-Selector, Age."""
    return [name(one), selector_or_none(at(one, "spec", "podSelector")), age(one, now)]


def service_cidr(one: Document, now: datetime) -> list[Any]:
    """Name, CIDRs, Age."""
    return [name(one), ",".join(map(str, many(one, "spec", "cidrs"))), age(one, now)]


def ip_address(one: Document, now: datetime) -> list[Any]:
    """Name, ParentRef; and an age, though the real server names no column for it."""
    parent, shown = at(one, "spec", "parentRef"), NONE
    if parent is not None:
        group = text(parent, "group")
        kind = f"{text(parent, 'resource')}{'.' * bool(group)}{group}".lower()
        shown = "/".join(filter(None, (kind, text(parent, "namespace"), text(parent, "name"))))
    return [name(one), shown, age(one, now)]
