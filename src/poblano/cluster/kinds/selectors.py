"""Label selectors: what is wrong with one, what it selects, how it is written as text.

Source: k8s.io/apimachinery pkg/apis/meta/v1/validation and helpers.go
"""

from __future__ import annotations

from collections.abc import Mapping

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, metadata, names
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_LIST_OPERATORS = frozenset({"In", "NotIn"})
_BARE_OPERATORS = frozenset({"Exists", "DoesNotExist"})


def validate(selector: Document | None, path: str) -> list[FieldError]:
    """What is wrong with a LabelSelector; None is fine.

    >>> [str(e) for e in validate({"matchExpressions": [{"key": "a", "operator": "In"}]}, "spec.selector")]
    ["spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]
    """
    if not selector:
        return []
    found = metadata.label_errors(selector.get("matchLabels"), f"{path}.matchLabels")
    for where, requirement in checks.indexed(selector.get("matchExpressions"), f"{path}.matchExpressions"):
        found += _requirement(requirement, where)
    return found


def _requirement(requirement: Document, path: str) -> list[FieldError]:
    operator, values = requirement.get("operator") or "", many(requirement, "values")
    found: list[FieldError] = []
    if operator in _LIST_OPERATORS:
        if not values:
            found.append(errors.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in _BARE_OPERATORS:
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            found.append(errors.forbidden(f"{path}.values", text))
    else:
        found.append(errors.invalid(f"{path}.operator", operator, "not a valid selector operator"))
    found += checks.label_key(requirement.get("key") or "", f"{path}.key")
    for where, value in checks.indexed(values, f"{path}.values"):
        found += checks.complaints(where, value, names.label_value(value))
    return found


def is_empty(selector: Document | None) -> bool:
    """Whether the selector is there and selects everything."""
    return not (struct(selector, "matchLabels") or many(selector, "matchExpressions"))


def matches(selector: Document | None, labels: Mapping[str, str]) -> bool:
    """Whether labels are selected; an absent selector selects nothing.

    >>> matches({"matchLabels": {"a": "b"}}, {"a": "b", "c": "d"})
    True
    """
    if selector is None:
        return False
    wanted = struct(selector, "matchLabels")
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(requirement, labels) for requirement in many(selector, "matchExpressions")
    )


def _holds(requirement: Document, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(requirement.get("key", "")), many(requirement, "values")
    match requirement.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def as_text(selector: Document | None) -> str:
    """The selector as it stands in a query or in a Scale's status (LabelSelectorAsSelector, then String).

    >>> as_text({"matchLabels": {"b": "1", "a": "2"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]})
    'a=2,b=1,c'
    """
    if selector is None:
        return ""
    parts = [(key, f"{key}={value}") for key, value in struct(selector, "matchLabels").items()]
    for requirement in many(selector, "matchExpressions"):
        key, values = requirement.get("key", ""), ",".join(sorted(many(requirement, "values")))
        text = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append((key, text.get(requirement.get("operator", ""), f"!{key}")))
    return ",".join(text for _, text in sorted(parts, key=lambda part: part[0]))
