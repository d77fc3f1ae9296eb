"""One rule of a role, and what it allows.

Source: k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from poblano.cluster.access.action import Action
from poblano.core.jsonvalue import Document


@dataclass(frozen=True, slots=True)
class Rule:
    """A PolicyRule: verbs on resources of groups, perhaps only on those of some names; or verbs on paths."""

    verbs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def allows(self, action: Action) -> bool:
        """Whether the rule covers the action.

        >>> Rule(("get",), ("",), ("*/log",)).allows(Action("get", resource="pods", subresource="log"))
        True
        >>> Rule(("get",), urls=("/healthz/*",)).allows(Action("get", path="/healthz/etcd"))
        True
        """
        if not _has(self.verbs, action.verb):
            return False
        if action.path:
            return any(url_covers(url, action.path) for url in self.urls)
        return (
            _has(self.groups, action.group)
            and self._names_resource(action)
            and (not self.names or action.name in self.names)
        )

    def _names_resource(self, action: Action) -> bool:
        if _has(self.resources, action.whole_resource):
            return True
        return bool(action.subresource) and f"*/{action.subresource}" in self.resources

    def document(self) -> Document:
        """As the API writes it."""
        parts = {
            "verbs": self.verbs,
            "apiGroups": self.groups,
            "resources": self.resources,
            "resourceNames": self.names,
            "nonResourceURLs": self.urls,
        }
        return {key: list(values) for key, values in parts.items() if values}


def parse(document: Document) -> Rule:
    """A rule as it stands in a role."""
    return Rule(
        verbs=_texts(document, "verbs"),
        groups=_texts(document, "apiGroups"),
        resources=_texts(document, "resources"),
        names=_texts(document, "resourceNames"),
        urls=_texts(document, "nonResourceURLs"),
    )


def parse_all(role: Document) -> tuple[Rule, ...]:
    """The rules of a role; none where it has none."""
    return tuple(parse(rule) for rule in role.get("rules") or ())


def url_covers(pattern: str, path: str) -> bool:
    """Whether a path of a rule, perhaps ending in ``*``, covers a path (or another pattern).

    >>> url_covers("/api/*", "/api/v1"), url_covers("/api", "/api/v1"), url_covers("*", "/")
    (True, False, True)
    """
    return pattern in {"*", path} or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


def _has(values: tuple[str, ...], wanted: str) -> bool:
    return "*" in values or wanted in values


def _texts(document: Document, key: str) -> tuple[str, ...]:
    values: list[Any] = document.get(key) or []
    return tuple(values)
