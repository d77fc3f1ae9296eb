"""Endpoints and EndpointSlice.

Source: kubernetes/pkg/apis/core/validation, pkg/apis/discovery/validation
"""

from __future__ import annotations

import ipaddress
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many
from poblano.core.jsonvalue import Document

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_MOST: Final = 1000
_MOST_PORTS: Final = 20000
_DEPRECATED: Final = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"


class Endpoints(Strategy):
    """Source: ValidateEndpoints"""

    creates_on_update = True
    update_checks = ("update", "create")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found: list[FieldError] = []
        for where, subset in checks.indexed(many(obj, "subsets"), "subsets"):
            found += _subset(subset, where)
        return found

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        return [_DEPRECATED]


def _subset(subset: Document, path: str) -> list[FieldError]:
    ready, waiting = many(subset, "addresses"), many(subset, "notReadyAddresses")
    if not ready and not waiting:
        return [errors.required(path, "must specify `addresses` or `notReadyAddresses`")]
    found: list[FieldError] = []
    for key, addresses in (("addresses", ready), ("notReadyAddresses", waiting)):
        for where, address in checks.indexed(addresses, f"{path}.{key}"):
            found += _address(address, where)
    ports = many(subset, "ports")
    for where, port in checks.indexed(ports, f"{path}.ports"):
        found += _port(port, where, required=len(ports) > 1)
    return found


def _address(address: Document, path: str) -> list[FieldError]:
    found = _not_special(address.get("ip") or "", f"{path}.ip")
    if address.get("hostname"):
        found += checks.dns_label(address["hostname"], f"{path}.hostname")
    if address.get("nodeName"):
        found += checks.dns_subdomain(address["nodeName"], f"{path}.nodeName")
    return found


def _not_special(text: str, path: str) -> list[FieldError]:
    if not checks.is_ip(text):
        return checks.ip_address(text, path)
    address = ipaddress.ip_address(text)
    kinds = (
        (address.is_unspecified, f"may not be unspecified ({'0.0.0.0' if address.version == 4 else '::'})"),  # noqa: S104
        (address.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (address.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (address.is_multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    )
    return [errors.invalid(path, text, why) for applies, why in kinds if applies]


def _port(port: Document, path: str, *, required: bool) -> list[FieldError]:
    name, number = port.get("name") or "", port.get("port") or 0
    found: list[FieldError] = []
    if name:
        found += checks.dns_label(name, f"{path}.name")
    elif required:
        found.append(errors.required(f"{path}.name"))
    found += checks.complaints(f"{path}.port", number, names.port_number(number))
    found += checks.choice(port.get("protocol"), f"{path}.protocol", *_PROTOCOLS)
    if port.get("appProtocol") is not None:
        found += checks.complaints(f"{path}.appProtocol", port["appProtocol"], names.qualified(port["appProtocol"]))
    return found


class EndpointSlice(Strategy):
    """Source: ValidateEndpointSlice"""

    counts_generation = True
    generation_of = ("metadata.labels", "addressType", "endpoints", "ports")
    immutable = ("addressType",)
    update_checks = ("create", "update")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        kind = obj.get("addressType") or ""
        found = checks.choice(kind, "addressType", "FQDN", "IPv4", "IPv6")
        endpoints, ports = many(obj, "endpoints"), many(obj, "ports")
        if len(endpoints) > _MOST:
            found.append(errors.too_many("endpoints", len(endpoints), _MOST))
        for where, endpoint in checks.indexed(endpoints, "endpoints"):
            found += _endpoint(endpoint, kind, where)
        if len(ports) > _MOST_PORTS:
            found.append(errors.too_many("ports", len(ports), _MOST_PORTS))
        return found + _slice_ports(ports)


def _endpoint(endpoint: Document, kind: str, path: str) -> list[FieldError]:
    addresses, where = many(endpoint, "addresses"), f"{path}.addresses"
    found: list[FieldError] = []
    if not addresses:
        found.append(errors.required(where, "must contain at least 1 address"))
    if len(addresses) > 100:
        found.append(errors.too_many(where, len(addresses), 100))
    for at, address in checks.indexed(addresses, where):
        found += _typed(address, kind, at)
    for key in ("nodeName",):
        if endpoint.get(key):
            found += checks.dns_subdomain(endpoint[key], f"{path}.{key}")
    if endpoint.get("hostname"):
        found += checks.dns_label(endpoint["hostname"], f"{path}.hostname")
    return found


def _typed(address: str, kind: str, path: str) -> list[FieldError]:
    if kind == "FQDN":
        return checks.dns_subdomain(address, path)
    version = {"IPv4": 4, "IPv6": 6}.get(kind)
    if version is None:
        return []
    if not checks.is_ip(address):
        return checks.ip_address(address, path)
    if ipaddress.ip_address(address).version != version:
        return [errors.invalid(path, address, f"must be a valid {kind} address")]
    return _not_special(address, path)


def _slice_ports(ports: list[Document]) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, port in checks.indexed(ports, "ports"):
        name = port.get("name") or ""
        if name:
            found += checks.dns_label(name, f"{where}.name")
        if name in seen:
            found.append(errors.duplicate(f"{where}.name", name))
        seen.add(name)
        found += checks.choice(port.get("protocol"), f"{where}.protocol", *_PROTOCOLS)
        if port.get("port") is not None:
            found += checks.complaints(f"{where}.port", port["port"], names.port_number(port["port"]))
    return found
