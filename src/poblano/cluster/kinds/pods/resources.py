"""Resource requests and limits.

Source: ValidateResourceRequirements in kubernetes/pkg/apis/core/validation, pkg/apis/core/helper
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names, quantity
from poblano.cluster.kinds.tree import struct
from poblano.core.jsonvalue import Document

_CONTAINER: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
_INTEGERS: Final = frozenset(
    {"pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims"}
    | {"services.nodeports", "services.loadbalancers"}
)
_QUOTA: Final = frozenset(
    {"cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage", "storage"}
    | {"requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage"}
)
_STANDARD: Final = _QUOTA | _INTEGERS


def validate(resources: Document | None, path: str, claims: frozenset[str] = frozenset()) -> list[FieldError]:
    """What is wrong with a container's ``resources``."""
    resources = resources or {}
    limits, requests = struct(resources, "limits"), struct(resources, "requests")
    found: list[FieldError] = []
    for name, value in limits.items():
        found += _container_resource(name, value, f"{path}.limits[{name}]")
    for name, value in requests.items():
        found += _container_resource(name, value, f"{path}.requests[{name}]")
        if name in limits:
            found += _above_limit(name, value, limits[name], f"{path}.requests")
        elif not _overcommits(name):
            found.append(errors.required(f"{path}.limits", "Limit must be set for non overcommitable resources"))
    return [*found, *_claims(resources, claims, f"{path}.claims")]


def _container_resource(name: str, value: Any, path: str) -> list[FieldError]:
    return [*container_name(name, path), *amount(name, value, path)]


def _above_limit(name: str, value: Any, limit: Any, path: str) -> list[FieldError]:
    wanted, most = quantity.number(value), quantity.number(limit)
    if wanted != most and not _overcommits(name):
        return [errors.invalid(path, str(value), f"must be equal to {name} limit of {limit}")]
    if wanted > most:
        return [errors.invalid(path, str(value), f"must be less than or equal to {name} limit of {limit}")]
    return []


def _overcommits(name: str) -> bool:
    return _is_native(name) and not name.startswith("hugepages-")


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _is_extended(name: str) -> bool:
    return not (_is_native(name) or name.startswith("requests.") or names.qualified(f"requests.{name}"))


def resource_name(name: str, path: str) -> list[FieldError]:
    """What is wrong with the name of any resource."""
    found = checks.complaints(path, name, names.qualified(name))
    if not found and "/" not in name and name not in _STANDARD and not name.startswith("hugepages-"):
        return [errors.invalid(path, name, "must be a standard resource type or fully qualified")]
    return found


def container_name(name: str, path: str) -> list[FieldError]:
    """What is wrong with the name of a resource that a container asks for."""
    found = resource_name(name, path)
    if "/" not in name:
        if name not in _CONTAINER and not name.startswith("hugepages-"):
            found.append(errors.invalid(path, name, "must be a standard resource for containers"))
    elif not _is_native(name) and not _is_extended(name):
        found.append(errors.invalid(path, name, "doesn't follow extended resource name standard"))
    return found


def quota_name(name: str, path: str) -> list[FieldError]:
    """What is wrong with the name of a resource that a quota limits."""
    found = checks.complaints(path, name, names.qualified(name))
    if found or "/" in name:
        return found
    fine = name in _STANDARD or name.startswith(("hugepages-", "requests.hugepages-", "count/"))
    return [] if fine else [errors.invalid(path, name, "must be a standard resource for quota")]


def amount(name: str, value: Any, path: str) -> list[FieldError]:
    """What is wrong with the amount of a resource: negative, or a fraction of what has none."""
    exact = quantity.number(value)
    found = [errors.invalid(path, str(value), checks.NEGATIVE)] if exact < 0 else []
    if (name in _INTEGERS or _is_extended(name)) and exact.denominator != 1:
        found.append(errors.invalid(path, str(value), "must be an integer"))
    return found


def _claims(resources: Document, known: frozenset[str], path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, claim in checks.indexed(resources.get("claims"), path):
        name = claim.get("name") or ""
        if not name:
            found.append(errors.required(f"{where}.name"))
        elif name not in known:
            found.append(errors.not_found(where, name))
    return found
