"""NetworkPolicy, IngressClass, IPAddress and ServiceCIDR.

Source: kubernetes/pkg/apis/networking/validation
"""

from __future__ import annotations

import ipaddress

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names, selectors
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document


class NetworkPolicy(Strategy):
    """Source: ValidateNetworkPolicy"""

    counts_generation = True

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        spec = obj["spec"]
        if not many(spec, "policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if many(spec, "egress") else ["Ingress"]

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = selectors.validate(struct(spec, "podSelector"), "spec.podSelector")
        for key, peers in (("ingress", "from"), ("egress", "to")):
            for where, rule in checks.indexed(many(spec, key), f"spec.{key}"):
                for at, port in checks.indexed(many(rule, "ports"), f"{where}.ports"):
                    found += _port(port, at)
                for at, peer in checks.indexed(many(rule, peers), f"{where}.{peers}"):
                    found += _peer(peer, at)
        types = many(spec, "policyTypes")
        if len(types) > 2:
            text = "may not specify more than two policyTypes"
            return [*found, errors.invalid("spec.policyTypes", types, text)]
        for where, kind in checks.indexed(types, "spec.policyTypes"):
            if kind not in {"Ingress", "Egress"}:
                found.append(errors.not_supported(where, kind, ("Egress", "Ingress")))
        return found


def _port(port: Document, path: str) -> list[FieldError]:
    number, last = port.get("port"), port.get("endPort")
    allowed = ("SCTP", "TCP", "UDP")
    found = checks.known(port.get("protocol"), f"{path}.protocol", *allowed)
    if number is not None:
        found += checks.port_or_name(number, f"{path}.port")
    if last is None:
        return found
    where = f"{path}.endPort"
    if isinstance(number, str):
        found.append(errors.invalid(where, last, "may not be specified when `port` is non-numeric"))
    elif number is None:
        found.append(errors.invalid(where, last, "may not be specified when `port` is not specified"))
    else:
        if last < number:
            found.append(errors.invalid(where, last, "must be greater than or equal to `port`"))
        found += checks.complaints(where, last, names.port_number(last))
    return found


def _peer(peer: Document, path: str) -> list[FieldError]:
    given = [key for key in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(key) is not None]
    found: list[FieldError] = []
    for key in given:
        if key == "ipBlock":
            found += _block(peer[key], f"{path}.{key}")
        else:
            found += selectors.validate(peer[key], f"{path}.{key}")
    if not given:
        found.append(errors.required(path, "must specify a peer"))
    elif len(given) > 1 and "ipBlock" in given:
        found.append(errors.forbidden(path, "may not specify both ipBlock and another peer"))
    return found


def _block(block: Document, path: str) -> list[FieldError]:
    cidr = block.get("cidr") or ""
    if not cidr:
        return [errors.required(f"{path}.cidr")]
    found = _cidr(cidr, f"{path}.cidr")
    if found:
        return found
    outer = ipaddress.ip_network(cidr, strict=False)
    for where, text in checks.indexed(many(block, "except"), f"{path}.except"):
        wrong = _cidr(text, where)
        found += wrong
        if wrong:
            continue
        inner = ipaddress.ip_network(text, strict=False)
        if inner.version != outer.version or inner == outer or not _within(inner, outer):
            found.append(errors.invalid(where, text, "must be a strict subset of `cidr`"))
    return found


def _within(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return inner.network_address in outer and inner.broadcast_address in outer


def _cidr(text: str, path: str) -> list[FieldError]:
    if checks.is_cidr(text):
        return []
    return [errors.invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")]


class IngressClass(Strategy):
    """Source: ValidateIngressClass"""

    namespaced = False
    counts_generation = True
    immutable = ("spec.controller",)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        controller = spec.get("controller") or ""
        found: list[FieldError] = []
        if old is None:
            found += [] if controller else [errors.required("spec.controller")]
            if len(controller) > 250:
                found.append(errors.too_long("spec.controller", 250))
            found += checks.complaints(
                "spec.controller", controller, names.domain_prefixed_path(controller) if controller else ()
            )
        if spec.get("parameters") is not None:
            found += _parameters(spec["parameters"], "spec.parameters")
        return found


def _parameters(given: Document, path: str) -> list[FieldError]:
    found = checks.needed(given, path, "kind", "name")
    scope, namespace = given.get("scope"), given.get("namespace")
    if scope is None:
        found.append(errors.required(f"{path}.scope"))
    found += checks.known(scope, f"{path}.scope", "Cluster", "Namespace")
    if scope == "Namespace" and not namespace:
        text = "`parameters.scope` is set to 'Namespace'"
        found.append(errors.required(f"{path}.namespace", text))
    if scope == "Cluster" and namespace is not None:
        text = "`parameters.scope` is set to 'Cluster'"
        found.append(errors.forbidden(f"{path}.namespace", text))
    return found


class IPAddress(Strategy):
    """Source: ValidateIPAddress"""

    namespaced = False
    counts_generation = True
    immutable = ("spec.parentRef",)

    def name_errors(self, name: str) -> list[str]:
        return [] if checks.is_ip(name) else ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        reference = struct(obj, "spec").get("parentRef")
        if old is not None:
            return []
        if reference is None:
            return [errors.required("spec.parentRef")]
        return checks.needed(reference, "spec.parentRef", "resource", "name")


class ServiceCIDR(Strategy):
    """Source: ValidateServiceCIDR"""

    namespaced = False
    has_status = True
    counts_generation = True
    immutable = ("spec.cidrs",)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        if old is not None:
            return []
        given = many(obj, "spec", "cidrs")
        if not given:
            return [errors.required("spec.cidrs", "at least one CIDR required")]
        if len(given) > 2:
            text = "may only hold up to 2 values"
            return [errors.invalid("spec", given, text)]
        return [error for where, text in checks.indexed(given, "spec.cidrs") for error in _cidr(text, where)]
