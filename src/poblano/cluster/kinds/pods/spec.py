"""What is wrong with a PodSpec, of a Pod or of a template.

Source: ValidatePodSpec in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, names
from poblano.cluster.kinds.pods import containers, resources, scheduling, security, volumes
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_DNS_POLICIES: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")


def validate(spec: Document, path: str, *, is_pod: bool = False) -> list[FieldError]:
    """What is wrong with a PodSpec; `is_pod` where it is a Pod's own and not a template's."""
    found: list[FieldError] = []
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is None:
        found.append(errors.required(f"{path}.terminationGracePeriodSeconds"))
    known, wrong = volumes.validate(many(spec, "volumes"), f"{path}.volumes")
    found += wrong + _claims(spec, f"{path}.resourceClaims")
    claims = frozenset(claim.get("name") or "" for claim in many(spec, "resourceClaims")) - {""}
    around = containers.Surroundings(known, claims, grace or 0, spec.get("restartPolicy") or "")
    found += containers.validate(spec, around, path)
    found += _host_network(spec, f"{path}.containers", is_pod=is_pod)
    return found + _policies(spec, path) + _names_and_numbers(spec, path)


def _policies(spec: Document, path: str) -> list[FieldError]:
    return [
        *checks.choice(spec.get("restartPolicy"), f"{path}.restartPolicy", "Always", "OnFailure", "Never"),
        *checks.choice(spec.get("dnsPolicy"), f"{path}.dnsPolicy", *_DNS_POLICIES),
        *metadata.label_errors(spec.get("nodeSelector"), f"{path}.nodeSelector"),
        *security.pod(spec, f"{path}.securityContext"),
        *scheduling.affinity(spec, f"{path}.affinity"),
        *_dns(spec, f"{path}.dnsConfig"),
        *_gates(spec, path),
        *scheduling.topology_spread(many(spec, "topologySpreadConstraints"), f"{path}.topologySpreadConstraints"),
        *_host_users(spec, path),
    ]


def _names_and_numbers(spec: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for key in ("serviceAccountName", "nodeName"):
        if spec.get(key):
            found += checks.dns_subdomain(spec[key], f"{path}.{key}")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None:
        text = checks.between(deadline, 1, checks.MAX_INT32)
        found += checks.complaints(f"{path}.activeDeadlineSeconds", deadline, text)
    for key in ("hostname", "subdomain"):
        if spec.get(key):
            found += checks.dns_label(spec[key], f"{path}.{key}")
    found += scheduling.tolerations(many(spec, "tolerations"), f"{path}.tolerations")
    found += _host_aliases(spec, f"{path}.hostAliases")
    for key in ("priorityClassName", "runtimeClassName"):
        if spec.get(key):
            found += checks.dns_subdomain(spec[key], f"{path}.{key}")
    policy = spec.get("preemptionPolicy")
    found += checks.known(policy, f"{path}.preemptionPolicy", "PreemptLowerPriority", "Never")
    for name, value in struct(spec, "overhead").items():
        where = f"{path}.overhead[{name}]"
        found += resources.container_name(name, where) + resources.amount(name, value, where)
    if spec.get("os") is not None:
        found += _os(spec, path)
    return found


def _claims(spec: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, claim in checks.indexed(many(spec, "resourceClaims"), path):
        name = claim.get("name") or ""
        if not name:
            found.append(errors.required(f"{where}.name"))
        elif name in seen:
            found.append(errors.duplicate(f"{where}.name", name))
        else:
            found += checks.dns_label(name, f"{where}.name")
        seen.add(name)
        given = [key for key in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(key) is not None]
        if len(given) == 2:
            text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            found.append(errors.invalid(where, claim, text))
        if not given:
            text = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            found.append(errors.invalid(where, claim, text))
        for key in given:
            found += checks.dns_subdomain(claim[key], f"{where}.{key}")
    return found


def _host_network(spec: Document, path: str, *, is_pod: bool) -> list[FieldError]:
    if not spec.get("hostNetwork"):
        return []
    found: list[FieldError] = []
    for where, container in checks.indexed(many(spec, "containers"), path):
        for port_path, port in checks.indexed(many(container, "ports"), f"{where}.ports"):
            host = port.get("hostPort") or 0
            if (is_pod or host) and host != port.get("containerPort"):
                text = "must match `containerPort` when `hostNetwork` is true"
                found.append(errors.invalid(f"{port_path}.hostPort", host, text))
    return found


def _dns(spec: Document, path: str) -> list[FieldError]:
    config = spec.get("dnsConfig")
    servers = many(config, "nameservers")
    if spec.get("dnsPolicy") == "None" and config is None:
        return [errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
    if spec.get("dnsPolicy") == "None" and not servers:
        text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        return [errors.required(f"{path}.nameservers", text)]
    found: list[FieldError] = []
    if len(servers) > 3:
        found.append(errors.invalid(f"{path}.nameservers", servers, "must not have more than 3 nameservers"))
    for where, server in checks.indexed(servers, f"{path}.nameservers"):
        found += checks.ip_address(server, where)
    searches = many(config, "searches")
    if len(searches) > 32:
        found.append(errors.invalid(f"{path}.searches", searches, "must not have more than 32 search paths"))
    if len(" ".join(searches)) > 2048:
        text = "must not have more than 2048 characters (including spaces) in the search list"
        found.append(errors.invalid(f"{path}.searches", searches, text))
    for where, search in checks.indexed(searches, f"{path}.searches"):
        found += checks.dns_subdomain(search.removesuffix("."), where) if search != "." else []
    for where, option in checks.indexed(many(config, "options"), f"{path}.options"):
        found += [] if option.get("name") else [errors.required(where, "must not be empty")]
    return found


def _gates(spec: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, gate in checks.indexed(many(spec, "readinessGates"), f"{path}.readinessGates"):
        found += checks.label_key(gate.get("conditionType") or "", f"{where}.conditionType")
    seen: set[str] = set()
    for where, gate in checks.indexed(many(spec, "schedulingGates"), f"{path}.schedulingGates"):
        name = gate.get("name") or ""
        found += checks.complaints(where, name, names.qualified(name))
        if name in seen:
            found.append(errors.duplicate(where, name))
        seen.add(name)
    return found


def _host_users(spec: Document, path: str) -> list[FieldError]:
    if spec.get("hostUsers") is not False:
        return []
    where = {"hostNetwork": "hostNetwork", "hostPID": "HostPID", "hostIPC": "HostIPC"}
    text = "when `pod.Spec.HostUsers` is false"
    return [errors.forbidden(f"{path}.{shown}", text) for key, shown in where.items() if spec.get(key)]


def _host_aliases(spec: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, alias in checks.indexed(many(spec, "hostAliases"), path):
        found += checks.ip_address(alias.get("ip") or "", f"{where}.ip")
        for name_path, name in checks.indexed(many(alias, "hostnames"), f"{where}.hostnames"):
            found += checks.dns_subdomain(name, name_path)
    return found


def _os(spec: Document, path: str) -> list[FieldError]:
    name = struct(spec, "os").get("name") or ""
    if not name:
        return [errors.required(f"{path}.os.name", "cannot be empty")]
    if name not in {"linux", "windows"}:
        return [errors.not_supported(f"{path}.os", name, ("linux", "windows"))]
    if name == "linux" and struct(spec, "securityContext").get("windowsOptions") is not None:
        text = "windows options cannot be set for a linux pod"
        return [errors.forbidden(f"{path}.securityContext.windowsOptions", text)]
    return []
