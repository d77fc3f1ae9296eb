"""Whether a binding can ever apply. One that cannot is refused where it is written, not silently never called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from poblano.core.binding import Binding
from poblano.core.contradictions import clashing, method_of, spelt
from poblano.core.errors import InvalidDefinition
from poblano.core.filters import Filter, GroupIs, NamespaceIs, NamespaceMatches, UserIs
from poblano.core.marks import AnnotationIs, BeingDeleted, LabelIs

CONNECTED = frozenset({"attach", "exec", "portforward", "proxy"})
"""Subresources that are not written but connected to."""

_NEVER_SENT = "admissionregistration.k8s.io"
"""What webhooks are never asked about: webhook configurations, admission policies and their bindings (KEP-1872, KEP-3488)."""

_EVENTS = {
    "CREATE": "is_created()",
    "UPDATE": "is_updated()",
    "DELETE": "is_deleted()",
    "CONNECT": "is_connected()",
}


def check_applicable(
    binding: Binding, own: Sequence[Filter], spaces: Sequence[str], verbs: Mapping[str, str] | None
) -> None:
    """See that some request can meet all that `binding` asks for.

    Args:
        binding: the rule.
        own: those of its filters that its chain says; the others come from its capability.
        spaces: the namespaces of its capability.
        verbs: the subresources of its kind ("": the object itself) with the verbs each knows, where that is known.

    Raises:
        InvalidDefinition: none can.
    """
    _check_verbs(binding, verbs)
    if not binding.kind.namespaced:
        _check_cluster_scoped(binding, own, spaces)
    if spaces:
        _check_namespaces(binding, own, spaces)
    _check_clashes(binding, own, spaces)
    for part in own:
        _check_carried(binding, part)


def check_followed(
    binding: Binding, own: Sequence[Filter], spaces: Sequence[str], verbs: Mapping[str, str] | None
) -> None:
    """See that what `binding` wants to follow can be seen in a watch.

    Args:
        binding: the rule, of watch, reconcile or finalize.
        own: those of its filters that its chain says.
        spaces: the namespaces of its capability.
        verbs: as in `check_applicable`.

    Raises:
        InvalidDefinition: it cannot.
    """
    if verbs is not None and "DELETE" not in verbs.get("", ""):
        raise InvalidDefinition(
            f"a {binding.kind.kind} is answered and not stored, so there is nothing to follow",
            f"judge it when it is sent: when(...).is_created().validate instead of .{binding.phase}",
            binding.location,
        )
    if binding.subresource or "CONNECT" in binding.operations:
        raise InvalidDefinition(
            f"{binding.phase} follows objects, and {binding.subresource or 'a connection'} is none",
            f"leave out for_subresource and is_connected, or judge them with .validate instead of .{binding.phase}",
            binding.location,
        )
    if binding.phase == "reconcile" and binding.operations != frozenset(("CREATE", "UPDATE")):
        raise InvalidDefinition(
            "reconcile is called with what an object is, not with what happened to it",
            f"write when(...).reconcile without an event, or when(...).{_said(binding)}.watch",
            binding.location,
        )
    for owned in binding.owns:
        if binding.kind.namespaced and not owned.kind.namespaced:
            raise InvalidDefinition(
                f"a {owned.kind.kind} is in no namespace, so no {binding.kind.kind}, which is in one, can own it",
                f"write watches({owned.view.__name__}, function) with a function that names what it concerns",
                binding.location,
            )
    for part in own:
        if isinstance(part, BeingDeleted) and not part.negated and binding.phase == "finalize":
            raise InvalidDefinition(
                f"{spelt(part)} leaves nothing to finalize: the finalizer is put on an object before it is deleted",
                "leave it out",
                binding.location,
            )
        if isinstance(part, UserIs | GroupIs):
            raise InvalidDefinition(
                f"{spelt(part)} never holds: nobody says in a watch who made a change",
                "leave it out, or use it with .mutate or .validate",
                binding.location,
            )
    if not binding.kind.namespaced:
        _check_cluster_scoped(binding, own, spaces)
    if spaces:
        _check_namespaces(binding, own, spaces)
    _check_clashes(binding, own, spaces)


def _said(binding: Binding) -> str:
    return _EVENTS[min(binding.operations)]


def _check_verbs(binding: Binding, verbs: Mapping[str, str] | None) -> None:
    kind, subresource = binding.kind, binding.subresource
    if kind.group == _NEVER_SENT:
        raise InvalidDefinition(
            f"the API server never asks a webhook about a {kind.kind}",
            "bind to another kind; RBAC decides who may edit these",
            binding.location,
        )
    if ("CONNECT" in binding.operations) is not (subresource in CONNECTED):
        truth = "connected to and never written" if subresource in CONNECTED else "never connected to"
        raise InvalidDefinition(
            f"{subresource or f'a {kind.kind}'} is {truth}",
            'write is_connected().for_subresource("exec")',
            binding.location,
        )
    known = (verbs or {}).get(subresource, "")
    if known and binding.operations.isdisjoint(known.split()):
        what = f"{kind.plural}/{subresource}" if subresource else f"a {kind.kind}"
        raise InvalidDefinition(
            f"{what} knows no {' or '.join(sorted(binding.operations))}, so the rule would never apply",
            f"write {' or '.join(_EVENTS[verb] for verb in known.split())}",
            binding.location,
        )


def _check_cluster_scoped(binding: Binding, own: Sequence[Filter], spaces: Sequence[str]) -> None:
    kind = binding.kind
    spaced = any(isinstance(part, NamespaceIs | NamespaceMatches) for part in own)
    if spaced and _is_namespace(binding):
        raise InvalidDefinition("a Namespace is in no namespace", 'write with_name("shop")', binding.location)
    if spaced or (spaces and not _is_namespace(binding)):
        raise InvalidDefinition(
            f"a {kind.kind} is cluster-scoped and in no namespace, so the rule would never apply",
            "leave the namespaces out" if spaced else "put it into a capability without namespaces",
            binding.location,
        )


def _check_namespaces(binding: Binding, own: Sequence[Filter], spaces: Sequence[str]) -> None:
    named = f"the capability {binding.capability!r} ({', '.join(spaces)})"
    for part in own:
        if isinstance(part, NamespaceIs) and not part.negated and not part.values <= set(spaces):
            outside = ", ".join(sorted(part.values - set(spaces)))
            raise InvalidDefinition(
                f"{outside} is not among the namespaces of {named}",
                "add it there, or leave it out here",
                binding.location,
            )
        if (
            isinstance(part, NamespaceMatches)
            and not part.negated
            and not any(pattern.search(space) for pattern in part.patterns for space in spaces)
        ):
            raise InvalidDefinition(
                f"no namespace of {named} matches",
                "mend the pattern, or the capability's namespaces",
                binding.location,
            )


def _check_clashes(binding: Binding, own: Sequence[Filter], spaces: Sequence[str]) -> None:
    clash = clashing(binding.filters, of_namespaces=_is_namespace(binding))
    if not clash:
        return
    of_capability = f"the capability's namespaces ({', '.join(spaces)})"
    said = [spelt(part) if part in own else of_capability for part in clash]
    negated = any(getattr(part, "negated", False) for part in clash)
    remedy = "leave one of them out"
    if not negated and isinstance(clash[-1], LabelIs | AnnotationIs):
        remedy = f"for one of several values write them in one {method_of(clash[-1])}"
    raise InvalidDefinition(
        f"no request can meet both {' and '.join(said)}, so the rule would never apply", remedy, binding.location
    )


def _check_carried(binding: Binding, part: Filter) -> None:
    """See that what `part` looks for can be on what is sent."""
    if isinstance(part, BeingDeleted) and not part.negated and "UPDATE" not in binding.operations:
        raise InvalidDefinition(
            "an object has a deletionTimestamp only while it is updated towards its end",
            "write is_updated() or is_created_or_updated() with it",
            binding.location,
        )
    if "CONNECT" in binding.operations and isinstance(part, LabelIs | AnnotationIs) and not part.negated:
        raise InvalidDefinition(
            f"{spelt(part)} never holds: what is sent to {binding.subresource} carries no labels or annotations",
            "use with_name, in_namespace, by_user or by_group",
            binding.location,
        )


def _is_namespace(binding: Binding) -> bool:
    return binding.kind.kind == "Namespace" and not binding.kind.group
