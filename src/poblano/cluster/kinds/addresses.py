"""The addresses and node ports of Services: which are free, which are given out, which may not change.

The ranges are the API server's own defaults: 10.0.0.0/24 and 30000-32767. An address is chosen by the Service's uid, so
the same writes in the same order lead to the same addresses.

Source: kubernetes/pkg/registry/core/service/storage/alloc.go
"""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Iterator
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster import status
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks
from poblano.cluster.kinds.strategy import keep
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_NETWORK: Final = ipaddress.ip_network("10.0.0.0/24")
_RESERVED: Final = 16
"""The first addresses are left to those who ask for one by name (the static band)."""
_PORTS: Final = range(30000, 32768)
_STATIC_PORTS: Final = 86


def carry_over(spec: Document, was: Document) -> None:
    """An update that does not mention addresses and node ports keeps them (patchAllocatedValues)."""
    if spec.get("type") == "ExternalName" or was.get("type") == "ExternalName":
        return
    if not spec.get("clusterIP") and not many(spec, "clusterIPs"):
        for key in ("clusterIP", "clusterIPs"):
            keep(spec, was, key)
    for key in ("ipFamilies", "ipFamilyPolicy"):
        if not spec.get(key):
            keep(spec, was, key)
    if spec.get("type") not in {"NodePort", "LoadBalancer"}:
        return
    taken = {port.get("nodePort") for port in many(spec, "ports")}
    before = {_key(port): port.get("nodePort") for port in many(was, "ports")}
    for port in many(spec, "ports"):
        number = before.get(_key(port))
        if not port.get("nodePort") and number and number not in taken:
            port["nodePort"] = number
            taken.add(number)
    if was.get("healthCheckNodePort") and not spec.get("healthCheckNodePort") and _needs_health_port(spec):
        spec["healthCheckNodePort"] = was["healthCheckNodePort"]


def _key(port: Document) -> tuple[str, int]:
    return port.get("protocol") or "", port.get("port") or 0


def normalize(spec: Document, was: Document) -> None:
    """Keeps ``clusterIP`` and ``clusterIPs`` in step, whichever was written (NormalizeClusterIPs)."""
    if spec.get("type") == "ExternalName":
        if was and was.get("type") != "ExternalName":
            for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                if spec.get(key) == was.get(key):
                    spec.pop(key, None)
        return
    one, all_of = spec.get("clusterIP") or "", many(spec, "clusterIPs")
    if not was:
        if one and not all_of:
            spec["clusterIPs"] = [one]
        return
    if one != (was.get("clusterIP") or "") and all_of == many(was, "clusterIPs"):
        spec["clusterIPs"] = [one] if one else []
    elif not one and all_of:
        spec["clusterIP"] = all_of[0]


def changes(obj: Document, old: Document) -> list[FieldError]:
    """A Service keeps its first address as long as it has one."""
    spec, was = struct(obj, "spec"), struct(old, "spec")
    if "ExternalName" in {spec.get("type"), was.get("type")}:
        return []
    new, before = many(spec, "clusterIPs"), many(was, "clusterIPs")
    if before and (not new or new[0] != before[0]):
        return [errors.invalid("spec.clusterIPs[0]", new, "may not change once set")]
    return []


def allocate(obj: Document, lookup: Lookup) -> None:
    """Gives a Service the addresses and ports that it lacks.

    Raises:
        StatusError: it asks for what is taken or out of range.
    """
    spec = obj["spec"]
    if spec.get("type") == "ExternalName":
        return
    others = list(_others(obj, lookup))
    wrong = _families(spec) if spec.get("clusterIP") == "None" else _address(obj, others)
    wrong = [*wrong, *_node_ports(obj, others)]
    if wrong:
        raise status.invalid("Service", struct(obj, "metadata").get("name") or "", wrong)


