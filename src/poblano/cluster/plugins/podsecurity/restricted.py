"""The checks of the restricted level: what hardens a Pod.

Source: k8s.io/pod-security-admission/policy/check_*.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.kinds.tree import many
from poblano.cluster.plugins.podsecurity.baseline import ALSO_RESTRICTED, added_capabilities, seccomp
from poblano.cluster.plugins.podsecurity.findings import (
    Check,
    Finding,
    containers,
    context,
    is_windows,
    named,
    plural,
    quoted,
    setters,
)
from poblano.core.jsonvalue import Document

_VOLUMES: Final = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)


def _escalation(metadata: Document, spec: Document) -> Finding | None:
    names = [one["name"] for one in containers(spec) if context(one, "allowPrivilegeEscalation") is not False]
    if not names or is_windows(spec):
        return None
    detail = f"{named('container', names)} must set securityContext.allowPrivilegeEscalation=false"
    return Finding("allowPrivilegeEscalation != false", detail)


def _capabilities(metadata: Document, spec: Document) -> Finding | None:
    if is_windows(spec):
        return None
    lacking = [one["name"] for one in containers(spec) if "ALL" not in (context(one, "capabilities", "drop") or ())]
    details = [f'{named("container", lacking)} must set securityContext.capabilities.drop=["ALL"]'] if lacking else []
    reason = "unrestricted capabilities"
    added = added_capabilities(spec, reason, frozenset({"NET_BIND_SERVICE"}))
    details += [added.detail] if added else []
    return Finding(reason, "; ".join(details)) if details else None


def _volumes(metadata: Document, spec: Document) -> Finding | None:
    bad = {
        one["name"]: kind
        for one in many(spec, "volumes")
        if (kind := next((key for key in one if key != "name"), "unknown")) not in _VOLUMES
    }
    if not bad:
        return None
    kinds = sorted(set(bad.values()))
    uses = "uses" if len(bad) == 1 else "use"
    what = f"{plural('restricted volume type', len(kinds))} {quoted(kinds)}"
    return Finding("restricted volume types", f"{named('volume', list(bad))} {uses} {what}")


def _non_root(metadata: Document, spec: Document) -> Finding | None:
    on_pod: Any = context(spec, "runAsNonRoot")
    said = {one["name"]: context(one, "runAsNonRoot") for one in containers(spec)}
    wrong = [name for name, value in said.items() if value is False]
    silent = [name for name, value in said.items() if value is None]
    refusing_pod = on_pod is False and bool(silent or not said)
    reason = "runAsNonRoot != true"
    if wrong or refusing_pod:
        return Finding(reason, f"{setters(refusing_pod, wrong)} must not set securityContext.runAsNonRoot=false")
    if on_pod is None and silent:
        return Finding(reason, f"pod or {named('container', silent)} must set securityContext.runAsNonRoot=true")
    return None


def _user(metadata: Document, spec: Document) -> Finding | None:
    pod = context(spec, "runAsUser") == 0
    names = [one["name"] for one in containers(spec) if context(one, "runAsUser") == 0]
    return Finding("runAsUser=0", f"{setters(pod, names)} must not set runAsUser=0") if pod or names else None


def _seccomp(metadata: Document, spec: Document) -> Finding | None:
    explicit = seccomp(spec)
    if explicit is not None or is_windows(spec):
        return explicit
    if context(spec, "seccompProfile", "type") is not None:
        return None
    silent = [one["name"] for one in containers(spec) if context(one, "seccompProfile", "type") is None]
    must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Finding("seccompProfile", f"pod or {named('container', silent)} {must}") if silent else None


RESTRICTED: Final[tuple[Check, ...]] = (
    *ALSO_RESTRICTED,
    _escalation,
    _capabilities,
    _volumes,
    _non_root,
    _user,
    _seccomp,
)
"""All checks of the level: those of the baseline, then its own, each by their ids."""
