"""Service: its defaults and what is wrong with one. Its addresses are given out in addresses.py.

Source: kubernetes/pkg/apis/core/v1/defaults.go, ValidateService, pkg/registry/core/service
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import addresses, checks, metadata, names
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_DAY: Final = 86400


class Service(Strategy):
    """Source: kubernetes/pkg/registry/core/service/strategy.go"""

    has_status = True
    creates_on_update = True
    update_checks = ("update", "create")

    def name_errors(self, name: str) -> list[str]:
        return names.label(name)

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        spec = obj["spec"]
        if spec["sessionAffinity"] == "None":
            spec.pop("sessionAffinityConfig", None)
        elif spec["sessionAffinity"] == "ClientIP":
            config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
            config.setdefault("timeoutSeconds", 10800)
        for port in many(spec, "ports"):
            if not port.get("targetPort"):
                port["targetPort"] = port.get("port")
        if _is_external(spec):
            spec.setdefault("externalTrafficPolicy", "Cluster")
        if spec["type"] != "ExternalName":
            spec.setdefault("internalTrafficPolicy", "Cluster")
        if spec["type"] == "LoadBalancer":
            spec.setdefault("allocateLoadBalancerNodePorts", True)
        for entry in many(obj, "status", "loadBalancer", "ingress"):
            if entry.get("ip"):
                entry.setdefault("ipMode", "VIP")

    def prepare_for_update(self, obj: Document, old: Document, lookup: Lookup) -> None:
        addresses.carry_over(obj["spec"], struct(old, "spec"))
        super().prepare_for_update(obj, old, lookup)

    def complete(self, obj: Document, old: Document | None, lookup: Lookup) -> None:
        addresses.normalize(obj["spec"], struct(old, "spec"))
        addresses.allocate(obj, lookup)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        kind = spec.get("type") or ""
        found: list[FieldError] = []
        if not many(spec, "ports") and kind != "ExternalName" and spec.get("clusterIP") != "None":
            found.append(errors.required("spec.ports"))
        found += _by_type(spec, kind) + _ports(spec, kind)
        found += metadata.label_errors(spec.get("selector"), "spec.selector")
        found += _affinity(spec) + checks.choice(kind, "spec.type", *_TYPES)
        for where, address in checks.indexed(many(spec, "externalIPs"), "spec.externalIPs"):
            found += checks.ip_address(address, where)
        found += _traffic(spec, kind) + _load_balancer(spec, kind)
        return found + _cluster_addresses(spec, kind)

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        return [*addresses.changes(obj, old), *self.validate_content(obj, old)]

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        spec = struct(obj, "spec")
        if spec.get("externalIPs") and old is not None and not struct(old, "spec").get("externalIPs"):
            return []
        found: list[str] = []
        if spec.get("sessionAffinity") == "ClientIP" and spec.get("clusterIP") == "None":
            found.append("spec.SessionAffinity is ignored for headless services")
        if struct(obj, "spec").get("type") == "ExternalName" and spec.get("externalIPs"):
            found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
        if spec.get("type") == "ExternalName" and spec.get("externalName") and spec.get("clusterIP") == "None":
            found.append('spec.clusterIP is ignored when spec.type is "ExternalName"')
        return found


def _is_external(spec: Document) -> bool:
    kind = spec.get("type")
    return kind in {"NodePort", "LoadBalancer"} or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _by_type(spec: Document, kind: str) -> list[FieldError]:
    if kind in {"LoadBalancer", "NodePort"} and spec.get("clusterIP") == "None":
        text = f"may not be set to 'None' for {kind} services"
        return [errors.invalid("spec.clusterIPs[0]", "None", text)]
    if kind != "ExternalName":
        return []
    found: list[FieldError] = []
    if many(spec, "clusterIPs"):
        text = "may not be set for ExternalName services"
        found.append(errors.invalid("spec.clusterIPs", spec["clusterIPs"], text))
    name = (spec.get("externalName") or "").removesuffix(".")
    if not name:
        return [*found, errors.required("spec.externalName")]
    return [*found, *checks.dns_subdomain(name, "spec.externalName")]


def _ports(spec: Document, kind: str) -> list[FieldError]:
    ports = many(spec, "ports")
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, port in checks.indexed(ports, "spec.ports"):
        found += _port_name(port, where, seen, required=len(ports) > 1)
        number = port.get("port") or 0
        found += checks.complaints(f"{where}.port", number, names.port_number(number))
        found += checks.choice(port.get("protocol"), f"{where}.protocol", *_PROTOCOLS)
        found += checks.port_or_name(port.get("targetPort"), f"{where}.targetPort")
        if port.get("appProtocol") is not None:
            protocol = port["appProtocol"]
            found += checks.complaints(f"{where}.appProtocol", protocol, names.qualified(protocol))
    return found + _ports_twice(ports, "port", "spec.ports") + _node_ports(ports, kind)


def _port_name(port: Document, path: str, seen: set[str], *, required: bool) -> list[FieldError]:
    name = port.get("name") or ""
    if not name:
        return [errors.required(f"{path}.name")] if required else []
    found = checks.dns_label(name, f"{path}.name")
    if name in seen:
        found.append(errors.duplicate(f"{path}.name", name))
    seen.add(name)
    return found


def _ports_twice(ports: list[Document], key: str, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen: list[Document] = []
    for where, port in checks.indexed(ports, path):
        this: Document = {"protocol": port.get("protocol") or "", key: port.get(key) or 0}
        if not this[key]:
            continue
        if this in seen:
            shown = _port_key(this) if key == "port" else this[key]
            found.append(errors.duplicate(where if key == "port" else f"{where}.{key}", shown))
        seen.append(this)
    return found


def _port_key(port: Document) -> Document:
    # The internal type's own words: it is shown as Go's json.Marshal of core.ServicePort has it.
    shown = {"Name": "", "Protocol": port["protocol"], "AppProtocol": None, "Port": port["port"]}
    return {**shown, "TargetPort": 0, "NodePort": 0}


def _node_ports(ports: list[Document], kind: str) -> list[FieldError]:
    if kind != "ClusterIP":
        return _ports_twice(ports, "nodePort", "spec.ports")
    text = "may not be used when `type` is 'ClusterIP'"
    return [
        errors.forbidden(f"{where}.nodePort", text)
        for where, port in checks.indexed(ports, "spec.ports")
        if port.get("nodePort")
    ]


def _affinity(spec: Document) -> list[FieldError]:
    affinity = spec.get("sessionAffinity")
    found = checks.choice(affinity, "spec.sessionAffinity", "ClientIP", "None")
    config = spec.get("sessionAffinityConfig")
    if affinity == "None" and config is not None:
        text = "must not be set when session affinity is None"
        found.append(errors.forbidden("spec.sessionAffinityConfig", text))
    seconds = struct(spec, "sessionAffinityConfig", "clientIP").get("timeoutSeconds")
    if affinity == "ClientIP" and isinstance(seconds, int) and not 0 < seconds <= _DAY:
        where = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        found.append(errors.invalid(where, seconds, f"must be greater than 0 and less than {_DAY}"))
    return found


def _traffic(spec: Document, kind: str) -> list[FieldError]:
    policy, path = spec.get("externalTrafficPolicy"), "spec.externalTrafficPolicy"
    found: list[FieldError] = []
    if not _is_external(spec):
        if policy:
            text = "may only be set for externally-accessible services"
            found.append(errors.invalid(path, policy, text))
    else:
        found += checks.choice(policy, path, "Cluster", "Local")
    inside, path = spec.get("internalTrafficPolicy"), "spec.internalTrafficPolicy"
    if kind in {"NodePort", "LoadBalancer", "ClusterIP"} and inside is None:
        found.append(errors.required(path))
    return found + checks.known(inside, path, "Cluster", "Local")


def _load_balancer(spec: Document, kind: str) -> list[FieldError]:
    found: list[FieldError] = []
    ranges = many(spec, "loadBalancerSourceRanges")
    if ranges and kind != "LoadBalancer":
        text = "may only be used when `type` is 'LoadBalancer'"
        found.append(errors.forbidden("spec.LoadBalancerSourceRanges", text))
    for where, block in checks.indexed(ranges, "spec.LoadBalancerSourceRanges"):
        if not checks.is_cidr(block.strip()):
            text = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            found.append(errors.invalid(where, block, text))
    if spec.get("allocateLoadBalancerNodePorts") is not None and kind != "LoadBalancer":
        text = "may only be used when `type` is 'LoadBalancer'"
        found.append(errors.forbidden("spec.allocateLoadBalancerNodePorts", text))
    if spec.get("loadBalancerClass") is not None and kind != "LoadBalancer":
        text = "may only be used when `type` is 'LoadBalancer'"
        found.append(errors.forbidden("spec.loadBalancerClass", text))
    return found


def _cluster_addresses(spec: Document, kind: str) -> list[FieldError]:
    if kind == "ExternalName":
        return []
    found: list[FieldError] = []
    given = many(spec, "clusterIPs")
    if given and spec.get("clusterIP") != given[0]:
        text = "must match `clusterIP`"
        found.append(errors.invalid("spec.clusterIPs[0]", given, text))
    for where, address in checks.indexed(given, "spec.clusterIPs"):
        if address != "None":
            found += checks.ip_address(address, where)
    return found