def _others(obj: Document, lookup: Lookup) -> Iterator[Document]:
    this = struct(obj, "metadata")
    for service in lookup.list("", "services"):
        meta = struct(service, "metadata")
        if (meta.get("namespace"), meta.get("name")) != (this.get("namespace"), this.get("name")):
            yield struct(service, "spec")


def _families(spec: Document) -> list[FieldError]:
    # A headless Service without a selector may get endpoints of either family.
    dual = not spec.get("selector")
    spec.setdefault("clusterIPs", ["None"])
    spec.setdefault("ipFamilies", ["IPv4", "IPv6"] if dual else ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "RequireDualStack" if dual else "SingleStack")
    return []


def _address(obj: Document, others: list[Document]) -> list[FieldError]:
    spec = obj["spec"]
    asked = spec.get("clusterIP")
    taken = {address for other in others for address in many(other, "clusterIPs")}
    if not asked:
        spec["clusterIP"] = asked = _free_address(obj, taken)
        spec["clusterIPs"] = [asked]
    elif checks.is_ip(asked):
        problem = _unavailable(asked, taken)
        if problem:
            text = f"failed to allocate IP {asked}: {problem}"
            return [errors.invalid("spec.clusterIPs", [asked], text)]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    return []


def _unavailable(address: str, taken: set[Any]) -> str:
    parsed = ipaddress.ip_address(address)
    if parsed not in _NETWORK or parsed in (_NETWORK[0], _NETWORK[-1]):
        return f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {_NETWORK}"
    return "provided IP is already allocated" if address in taken else ""


def _free_address(obj: Document, taken: set[Any]) -> str:
    usable = _NETWORK.num_addresses - 2 - _RESERVED
    start = _seed(obj)
    for step in range(usable):
        address = str(_NETWORK[1 + _RESERVED + (start + step) % usable])
        if address not in taken:
            return address
    for offset in range(2, 1 + _RESERVED):
        if str(_NETWORK[offset]) not in taken:
            return str(_NETWORK[offset])
    raise status.internal("failed to allocate a serviceIP: range is full")


def _seed(obj: Document) -> int:
    meta = struct(obj, "metadata")
    return zlib.crc32(f"{meta.get('uid')}/{meta.get('namespace')}/{meta.get('name')}".encode())


def _needs_health_port(spec: Document) -> bool:
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _node_ports(obj: Document, others: list[Document]) -> list[FieldError]:
    spec = obj["spec"]
    kind = spec.get("type")
    taken = {port.get("nodePort") for other in others for port in many(other, "ports")}
    taken |= {other.get("healthCheckNodePort") for other in others}
    found: list[FieldError] = []
    if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False):
        own = {port["nodePort"]: port.get("protocol") for port in many(spec, "ports") if port.get("nodePort")}
        for where, port in checks.indexed(many(spec, "ports"), "spec.ports"):
            if port.get("nodePort"):
                found += _asked_port(port["nodePort"], taken, where)
            else:
                port["nodePort"] = _free_port(obj, taken | own.keys())
                own[port["nodePort"]] = port.get("protocol")
        taken |= own.keys()
    if _needs_health_port(spec) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = _free_port(obj, taken)
    return found


def _asked_port(number: int, taken: set[Any], path: str) -> list[FieldError]:
    if number not in _PORTS:
        span = f"{_PORTS[0]}-{_PORTS[-1]}"
        text = f"provided port is not in the valid range. The range of valid ports is {span}"
        return [errors.invalid(f"{path}.nodePort", number, text)]
    if number in taken:
        return [errors.invalid(f"{path}.nodePort", number, "provided port is already allocated")]
    return []


def _free_port(obj: Document, taken: set[Any]) -> int:
    usable = len(_PORTS) - _STATIC_PORTS
    start = _seed(obj)
    for step in range(usable):
        number = _PORTS[_STATIC_PORTS + (start + step) % usable]
        if number not in taken:
            return number
    raise status.internal("failed to allocate a nodePort: range is full")
