"""Where a Pod may run: affinity, tolerations, topology spread.

Source: validateAffinity, ValidateTolerations, validateTopologySpreadConstraints in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names, selectors
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_OPERATOR: Final = "not a valid selector operator"


def affinity(spec: Document, path: str) -> list[FieldError]:
    """What is wrong with the affinity of a Pod."""
    given = struct(spec, "affinity")
    found: list[FieldError] = []
    node = struct(given, "nodeAffinity")
    if node.get(_REQUIRED) is not None:
        found += node_selector(node[_REQUIRED], f"{path}.nodeAffinity.{_REQUIRED}")
    for where, term in checks.indexed(many(node, _PREFERRED), f"{path}.nodeAffinity.{_PREFERRED}"):
        found += _weight(term, where)
        found += _node_term(struct(term, "preference"), f"{where}.preference")
    for kind in ("podAffinity", "podAntiAffinity"):
        found += _pod_affinity(struct(given, kind), f"{path}.{kind}")
    return found


def node_selector(selector: Document, path: str) -> list[FieldError]:
    """What is wrong with a NodeSelector."""
    terms = many(selector, "nodeSelectorTerms")
    if not terms:
        return [errors.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")]
    return [
        error for where, term in checks.indexed(terms, f"{path}.nodeSelectorTerms") for error in _node_term(term, where)
    ]


def _node_term(term: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, requirement in checks.indexed(many(term, "matchExpressions"), f"{path}.matchExpressions"):
        found += _node_expression(requirement, where)
    for where, requirement in checks.indexed(many(term, "matchFields"), f"{path}.matchFields"):
        found += _node_field(requirement, where)
    return found


def _node_expression(requirement: Document, path: str) -> list[FieldError]:
    operator, values = requirement.get("operator") or "", many(requirement, "values")
    found: list[FieldError] = []
    where = f"{path}.values"
    if operator in {"In", "NotIn"}:
        if not values:
            found.append(errors.required(where, "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in {"Exists", "DoesNotExist"}:
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            found.append(errors.forbidden(where, text))
    elif operator in {"Gt", "Lt"}:
        if len(values) != 1:
            found.append(errors.required(where, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
    else:
        found.append(errors.invalid(f"{path}.operator", operator, _OPERATOR))
    return [*found, *checks.label_key(requirement.get("key") or "", f"{path}.key")]


def _node_field(requirement: Document, path: str) -> list[FieldError]:
    operator, values = requirement.get("operator") or "", many(requirement, "values")
    found: list[FieldError] = []
    if operator not in {"In", "NotIn"}:
        found.append(errors.invalid(f"{path}.operator", operator, _OPERATOR))
    elif len(values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        found.append(errors.required(f"{path}.values", text))
    key = requirement.get("key") or ""
    if key != "metadata.name":
        return [*found, errors.invalid(f"{path}.key", key, "not a valid field selector key")]
    for where, value in checks.indexed(values, f"{path}.values"):
        found += checks.dns_subdomain(value, where)
    return found


def _weight(term: Document, path: str) -> list[FieldError]:
    weight = term.get("weight") or 0
    return [] if 0 < weight <= 100 else [errors.invalid(f"{path}.weight", weight, "must be in the range 1-100")]


def _pod_affinity(given: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for where, term in checks.indexed(many(given, _REQUIRED), f"{path}.{_REQUIRED}"):
        found += _pod_term(term, where)
    for where, term in checks.indexed(many(given, _PREFERRED), f"{path}.{_PREFERRED}"):
        found += _weight(term, where)
        found += _pod_term(struct(term, "podAffinityTerm"), f"{where}.podAffinityTerm")
    return found


def _pod_term(term: Document, path: str) -> list[FieldError]:
    found = selectors.validate(struct(term, "labelSelector"), f"{path}.labelSelector")
    found += selectors.validate(struct(term, "namespaceSelector"), f"{path}.namespaceSelector")
    for name in many(term, "namespaces"):
        found += checks.dns_label(name, f"{path}.namespace")
    topology = term.get("topologyKey") or ""
    if not topology:
        found.append(errors.required(f"{path}.topologyKey", "can not be empty"))
    return [*found, *checks.label_key(topology, f"{path}.topologyKey")]


def tolerations(items: Iterable[Any], path: str) -> list[FieldError]:
    """What is wrong with tolerations."""
    return [error for where, one in checks.indexed(list(items), path) for error in _toleration(one, where)]


def _toleration(one: Document, path: str) -> list[FieldError]:
    key, operator, effect = (one.get(name) or "" for name in ("key", "operator", "effect"))
    text = one.get("value") or ""
    found = checks.label_key(key, f"{path}.key") if key else []
    if not key and operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        found.append(errors.invalid(f"{path}.operator", operator, why))
    if one.get("tolerationSeconds") is not None and effect != "NoExecute":
        why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        found.append(errors.invalid(f"{path}.effect", effect, why))
    if operator in {"Equal", ""}:
        wrong = names.label_value(text)
        found += [errors.invalid(f"{path}.operator", text, ";".join(wrong))] if wrong else []
    elif operator == "Exists":
        why = "value must be empty when `operator` is 'Exists'"
        found += [errors.invalid(f"{path}.operator", one, why)] if text else []
    else:
        found.append(errors.not_supported(f"{path}.operator", operator, ("Equal", "Exists")))
    return [*found, *(checks.choice(effect, f"{path}.effect", *EFFECTS) if effect else ())]


def topology_spread(constraints: Iterable[Any], path: str) -> list[FieldError]:
    """What is wrong with topologySpreadConstraints."""
    found: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for where, one in checks.indexed(list(constraints), path):
        found += _spread(one, where)
        key, when = one.get("topologyKey") or "", one.get("whenUnsatisfiable") or ""
        if (key, when) in seen:
            found.append(errors.duplicate(f"{where}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {when}}}"))
        seen.add((key, when))
    return found


def _spread(one: Document, path: str) -> list[FieldError]:
    skew, key = one.get("maxSkew") or 0, one.get("topologyKey") or ""
    found = [] if skew > 0 else [errors.invalid(f"{path}.maxSkew", skew, checks.NOT_POSITIVE)]
    if not key:
        found.append(errors.required(f"{path}.topologyKey", "can not be empty"))
    else:
        found += checks.label_key(key, f"{path}.topologyKey")
    when = one.get("whenUnsatisfiable") or ""
    if when not in {"DoNotSchedule", "ScheduleAnyway"}:
        allowed = ("DoNotSchedule", "ScheduleAnyway")
        found.append(errors.not_supported(f"{path}.whenUnsatisfiable", when, allowed))
    if one.get("minDomains") is not None:
        found += _min_domains(one["minDomains"], when, f"{path}.minDomains")
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        found += checks.known(one.get(name), f"{path}.{name}", "Honor", "Ignore")
    return [*found, *selectors.validate(struct(one, "labelSelector"), f"{path}.labelSelector")]


def _min_domains(number: int, when: str, path: str) -> list[FieldError]:
    found = [] if number > 0 else [errors.invalid(path, number, checks.NOT_POSITIVE)]
    if when != "DoNotSchedule":
        text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}"
        found.append(errors.invalid(path, number, text))
    return found
