"""Environment variables of containers, and the downward API behind some of them.

Source: ValidateEnv, ValidateEnvFrom in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names, quantity
from poblano.core.jsonvalue import Document

_ENV_FIELDS: Final = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
VOLUME_FIELDS: Final = (
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
)
_KNOWN_FIELDS: Final = frozenset(
    {*_ENV_FIELDS, *VOLUME_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase"}
)
_RESOURCES: Final = tuple(
    f"{part}.{name}" for part in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)
_DIVISORS: Final = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_SOURCES: Final = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_MORE_THAN_ONE: Final = "may not have more than one field specified at a time"


def validate(variables: Iterable[Document] | None, path: str) -> list[FieldError]:
    """What is wrong with ``env``."""
    found: list[FieldError] = []
    for where, variable in checks.indexed(list(variables or ()), path):
        name = variable.get("name") or ""
        wrong = checks.complaints(f"{where}.name", name, names.env_name(name))
        found += wrong if name else [errors.required(f"{where}.name")]
        if variable.get("valueFrom") is not None:
            found += _value_from(variable, f"{where}.valueFrom")
    return found


def _value_from(variable: Document, path: str) -> list[FieldError]:
    source = variable["valueFrom"]
    given = [name for name in _SOURCES if source.get(name) is not None]
    found: list[FieldError] = []
    for name in given:
        where = f"{path}.{name}"
        if name == "fieldRef":
            found += field_reference(source[name], where, _ENV_FIELDS)
        elif name == "resourceFieldRef":
            found += resource_reference(source[name], where)
        elif name != "fileKeyRef":
            found += _key_reference(source[name], where)
    if not given:
        choices = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        found.append(errors.invalid(path, "", f"must specify one of: {choices}"))
    elif variable.get("value"):
        found.append(errors.invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(given) > 1:
        found.append(errors.invalid(path, "", _MORE_THAN_ONE))
    return found


def field_reference(reference: Document, path: str, allowed: tuple[str, ...]) -> list[FieldError]:
    """What is wrong with a fieldRef that may name one of `allowed`."""
    version, field = reference.get("apiVersion"), reference.get("fieldPath") or ""
    if not version:
        return [errors.required(f"{path}.apiVersion")]
    if not field:
        return [errors.required(f"{path}.fieldPath")]
    subscripted = re.fullmatch(r"(.*)\['(.*)'\]", field)
    base = subscripted[1] if subscripted else field
    if version != "v1":
        text = f"error converting fieldPath: unsupported pod version: {version}"
        return [errors.invalid(f"{path}.fieldPath", field, text)]
    if base not in _KNOWN_FIELDS:
        return [
            errors.invalid(f"{path}.fieldPath", field, f"error converting fieldPath: field label not supported: {base}")
        ]
    if subscripted is None:
        unknown = base not in allowed
        return [errors.not_supported(f"{path}.fieldPath", base, sorted(allowed))] if unknown else []
    if base not in {"metadata.annotations", "metadata.labels"}:
        return [errors.invalid(path, base, "does not support subscript")]
    key = subscripted[2].lower() if base == "metadata.annotations" else subscripted[2]
    return checks.complaints(path, key, names.qualified(key))


def resource_reference(reference: Document, path: str, *, volume: bool = False) -> list[FieldError]:
    """What is wrong with a resourceFieldRef."""
    resource = reference.get("resource") or ""
    found: list[FieldError] = []
    if volume and not reference.get("containerName"):
        found.append(errors.required(f"{path}.containerName"))
    elif not resource:
        found.append(errors.required(f"{path}.resource"))
    elif resource not in _RESOURCES and not resource.startswith(("limits.hugepages-", "requests.hugepages-")):
        found.append(errors.not_supported(f"{path}.resource", resource, _RESOURCES))
    return [*found, *_divisor(resource, reference.get("divisor") or "0", path)]


def _divisor(resource: str, divisor: str, path: str) -> list[FieldError]:
    kind = resource.partition(".")[2]
    if not quantity.number(divisor):
        return []
    if kind == "cpu":
        text = "only divisor's values 1m and 1 are supported with the cpu resource"
        return [] if divisor in {"1m", "1"} else [errors.invalid(f"{path}.divisor", resource, text)]
    known = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}
    word = known.get(kind, "hugepages" if kind.startswith("hugepages-") else "")
    if not word or divisor in _DIVISORS:
        return []
    text = f"only divisor's values {', '.join(_DIVISORS)} are supported with the {word} resource"
    return [errors.invalid(f"{path}.divisor", resource, text)]


def _key_reference(reference: Document, path: str) -> list[FieldError]:
    name, key = reference.get("name") or "", reference.get("key") or ""
    found = checks.dns_subdomain(name, f"{path}.name")
    if not key:
        return [*found, errors.required(f"{path}.key")]
    return [*found, *checks.complaints(f"{path}.key", key, names.config_key(key))]


def validate_from(sources: Iterable[Document] | None, path: str) -> list[FieldError]:
    """What is wrong with ``envFrom``."""
    found: list[FieldError] = []
    for where, source in checks.indexed(list(sources or ()), path):
        prefix = source.get("prefix") or ""
        if prefix:
            found += checks.complaints(f"{where}.prefix", prefix, names.env_name(prefix))
        given = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
        for name in given:
            found += _reference(source[name], f"{where}.{name}")
        if not given:
            found.append(errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(given) > 1:
            found.append(errors.invalid(path, "", _MORE_THAN_ONE))
    return found


def _reference(reference: Document, path: str) -> list[FieldError]:
    name = reference.get("name") or ""
    wrong = checks.complaints(f"{path}.name", name, names.subdomain(names.prefix(name)))
    return wrong if name else [errors.required(f"{path}.name")]
