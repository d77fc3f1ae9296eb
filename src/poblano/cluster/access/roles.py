"""The rules that apply to somebody: bindings followed to their roles, aggregated roles put together.

What is derived is kept for as long as nothing of it changes.

Source: k8s.io/kubernetes/pkg/registry/rbac/validation/rule.go (VisitRulesFor)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poblano.cluster.access.aggregation import aggregated
from poblano.cluster.access.bindings import Bindings, Grant
from poblano.cluster.access.rules import Rule, parse_all
from poblano.cluster.attributes import User
from poblano.cluster.field_errors import go_value
from poblano.cluster.reading import Lookup

GROUP: Final = "rbac.authorization.k8s.io"
_REMEMBERED: Final = 1024  # users and namespaces


@dataclass(frozen=True, slots=True)
class Found:
    """What one binding grants: rules with the binding they come from, or why there are none."""

    source: str
    rules: tuple[Rule, ...]
    error: str = ""


class Roles:
    """The roles and bindings of a cluster."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._at: dict[str, int] = {}
        self._bindings: dict[str, Bindings] = {}
        self._cluster_rules: dict[str, tuple[Rule, ...] | None] = {}
        self._rules: dict[tuple[str, str], tuple[Rule, ...] | None] = {}
        self._found: dict[tuple[str, tuple[str, ...], str], tuple[Found, ...]] = {}
        self._derived: dict[str, dict[Any, Any]] = {
            "clusterroles": self._cluster_rules,
            "roles": self._rules,
            "clusterrolebindings": self._bindings,
            "rolebindings": self._bindings,
        }

    def found(self, user: User, namespace: str) -> Sequence[Found]:
        """What applies to `user`: cluster-wide first, then, where one is given, in the namespace."""
        self._forget_the_outdated()
        key = (user.name, user.groups, namespace)
        known = self._found.get(key)
        if known is None:
            known = tuple(self._search(user, namespace))
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[key] = known
        return known

    def _search(self, user: User, namespace: str) -> Iterator[Found]:
        for grant in self._bindings_in("").grants(user):
            yield self._follow(grant, "")
        if namespace:
            for grant in self._bindings_in(namespace).grants(user):
                yield self._follow(grant, namespace)

    def rules(self, user: User, namespace: str) -> tuple[list[Rule], list[str]]:
        """All rules that apply, and what went wrong in finding them."""
        rules: list[Rule] = []
        errors: list[str] = []
        for found in self.found(user, namespace):
            rules += found.rules
            if found.error:
                errors.append(found.error)
        return rules, errors

    def role_rules(self, kind: str, name: str, namespace: str) -> tuple[tuple[Rule, ...], str]:
        """The rules of one role, and why there are none."""
        self._forget_the_outdated()
        rules = self._cluster_role(name) if kind == "ClusterRole" else self._role(namespace, name)
        if rules is None:
            return (), f"{kind.lower()}.{GROUP} {go_value(name)} not found"
        return rules, ""

    def _follow(self, grant: Grant, namespace: str) -> Found:
        rules, error = self.role_rules(grant.role_kind, grant.role, namespace)
        return Found(grant.source, rules, error)

    def _bindings_in(self, namespace: str) -> Bindings:
        bindings = self._bindings.get(namespace)
        if bindings is None:
            plural = "rolebindings" if namespace else "clusterrolebindings"
            bindings = Bindings(self._lookup.list(GROUP, plural, namespace or None), namespace)
            self._bindings[namespace] = bindings
        return bindings

    def _cluster_role(self, name: str) -> tuple[Rule, ...] | None:
        if name not in self._cluster_rules:
            role = self._lookup.get(GROUP, "clusterroles", "", name)
            if role is not None and role.get("aggregationRule"):
                role = aggregated(role, list(self._lookup.list(GROUP, "clusterroles")))
            self._cluster_rules[name] = None if role is None else parse_all(role)
        return self._cluster_rules[name]

    def _role(self, namespace: str, name: str) -> tuple[Rule, ...] | None:
        key = (namespace, name)
        if key not in self._rules:
            role = self._lookup.get(GROUP, "roles", namespace, name)
            self._rules[key] = None if role is None else parse_all(role)
        return self._rules[key]

    def _forget_the_outdated(self) -> None:
        for plural, derived in self._derived.items():
            revision = self._lookup.revision(GROUP, plural)
            if self._at.get(plural) != revision:
                self._at[plural] = revision
                derived.clear()
                self._found.clear()
