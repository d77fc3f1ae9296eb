"""The checks of the baseline level: no known ways out of a container.

Source: k8s.io/pod-security-admission/policy/check_*.go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.plugins.podsecurity.findings import (
    Check,
    Finding,
    containers,
    context,
    named,
    plural,
    quoted,
    setters,
)
from poblano.core.jsonvalue import Document

_CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SYSCTLS: Final = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)
_SELINUX_TYPES: Final = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"


def _app_armor(metadata: Document, spec: Document) -> Finding | None:
    pod, names, values = _setting(
        spec, ("appArmorProfile", "type"), lambda one: one not in ("RuntimeDefault", "Localhost")
    )
    found = (
        [f"{setters(pod, names)} must not set AppArmor profile type to {quoted(sorted(set(values)))}"]
        if pod or names
        else []
    )
    wrong = sorted(
        f'{key}="{value}"'
        for key, value in struct(metadata, "annotations").items()
        if key.startswith(_APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/")
    )
    if wrong:
        found.append(f"{plural('annotation', len(wrong))} {', '.join(wrong)}")
    count = len(set(values)) + len(wrong)
    return Finding(plural("forbidden AppArmor profile", count), "; ".join(found)) if count else None


def _setting(spec: Document, path: tuple[str, ...], is_bad: Callable[[Any], bool]) -> tuple[bool, list[str], list[Any]]:
    """Whether the Pod, and which containers, set something bad; and what they set."""
    on_pod = context(spec, *path)
    pod = on_pod is not None and is_bad(on_pod)
    bad = {one["name"]: said for one in containers(spec) if (said := context(one, *path)) is not None and is_bad(said)}
    return pod, list(bad), [*bad.values(), *([on_pod] if pod else [])]


def _capabilities(metadata: Document, spec: Document) -> Finding | None:
    return added_capabilities(spec, "non-default capabilities", _CAPABILITIES)


def added_capabilities(spec: Document, reason: str, allowed: frozenset[str]) -> Finding | None:
    """The finding for capabilities that are added and not allowed."""
    bad = {
        one["name"]: more
        for one in containers(spec)
        if (more := set(context(one, "capabilities", "add") or ()) - allowed)
    }
    if not bad:
        return None
    added = quoted(sorted(set[str]().union(*bad.values())))
    return Finding(
        reason, f"{named('container', list(bad))} must not include {added} in securityContext.capabilities.add"
    )


def _namespaces(metadata: Document, spec: Document) -> Finding | None:
    used = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    return Finding("host namespaces", ", ".join(used)) if used else None


def _host_paths(metadata: Document, spec: Document) -> Finding | None:
    names = [one["name"] for one in many(spec, "volumes") if one.get("hostPath") is not None]
    return Finding("hostPath volumes", named("volume", names)) if names else None


def _host_ports(metadata: Document, spec: Document) -> Finding | None:
    used = {
        one["name"]: ports
        for one in containers(spec)
        if (ports := {port["hostPort"] for port in many(one, "ports") if port.get("hostPort")})
    }
    if not used:
        return None
    numbers = sorted(set[int]().union(*used.values()))
    return Finding("hostPort", _uses(list(used), "hostPort", ", ".join(map(str, numbers)), len(numbers)))


def _uses(names: list[str], what: str, which: str, count: int) -> str:
    return f"{named('container', names)} {'uses' if len(names) == 1 else 'use'} {plural(what, count)} {which}"


def _host_probes(metadata: Document, spec: Document) -> Finding | None:
    used = {one["name"]: hosts for one in containers(spec) if (hosts := _hosts(one))}
    if not used:
        return None
    names = sorted(set[str]().union(*used.values()))
    return Finding("probe or lifecycle host", _uses(list(used), "probe or lifecycle host", quoted(names), len(names)))


def _hosts(container: Document) -> set[str]:
    handlers = [struct(container, key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += [struct(container, "lifecycle", key) for key in ("postStart", "preStop")]
    return {host for one in handlers for way in ("httpGet", "tcpSocket") if (host := struct(one, way).get("host"))}


def _privileged(metadata: Document, spec: Document) -> Finding | None:
    names = [one["name"] for one in containers(spec) if context(one, "privileged")]
    return (
        Finding("privileged", f"{named('container', names)} must not set securityContext.privileged=true")
        if names
        else None
    )


def _proc_mount(metadata: Document, spec: Document) -> Finding | None:
    _, names, values = _setting(spec, ("procMount",), lambda one: one != "Default")
    detail = f"{named('container', names)} must not set securityContext.procMount to {quoted(sorted(set(values)))}"
    return Finding("procMount", detail) if names else None


def _se_linux(metadata: Document, spec: Document) -> Finding | None:
    pod, names, _ = _setting(spec, ("seLinuxOptions",), lambda one: bool(_bad_options([one])))
    if not (pod or names):
        return None
    given: list[Document] = [context(one, "seLinuxOptions") or {} for one in (spec, *containers(spec))]
    detail = f"{setters(pod, names)} set forbidden securityContext.seLinuxOptions: {'; '.join(_bad_options(given))}"
    return Finding("seLinuxOptions", detail)


def _bad_options(given: list[Document]) -> list[str]:
    types = sorted({kind for one in given if (kind := one.get("type") or "") not in _SELINUX_TYPES})
    found = [named("type", types)] if types else []
    return found + [f"{key} may not be set" for key in ("user", "role") if any(one.get(key) for one in given)]


def seccomp(spec: Document) -> Finding | None:
    """The finding for a seccomp profile that is said to be none."""
    pod, names, values = _setting(
        spec, ("seccompProfile", "type"), lambda one: one not in ("RuntimeDefault", "Localhost")
    )
    detail = f"{setters(pod, names)} must not set securityContext.seccompProfile.type to {quoted(sorted(set(values)))}"
    return Finding("seccompProfile", detail) if pod or names else None


def _sysctls(metadata: Document, spec: Document) -> Finding | None:
    bad = [one["name"] for one in context(spec, "sysctls") or () if one["name"] not in _SYSCTLS]
    return Finding(plural("forbidden sysctl", len(bad)), ", ".join(bad)) if bad else None


def _host_process(metadata: Document, spec: Document) -> Finding | None:
    pod = bool(context(spec, "windowsOptions", "hostProcess"))
    names = [one["name"] for one in containers(spec) if context(one, "windowsOptions", "hostProcess")]
    detail = f"{setters(pod, names)} must not set securityContext.windowsOptions.hostProcess=true"
    return Finding("hostProcess", detail) if pod or names else None


BASELINE: Final[tuple[Check, ...]] = (
    _app_armor,
    _capabilities,
    _namespaces,
    _host_paths,
    _host_ports,
    _host_probes,
    _privileged,
    _proc_mount,
    _se_linux,
    lambda metadata, spec: seccomp(spec),
    _sysctls,
    _host_process,
)
"""All checks of the level, by their ids."""

ALSO_RESTRICTED: Final[tuple[Check, ...]] = (
    _app_armor,
    _namespaces,
    _host_ports,
    _host_probes,
    _privileged,
    _proc_mount,
    _se_linux,
    _sysctls,
    _host_process,
)
"""Those for which the restricted level has no stricter one."""
