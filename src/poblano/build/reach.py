"""What an API server sends to a webhook while nobody is there to answer: only what it evaluates itself keeps anything away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from poblano.build.plan import Plan
from poblano.build.webhooks import asks_for_own, never_about
from poblano.core.binding import Binding
from poblano.core.entries import labels_of, match_condition
from poblano.core.filters import Filter, GroupIs, NameIs, NameMatches, NamespaceIs, NamespaceMatches, Subject, UserIs
from poblano.core.marks import AnnotationIs, LabelIs
from poblano.core.registered import Registered

ELSEWHERE: Final = "a-namespace-like-any-other"
"""Stands for all namespaces that nobody has named."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A part of the cluster that asks an API server for something."""

    user: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reaching:
    """Who asks, about which things: each with each.

    Args:
        askers: of the cluster itself; people can wait.
        namespaces: "" for what is in none.
        names: "" for one that is not known beforehand.
    """

    askers: tuple[Asker, ...]
    namespaces: tuple[str, ...] = ("",)
    names: tuple[str, ...] = ("",)

    def found_in(self, plan: Plan, one: Registered, binding: Binding) -> bool:
        """Whether the API server sends one of these to the webhook, for the sake of `binding`."""
        filters = evaluated(plan, one, binding)
        return any(
            not any(_keeps_away(part, subject) for part in filters)
            for subject in self._subjects(_is_namespace(binding))
        )

    def _subjects(self, are_namespaces: bool) -> Iterable[Subject]:  # noqa: FBT001 -- what they are
        for asker in self.askers:
            for namespace in self.namespaces:
                for name in self.names:
                    known = namespace if are_namespaces else name
                    yield Subject(namespace=namespace, name=known, username=asker.user, groups=asker.groups)


def evaluated(plan: Plan, one: Registered, binding: Binding) -> tuple[Filter, ...]:
    """The filters that the API server evaluates before it calls `one` for what `binding` is about."""
    selected: list[Filter] = [LabelIs(label.key, label.values) for label in labels_of(one.entry) if not label.negated]
    if binding.kind.namespaced or _is_namespace(binding):
        selected.append(NamespaceIs(never_about(plan, one), negated=True))
        if not asks_for_own(plan, one):
            selected.append(NamespaceIs(frozenset({plan.settings.namespace}), negated=True))
        if one.only is not None and plan.abilities.namespace_labels:
            selected.append(NamespaceIs(one.only))
    if plan.abilities.match_conditions and match_condition(one.entry) is not None:
        selected += [part for part in binding.filters if part.cel() is not None]
    return tuple(selected)


def _is_namespace(binding: Binding) -> bool:
    return binding.kind.kind == "Namespace" and not binding.kind.group


def _keeps_away(part: Filter, subject: Subject) -> bool:
    """Whether a filter does not hold; where an object's name or marks are not known, whether it does for few."""
    match part:
        case NamespaceIs() | NamespaceMatches() | UserIs() | GroupIs():
            return not part.holds(subject)
        case NameIs() | NameMatches() if subject.name:
            return not part.holds(subject)
        case NameIs() | LabelIs() | AnnotationIs():
            return not part.negated
        case _:
            return False
