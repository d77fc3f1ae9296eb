"""Which requests a policy or its binding is about.

Source: k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go
"""

from __future__ import annotations

from dataclasses import dataclass

from poblano.cluster.attributes import Attributes
from poblano.cluster.kinds.tree import many
from poblano.cluster.reading import Lookup
from poblano.cluster.selectors import LabelSelector
from poblano.cluster.webhooks.matching import by_rules, selected
from poblano.cluster.webhooks.rules import Rule
from poblano.cluster.webhooks.versions import Asked, Equivalents
from poblano.core.jsonvalue import Document


@dataclass(frozen=True, slots=True)
class _Named:
    rule: Rule
    names: frozenset[str]

    def wants(self, name: str) -> bool:
        return not self.names or name in self.names


@dataclass(frozen=True, slots=True)
class Constraints:
    """A MatchResources, ready to be asked.

    Args:
        rules: the requests meant; none for all.
        excluded: those that are not, whatever `rules` say.
        equivalent: whether a request in another version of a resource is meant, too.
    """

    namespace_selector: LabelSelector
    object_selector: LabelSelector
    rules: tuple[_Named, ...]
    excluded: tuple[_Named, ...]
    equivalent: bool

    @classmethod
    def of(cls, document: Document | None) -> Constraints:
        """From a MatchResources; None is one that means everything."""
        given = document or {}
        return cls(
            LabelSelector.of(given.get("namespaceSelector")),
            LabelSelector.of(given.get("objectSelector")),
            tuple(_Named(Rule.of(one), frozenset(many(one, "resourceNames"))) for one in many(given, "resourceRules")),
            tuple(
                _Named(Rule.of(one), frozenset(many(one, "resourceNames")))
                for one in many(given, "excludeResourceRules")
            ),
            given.get("matchPolicy") != "Exact",
        )

    def asked(self, attributes: Attributes, lookup: Lookup, equivalents: Equivalents) -> Asked | None:
        """How the request is seen; None when it is not meant.

        Raises:
            StatusError: the namespace is not there: 404.
        """
        others = equivalents if self.equivalent else None
        asked = Asked(attributes.resource, attributes.kind)
        if self.rules:
            found = by_rules(_rules(self.rules, attributes), attributes, others)
            if found is None:
                return None
            asked = found
        if by_rules(_rules(self.excluded, attributes), attributes, others) is not None:
            return None
        return asked if selected(self, attributes, attributes.object, lookup) else None


def _rules(named: tuple[_Named, ...], attributes: Attributes) -> list[Rule]:
    return [one.rule for one in named if one.wants(attributes.name)]
