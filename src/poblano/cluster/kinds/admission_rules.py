"""The rules and conditions by which webhooks and admission policies say what they want to see.

Source: kubernetes/pkg/apis/admissionregistration/validation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names
from poblano.cluster.kinds.tree import many
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.cluster.cel.types import Type

_OPERATIONS: Final = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_MOST_CONDITIONS: Final = 64


def rule(given: Document, path: str) -> list[FieldError]:
    """What is wrong with a RuleWithOperations."""
    operations = many(given, "operations")
    found = [] if operations else [errors.required(f"{path}.operations")]
    if len(operations) > 1 and "*" in operations:
        text = "if '*' is present, must not specify other operations"
        found.append(errors.invalid(f"{path}.operations", operations, text))
    for where, operation in checks.indexed(operations, f"{path}.operations"):
        if operation not in _OPERATIONS:
            found.append(errors.not_supported(where, operation, _OPERATIONS))
    found += _alone(given, "apiGroups", "API groups", path) + _alone(given, "apiVersions", "API versions", path)
    for where, version in checks.indexed(many(given, "apiVersions"), f"{path}.apiVersions"):
        found += [] if version else [errors.required(where)]
    found += _resources(many(given, "resources"), f"{path}.resources")
    return found + checks.known(given.get("scope"), f"{path}.scope", "*", "Cluster", "Namespaced")


def _alone(given: Document, key: str, words: str, path: str) -> list[FieldError]:
    values = many(given, key)
    if not values:
        return [errors.required(f"{path}.{key}")]
    if len(values) > 1 and "*" in values:
        return [errors.invalid(f"{path}.{key}", values, f"if '*' is present, must not specify other {words}")]
    return []


def _resources(resources: list[str], path: str) -> list[FieldError]:
    if not resources:
        return [errors.required(path)]
    found: list[FieldError] = []
    with_all_parts: set[str] = set()
    part_of_all: set[str] = set()
    for where, text in checks.indexed(resources, path):
        if not text:
            found.append(errors.required(where))
            continue
        if text == "*/*" and len(resources) > 1:
            more = "if '*/*' is present, must not specify other resources with subresources"
            found.append(errors.invalid(where, text, more)) if any(
                "/" in one for one in resources if one != text
            ) else None
        resource, _, part = text.partition("/")
        if resource in with_all_parts:
            why = f"if '{resource}/*' is present, must not specify {text}"
            found.append(errors.invalid(where, text, why))
        if part in part_of_all:
            found.append(errors.invalid(where, text, f"if '*/{part}' is present, must not specify {text}"))
        if part == "*" and resource != "*":
            with_all_parts.add(resource)
        if resource == "*" and part not in {"*", ""}:
            part_of_all.add(part)
    if len(resources) > 1 and "*" in resources and any("/" not in one and one != "*" for one in resources):
        text = "if '*' is present, must not specify other resources without subresources"
        found.append(errors.invalid(path, resources, text))
    return found


def conditions(given: list[Document], path: str, *, params: bool = False) -> list[FieldError]:
    """What is wrong with matchConditions; `params` says whether they may refer to parameters."""
    from poblano.cluster.cel.request_types import CONDITION
    from poblano.cluster.cel.types import BOOL, DYN

    variables = {**CONDITION, "params": DYN} if params else CONDITION
    found: list[FieldError] = []
    if len(given) > _MOST_CONDITIONS:
        found.append(errors.too_many(path, len(given), _MOST_CONDITIONS))
    seen: set[str] = set()
    for where, one in checks.indexed(given, path):
        text, name = (one.get("expression") or "").strip(), one.get("name") or ""
        found += (
            expression(one.get("expression") or "", f"{where}.expression", variables, (BOOL,))
            if text
            else [errors.required(f"{where}.expression")]
        )
        if not name:
            found.append(errors.required(f"{where}.name"))
            continue
        found += checks.complaints(f"{where}.name", name, names.qualified(name))
        if name in seen:
            found.append(errors.duplicate(f"{where}.name", name))
        seen.add(name)
    return found


def expression(text: str, path: str, variables: Mapping[str, Type], wanted: Sequence[Type] = ()) -> list[FieldError]:
    """What is wrong with a CEL expression, in the compiler's words; `wanted` are the types it may have, none for any."""
    from poblano.cluster import cel

    try:
        found = cel.compile(text, variables).type
    except cel.CompileError as error:
        return [errors.invalid(path, text, f"compilation failed: {error}")]
    if not wanted or found in wanted:
        return []
    if len(wanted) == 1:
        return [errors.invalid(path, text, f"must evaluate to {wanted[0]} but got {found}")]
    return [errors.invalid(path, text, f"must evaluate to one of [{' '.join(map(str, wanted))}]")]
