"""Admission policies and their bindings as they are stored, compiled once for as long as none of them changes.

Sources: k8s.io/apiserver/pkg/admission/plugin/policy/generic and validating
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.plugins.constraints import Constraints
from poblano.cluster.reading import Lookup
from poblano.cluster.webhooks.conditions import Conditions
from poblano.cluster.webhooks.configuration import GROUP
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.cluster.cel import Program

VALIDATING: Final = ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
MUTATING: Final = ("mutatingadmissionpolicies", "mutatingadmissionpolicybindings")


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """Where a policy is in force, and with what parameters.

    Args:
        reference: paramRef; None for no parameters.
        actions: "Deny", "Warn", "Audit".
    """

    name: str
    constraints: Constraints
    reference: Document | None
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A policy.

    Args:
        spec: as it is stored.
        conditions: matchConditions.
        fails: whether a request is refused when the policy cannot be evaluated.
        variables: names and expressions, in their order.
        parameters: apiVersion and kind of its parameters; None for none.
    """

    name: str
    spec: Document
    constraints: Constraints
    conditions: Conditions
    fails: bool
    variables: tuple[tuple[str, Program], ...]
    parameters: tuple[str, str] | None
    bindings: tuple[Binding, ...]


class Policies:
    """All policies of one of the two kinds, with what binds them."""

    def __init__(self, lookup: Lookup, plurals: tuple[str, str]) -> None:
        self._lookup = lookup
        self._plurals = plurals
        self._revisions: tuple[int, ...] = ()
        self._policies: Sequence[Policy] = ()

    def bound(self) -> Sequence[Policy]:
        """Every policy that something binds, by name."""
        revisions = tuple(self._lookup.revision(GROUP, plural) for plural in self._plurals)
        if revisions != self._revisions:
            self._policies = tuple(self._compiled())
            self._revisions = revisions
        return self._policies

    def _compiled(self) -> list[Policy]:
        policies, bindings = (tuple(self._lookup.list(GROUP, plural)) for plural in self._plurals)
        bound: dict[str, list[Binding]] = {}
        for one in bindings:
            bound.setdefault(struct(one, "spec").get("policyName") or "", []).append(_binding(one))
        return [_policy(one, tuple(bound[name])) for one in policies if (name := one["metadata"]["name"]) in bound]


def _binding(document: Document) -> Binding:
    spec = struct(document, "spec")
    return Binding(
        document["metadata"]["name"],
        Constraints.of(spec.get("matchResources")),
        spec.get("paramRef"),
        tuple(many(spec, "validationActions")),
    )


def _policy(document: Document, bindings: tuple[Binding, ...]) -> Policy:
    from poblano.cluster.cel import compile

    spec = struct(document, "spec")
    fails = spec.get("failurePolicy") != "Ignore"
    named: Any = ((one["name"], one["expression"]) for one in many(spec, "matchConditions"))
    kind = spec.get("paramKind")
    return Policy(
        name=document["metadata"]["name"],
        spec=spec,
        constraints=Constraints.of(spec.get("matchConstraints")),
        conditions=Conditions(tuple(named), ignores_failure=not fails),
        fails=fails,
        variables=tuple((one["name"], compile(one["expression"])) for one in many(spec, "variables")),
        parameters=(kind.get("apiVersion") or "", kind.get("kind") or "") if kind else None,
        bindings=bindings,
    )
