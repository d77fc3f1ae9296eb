"""Which requests a webhook is registered for: the operations, groups, versions, resources and scope of its rules.

Source: k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules/rules.go
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from poblano.core.jsonvalue import Document

_NAMESPACES = ("", "v1", "namespaces")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a webhook. In each part "*" stands for everything.

    Args:
        operations: "CREATE" and the like.
        groups: API groups, "" for the core one.
        versions: of the groups.
        resources: as pairs of resource and subresource; ("pods", "") is the Pods themselves.
        scope: "*", "Namespaced" or "Cluster".
    """

    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: tuple[tuple[str, str], ...]
    scope: str = "*"

    @classmethod
    def of(cls, document: Document) -> Rule:
        """The rule that a RuleWithOperations describes.

        >>> Rule.of({"resources": ["pods/log"], "operations": ["*"]}).resources
        (('pods', 'log'),)
        """
        pairs = (part.partition("/") for part in document.get("resources") or ())
        return cls(
            _set(document.get("operations")),
            _set(document.get("apiGroups")),
            _set(document.get("apiVersions")),
            tuple((resource, subresource) for resource, _, subresource in pairs),
            document.get("scope") or "*",
        )

    def matches(self, operation: str, resource: tuple[str, str, str], subresource: str, namespace: str) -> bool:
        """Whether a request is one of those. `resource` is group, version and plural; `namespace` a Namespace's own name."""
        group, version, plural = resource
        return (  # the most telling part first: most rules are about something else
            (group in self.groups or "*" in self.groups)
            and self._names(plural, subresource)
            and (operation in self.operations or "*" in self.operations)
            and (version in self.versions or "*" in self.versions)
            and self._in_scope(resource, namespace)
        )

    def _names(self, plural: str, subresource: str) -> bool:
        return any(
            named in ("*", plural) and part in ("*", subresource)  # "*" alone has the part "": no subresource
            for named, part in self.resources
        )

    def _in_scope(self, resource: tuple[str, str, str], namespace: str) -> bool:
        if self.scope == "*":
            return True
        cluster = resource == _NAMESPACES or not namespace
        return cluster if self.scope == "Cluster" else self.scope == "Namespaced" and not cluster


def _set(values: Iterable[str] | None) -> frozenset[str]:
    return frozenset(values or ())
