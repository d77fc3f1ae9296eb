"""Security contexts of Pods and containers.

Source: ValidateSecurityContext, validatePodSpecSecurityContext in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

import re
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks
from poblano.cluster.kinds.pods import paths
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_SYSCTL: Final = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_PROFILES: Final = ("Localhost", "RuntimeDefault", "Unconfined")


def container(context: Document | None, path: str) -> list[FieldError]:
    """What is wrong with the security context of a container."""
    if not context:
        return []
    found = _ids(context, path, "runAsUser", "runAsGroup")
    found += checks.known(context.get("procMount"), f"{path}.procMount", "Default", "Unmasked")
    found += _profiles(context, path)
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            found.append(errors.invalid(path, context, text))
        if {"SYS_ADMIN", "CAP_SYS_ADMIN"} & set(many(context, "capabilities", "add")):
            text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            found.append(errors.invalid(path, context, text))
    return found


def pod(spec: Document, path: str) -> list[FieldError]:
    """What is wrong with the security context of a Pod."""
    context = struct(spec, "securityContext")
    found = _ids(context, path, "fsGroup", "runAsUser", "runAsGroup")
    for where, group in checks.indexed(context.get("supplementalGroups"), f"{path}.supplementalGroups"):
        found += checks.complaints(where, group, checks.between(group, 0, checks.MAX_INT32))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        found.append(errors.invalid(f"{path}.shareProcessNamespace", True, text))
    found += _sysctls(context, spec, f"{path}.sysctls")
    found += checks.known(context.get("fsGroupChangePolicy"), f"{path}.fsGroupChangePolicy", "Always", "OnRootMismatch")
    found += _profiles(context, path)
    policy = context.get("supplementalGroupsPolicy")
    return [*found, *checks.known(policy, f"{path}.supplementalGroupsPolicy", "Merge", "Strict")]


def _ids(context: Document, path: str, *keys: str) -> list[FieldError]:
    found: list[FieldError] = []
    for key in keys:
        value = context.get(key)
        if isinstance(value, int):
            found += checks.complaints(f"{path}.{key}", value, checks.between(value, 0, checks.MAX_INT32))
    return found


def _sysctls(context: Document, spec: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, sysctl in checks.indexed(context.get("sysctls"), path):
        name = sysctl.get("name") or ""
        if not name:
            found.append(errors.required(f"{where}.name"))
        elif len(name) > 253 or not re.match(_SYSCTL, name):
            text = f"must have at most 253 characters and match regex {_SYSCTL}"
            found.append(errors.invalid(f"{where}.name", name, text))
        elif name in seen:
            found.append(errors.duplicate(f"{where}.name", name))
        if spec.get("hostNetwork") and name.startswith("net."):
            text = "may not be specified when 'hostNetwork' is true"
            found.append(errors.invalid(f"{where}.name", name, text))
        if spec.get("hostIPC") and name.startswith(("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")):
            found.append(errors.invalid(f"{where}.name", name, "may not be specified when 'hostIPC' is true"))
        seen.add(name)
    return found


def _profiles(context: Document, path: str) -> list[FieldError]:
    return [
        *_profile(context.get("seccompProfile"), f"{path}.seccompProfile", "seccomp", "seccompProfile"),
        *_profile(context.get("appArmorProfile"), f"{path}.appArmorProfile", "AppArmor", "appArmorProfile"),
    ]


def _profile(profile: Document | None, path: str, word: str, name: str) -> list[FieldError]:
    if profile is None:
        return []
    kind, local = profile.get("type") or "", profile.get("localhostProfile")
    found: list[FieldError] = []
    if not kind:
        found.append(errors.required(f"{path}.type", f"type is required when {name} is set"))
    elif kind not in _PROFILES:
        found.append(errors.not_supported(f"{path}.type", kind, _PROFILES))
    where = f"{path}.localhostProfile"
    if kind != "Localhost":
        if local is not None:
            shown = profile if word == "seccomp" else local
            found.append(errors.invalid(where, shown, f"can only be set when {word} type is Localhost"))
    elif local is None or (word != "seccomp" and not local):
        found.append(errors.required(where, f"must be set when {word} type is Localhost"))
    elif word == "seccomp":
        found += paths.descending(local, where)
    return found
