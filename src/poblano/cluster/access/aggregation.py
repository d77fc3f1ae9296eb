"""ClusterRoles that are put together from others by label.

The real control plane leaves this to a controller that writes the rules into the role. Here authorization reads through the
`aggregationRule`, so that an aggregated role works with no controller running.

Source: k8s.io/kubernetes/pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from poblano.core.jsonvalue import Document


def aggregated(role: Document, roles: Sequence[Document]) -> Document:
    """`role` with the rules of all roles it selects, and of those that they select.

    Args:
        role: a ClusterRole with an aggregationRule.
        roles: all ClusterRoles.

    >>> part = {"metadata": {"name": "part", "labels": {"to": "x"}}, "rules": [{"verbs": ["get"]}]}
    >>> whole = {"metadata": {"name": "whole"}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "x"}}]}}
    >>> aggregated(whole, [part, whole])["rules"]
    [{'verbs': ['get']}]
    """
    return {**role, "rules": _rules(role, sorted(roles, key=_name), {_name(role)})}


def _rules(role: Document, roles: Sequence[Document], seen: set[str]) -> list[Document]:
    rules: list[Document] = []
    for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
        for other in roles:
            if _name(other) in seen or not selects(selector, other["metadata"].get("labels") or {}):
                continue
            rules += [rule for rule in _rules_of(other, roles, seen) if rule not in rules]
    return rules


def _rules_of(role: Document, roles: Sequence[Document], seen: set[str]) -> list[Document]:
    if role.get("aggregationRule"):
        seen.add(_name(role))
        return _rules(role, roles, seen)
    rules: list[Document] = role.get("rules") or []
    return rules


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector selects what has these labels; an empty one selects everything.

    >>> selects({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}, {"a": "1"})
    True
    """
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_meets(requirement, labels) for requirement in selector.get("matchExpressions") or ())


def _meets(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def _name(role: Document) -> str:
    name: str = role["metadata"]["name"]
    return name
