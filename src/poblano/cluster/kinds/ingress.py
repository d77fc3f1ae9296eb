"""Ingress.

Source: ValidateIngressCreate in kubernetes/pkg/apis/networking/validation
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_CLASS: Final = "kubernetes.io/ingress.class"
_DEFAULT: Final = "ingressclass.kubernetes.io/is-default-class"
_BAD_PARTS: Final = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDS: Final = ("/..", "/.")


class Ingress(Strategy):
    """Source: kubernetes/pkg/registry/networking/ingress/strategy.go"""

    has_status = True
    counts_generation = True

    def admit(self, obj: Document, old: Document | None, lookup: Lookup, subresource: str = "") -> None:
        spec = obj["spec"]
        named = spec.get("ingressClassName") is not None or _CLASS in struct(obj, "metadata", "annotations")
        if old is not None or subresource or named:
            return
        for found in lookup.list("networking.k8s.io", "ingressclasses"):
            if struct(found, "metadata", "annotations").get(_DEFAULT) == "true":
                spec["ingressClassName"] = found["metadata"]["name"]
                return

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        super().prepare_for_create(obj, lookup)
        self.admit(obj, None, lookup)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found: list[FieldError] = []
        annotated = struct(obj, "metadata", "annotations").get(_CLASS)
        if old is None and annotated and spec.get("ingressClassName") is not None:
            text = "can not be set when the class field is also set"
            if annotated != spec["ingressClassName"]:
                found.append(errors.invalid(f"metadata.annotations.{_CLASS}", annotated, text))
        rules, backend = many(spec, "rules"), spec.get("defaultBackend")
        if not rules and backend is None:
            text = "either `defaultBackend` or `rules` must be specified"
            found.append(errors.invalid("spec", rules, text))
        if backend is not None:
            found += _backend(backend, "spec.defaultBackend")
        for where, rule in checks.indexed(rules, "spec.rules"):
            found += _rule(rule, where)
        for where, tls in checks.indexed(many(spec, "tls"), "spec.tls"):
            found += _tls(tls, where)
        if spec.get("ingressClassName") is not None:
            found += checks.dns_subdomain(spec["ingressClassName"], "spec.ingressClassName")
        return found

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        if old is None and _CLASS in struct(obj, "metadata", "annotations"):
            text = (
                "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
            )
            return [text]
        return []


def _host(host: str, path: str) -> list[FieldError]:
    rule = names.wildcard_subdomain if "*" in host else names.subdomain
    return checks.complaints(path, host, rule(host))


def _rule(rule: Document, path: str) -> list[FieldError]:
    host, http = rule.get("host") or "", rule.get("http")
    found: list[FieldError] = []
    if host:
        if checks.is_ip(host):
            found.append(errors.invalid(f"{path}.host", host, "must be a DNS name, not an IP address"))
        found += _host(host, f"{path}.host")
    if http is None:
        return found
    if not many(http, "paths"):
        return [*found, errors.required(f"{path}.http.paths")]
    for where, one in checks.indexed(many(http, "paths"), f"{path}.http.paths"):
        found += _path(one, where)
    return found


def _path(one: Document, path: str) -> list[FieldError]:
    kind, text = one.get("pathType"), one.get("path") or ""
    where = f"{path}.path"
    found: list[FieldError] = []
    if kind is None:
        return [errors.required(f"{path}.pathType", "pathType must be specified")]
    if kind in {"Exact", "Prefix"}:
        if not text.startswith("/"):
            found.append(errors.invalid(where, text, "must be an absolute path"))
        if text:
            found += [errors.invalid(where, text, f"must not contain '{bad}'") for bad in _BAD_PARTS if bad in text]
            found += [
                errors.invalid(where, text, f"cannot end with '{bad}'") for bad in _BAD_ENDS if text.endswith(bad)
            ]
    elif kind == "ImplementationSpecific":
        if text and not text.startswith("/"):
            found.append(errors.invalid(where, text, "must be an absolute path"))
    else:
        allowed = ("Exact", "ImplementationSpecific", "Prefix")
        found.append(errors.not_supported(f"{path}.pathType", kind, allowed))
    return found + _backend(struct(one, "backend"), f"{path}.backend")


def _backend(backend: Document, path: str) -> list[FieldError]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        return [errors.invalid(path, "", "cannot set both resource and service backends")]
    if resource is not None:
        return checks.needed(resource, f"{path}.resource", "kind", "name")
    if service is None:
        return [errors.required(path, "service or resource backend is required")]
    name, found = service.get("name") or "", list[FieldError]()
    if not name:
        found.append(errors.required(f"{path}.service.name"))
    else:
        found += checks.complaints(f"{path}.service.name", name, names.label(name))
    port, number = struct(service, "port").get("name") or "", struct(service, "port").get("number") or 0
    if port and number:
        found.append(errors.invalid(path, "", "cannot set both port name & port number"))
    elif port:
        found += checks.complaints(f"{path}.service.port.name", port, names.port_name(port))
    elif number:
        found += checks.complaints(f"{path}.service.port.number", number, names.port_number(number))
    else:
        found.append(errors.required(path, "port name or number is required"))
    return found


def _tls(tls: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, host in checks.indexed(many(tls, "hosts"), f"{path}.hosts"):
        found += _host(host, where)
    if tls.get("secretName"):
        found += checks.dns_subdomain(tls["secretName"], f"{path}.secretName")
    return found
