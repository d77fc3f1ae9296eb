"""Whether some rules allow all that others would, and how what is missing is said.

Source: k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go, k8s.io/kubernetes/pkg/registry/rbac/validation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from poblano.cluster.access.rules import Rule, url_covers
from poblano.cluster.field_errors import go_value


def uncovered(owned: Sequence[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """The parts of `wanted` that no rule of `owned` allows, each with one verb, resource and name.

    >>> uncovered([Rule(("get",), ("",), ("pods",))], [Rule(("get", "list"), ("",), ("pods",))])
    [Rule(verbs=('list',), groups=('',), resources=('pods',), names=(), urls=())]
    """
    return [part for rule in wanted for part in parts(rule) if not any(_covers(owner, part) for owner in owned)]


def parts(rule: Rule) -> Iterator[Rule]:
    """A rule taken apart: rules with one verb, group, resource and name, or one verb and path."""
    for group in rule.groups:
        for resource in rule.resources:
            for verb in rule.verbs:
                for name in rule.names or (None,):
                    yield Rule((verb,), (group,), (resource,), () if name is None else (name,))
    for url in rule.urls:
        for verb in rule.verbs:
            yield Rule((verb,), urls=(url,))


def _covers(owner: Rule, part: Rule) -> bool:
    return (
        _all_in(owner.verbs, part.verbs)
        and _all_in(owner.groups, part.groups)
        and all(_has_resource(owner.resources, resource) for resource in part.resources)
        and all(any(url_covers(own, url) for own in owner.urls) for url in part.urls)
        and (not owner.names or (bool(part.names) and set(part.names) <= set(owner.names)))
    )


def _all_in(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    return "*" in owned or set(wanted) <= set(owned)


def _has_resource(owned: Sequence[str], resource: str) -> bool:
    if "*" in owned or resource in owned:
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and f"*/{subresource}" in owned


def described(rules: Iterable[Rule]) -> str:
    """Rules as a refusal lists them: one a line, those of one resource put together.

    >>> described([Rule(("get",), ("",), ("pods",)), Rule(("list",), ("",), ("pods",))])
    '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}'
    """
    return "\n".join(sorted({_text(rule) for rule in _together(rules)}))


def _together(rules: Iterable[Rule]) -> list[Rule]:
    simple: dict[Rule, Rule] = {}
    others: list[Rule] = []
    for rule in rules:
        if rule.urls:
            others.append(rule)
            continue
        key = replace(rule, verbs=())
        simple[key] = replace(rule, verbs=(*simple[key].verbs, *rule.verbs)) if key in simple else rule
    return [*others, *simple.values()]


def _text(rule: Rule) -> str:
    named = (
        ("APIGroups", rule.groups),
        ("Resources", rule.resources),
        ("NonResourceURLs", rule.urls),
        ("ResourceNames", rule.names),
        ("Verbs", rule.verbs),
    )
    return "{" + ", ".join(f"{name}:{go_texts(values)}" for name, values in named if values) + "}"


def go_texts(values: Iterable[str]) -> str:
    """A list of texts as Go's %q shows it.

    >>> go_texts(["a", "b"])
    '["a" "b"]'
    """
    return "[" + " ".join(go_value(value) for value in values) + "]"
