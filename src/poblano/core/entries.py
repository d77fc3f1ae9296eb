"""From bindings to webhook entries: one entry and one path for each (phase, policy, timeout), its rules as narrow as the
bindings allow. Used alike by ``dev``, ``run`` and ``build``.

A request is never sent twice, for an entry holds all bindings of its policy; one that no binding wants is not sent at
all, where the API server can evaluate the filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from poblano.core.binding import Binding, OnError, Phase, name_part
from poblano.core.cel import literal, literals
from poblano.core.errors import InvalidDefinition
from poblano.core.filters import Filter, NameIs, NamespaceIs
from poblano.core.marks import LabelIs

Policy: TypeAlias = Literal["Fail", "Ignore"]

LABEL_NAMESPACE: Final = "kubernetes.io/metadata.name"
"""Set on every Namespace since 1.21 (KEP-2161): how a selector names a namespace."""

LONGEST_CONDITION: Final = 100_000
"""cel-go, parser/parser.go: expressionSizeCodePointLimit. An API server refuses a webhook with a longer condition."""

_EVENTS: Final = frozenset({"", "events.k8s.io"})
"""The two groups of one resource: cmd/kube-apiserver, AddCohabitatingResources. A rule for one is matched by both."""

ALWAYS_IGNORED: Final = ("kube-system",)
"""Namespaces that no rule may stop the cluster in."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One webhook of a configuration, and the path its calls come to."""

    phase: Phase
    policy: Policy
    timeout: int
    bindings: tuple[Binding, ...]
    path: str = field(init=False)
    """Where the API server calls: ``/mutate/fail/10``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"/{self.phase}/{self.policy.lower()}/{self.timeout}")

    def name(self, uuid: str) -> str:
        """Its name, unique in a cluster: ``mutate-fail-10.hello.poblano.dev``."""
        return f"{self.phase}-{self.policy.lower()}-{self.timeout}.{name_part(uuid)}.poblano.dev"


def entries(
    bindings: Iterable[Binding], *, on_error: OnError = "reject", timeout: int = 10, ignored: Iterable[str] = ()
) -> list[Entry]:
    """Group `bindings` into entries, mutating ones first, each in the order in which it was first needed.

    Args:
        bindings: of all capabilities of a module, in order.
        on_error: what an exception means where neither action nor capability says.
        timeout: seconds, where an action does not say.
        ignored: namespaces that a binding does not see unless it names them.

    Raises:
        InvalidDefinition: when two bindings of an entry want the same thing in two versions.
    """
    unseen = frozenset(ignored)
    found: dict[tuple[Phase, Policy, int], list[Binding]] = {}
    for binding in bindings:
        if binding.phase != "mutate" and binding.phase != "validate":  # noqa: PLR1714 -- mypy narrows by this, and not by `in`
            continue
        filters = (*binding.filters, *_unseen(binding, unseen))
        resolved = replace(
            binding,
            on_error=binding.on_error or on_error,
            timeout=binding.timeout or timeout,
            filters=filters,
        )
        policy: Policy = "Fail" if resolved.on_error == "reject" else "Ignore"
        found.setdefault((binding.phase, policy, resolved.timeout or timeout), []).append(resolved)
    for group in found.values():
        _check_versions(group)
    made = [Entry(phase, policy, seconds, tuple(group)) for (phase, policy, seconds), group in found.items()]
    return sorted(made, key=lambda entry: entry.phase)


def _check_versions(bindings: Iterable[Binding]) -> None:
    """An API server asks by the version that the user sent, where a rule has it, and only then by an equivalent one.

    So beside a rule for v2, one for v1 of the same resource would never hear of what is sent as v2.
    """
    first: dict[tuple[str, str, str, str], Binding] = {}
    for binding in bindings:
        kind = binding.kind
        group = "" if kind.plural == "events" and kind.group == "events.k8s.io" else kind.group
        for operation in sorted(binding.operations):
            other = first.setdefault((group, kind.plural, binding.subresource, operation), binding)
            if (other.kind.group, other.kind.version) != (kind.group, kind.version):
                raise InvalidDefinition(
                    f"{binding.title} is bound to {kind}, and {other.title} ({other.location}) to {other.kind}: "
                    f"what is sent as one of them would pass the rules for the other",
                    "bind both to one version; the API server converts what is sent in another",
                    binding.location,
                )


def _unseen(binding: Binding, ignored: frozenset[str]) -> tuple[Filter, ...]:
    """The filter that keeps `binding` out of ignored namespaces, unless it says itself where it belongs."""
    is_namespace = binding.kind.kind == "Namespace" and not binding.kind.group
    if any(isinstance(part, NamespaceIs) and not part.negated for part in binding.filters):
        return ()
    for part in binding.filters:
        if is_namespace and isinstance(part, NameIs) and not part.negated:
            ignored -= part.values
    return (NamespaceIs(ignored, negated=True),) if ignored else ()


def rules(entry: Entry) -> list[dict[str, Any]]:
    """The ``rules`` of an entry: each resource once, with the verbs that its bindings want.

    Resources of one group and version with the same verbs and scope share a rule.
    """
    wanted: dict[tuple[str, str, str, str], set[str]] = {}
    for binding in entry.bindings:
        kind = binding.kind
        resource = f"{kind.plural}/{binding.subresource}" if binding.subresource else kind.plural
        scope = "Namespaced" if kind.namespaced else "Cluster"
        wanted.setdefault((kind.group, kind.version, resource, scope), set()).update(binding.operations)
    merged: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for (group, version, resource, scope), operations in wanted.items():
        merged.setdefault((group, version, scope, tuple(sorted(operations))), []).append(resource)
    return [
        {
            "apiGroups": [group],
            "apiVersions": [version],
            "operations": list(operations),
            "resources": sorted(resources),
            "scope": scope,
        }
        for (group, version, scope, operations), resources in merged.items()
    ]


def match_condition(entry: Entry) -> str | None:
    """The filters of the entry's bindings, ORed, in CEL; None where some binding wants every request that its rule matches.

    A filter that only Python can evaluate leaves its binding wider, never narrower. So do more filters than an API server
    takes: then the condition is left out.
    """
    alternatives: list[str] = []
    for binding in entry.bindings:
        tests = [cel for part in binding.filters if (cel := part.cel()) is not None]
        if not tests and _rule_says_all(entry, binding):
            return None
        verbs = " || ".join(f"request.operation == {literal(verb)}" for verb in sorted(binding.operations))
        alternatives.append(" && ".join([_is_about(binding), f"({verbs})", *tests]))
    unique = list(dict.fromkeys(alternatives))
    condition = " || ".join(f"({test})" for test in unique) if len(unique) > 1 else unique[0]
    return condition if len(condition) <= LONGEST_CONDITION else None


def _is_about(binding: Binding) -> str:
    """The test for the resource. In a condition, `request.resource` is what the user sent, not what the rule matched."""
    kind = binding.kind
    group = f"== {literal(kind.group)}"
    if kind.plural == "events" and kind.group in _EVENTS:
        group = f"in {literals(_EVENTS)}"
    test = f"request.resource.group {group} && request.resource.resource == {literal(kind.plural)}"
    if binding.subresource:
        test += f" && has(request.subResource) && request.subResource == {literal(binding.subresource)}"
    return test


def _rule_says_all(entry: Entry, binding: Binding) -> bool:
    """Whether an unfiltered binding makes a condition pointless: only where it is for all the entry's resources."""
    return all(
        (other.kind, other.subresource) == (binding.kind, binding.subresource)
        and other.operations <= binding.operations
        for other in entry.bindings
    )


def namespace_selector(entry: Entry) -> dict[str, Any]:
    """The ``namespaceSelector``: the namespaces that the bindings are for, or else all but those that none of them is for."""
    shared = namespaces_of(entry)
    if shared is not None:
        return _by_namespace("In", shared)
    nobodys = nobodys_namespaces(entry)
    return _by_namespace("NotIn", nobodys) if nobodys else {}


def _by_namespace(operator: str, values: frozenset[str]) -> dict[str, Any]:
    return {"matchExpressions": [{"key": LABEL_NAMESPACE, "operator": operator, "values": sorted(values)}]}


def nobodys_namespaces(entry: Entry) -> frozenset[str]:
    """The namespaces that some binding of the entry rules out, and none asks for."""
    filters = [[part for part in binding.filters if isinstance(part, NamespaceIs)] for binding in entry.bindings]
    ruled_out = frozenset(space for parts in filters for part in parts if part.negated for space in part.values)
    return frozenset(space for space in ruled_out if not any(_lets_in(space, parts) for parts in filters))


def _lets_in(space: str, parts: Iterable[NamespaceIs]) -> bool:
    return all((space in part.values) is not part.negated for part in parts)


def namespaces_of(entry: Entry) -> frozenset[str] | None:
    """The namespaces outside which no binding of the entry applies, or None when some binding has no such limit."""
    union: frozenset[str] = frozenset()
    for binding in entry.bindings:
        limits = [part.values for part in binding.filters if isinstance(part, NamespaceIs) and not part.negated]
        if not limits:
            return None
        union |= limits[0].intersection(*limits[1:])
    return union


def object_selector(entry: Entry) -> dict[str, Any]:
    """The ``objectSelector``: the labels that all bindings ask for, and nothing that only some do."""
    expressions = [_requirement(part) for part in labels_of(entry)]
    return {"matchExpressions": [expression for expression in expressions if expression]} if any(expressions) else {}


def labels_of(entry: Entry) -> list[LabelIs]:
    """The filters for labels that all bindings have, in order."""
    wanted: list[set[LabelIs]] = [
        {part for part in binding.filters if isinstance(part, LabelIs)} for binding in entry.bindings
    ]
    shared = wanted[0].intersection(*wanted[1:]) if wanted else set[LabelIs]()
    return sorted(shared, key=lambda part: (part.key, part.negated, sorted(part.values or ())))


def _requirement(part: LabelIs) -> Mapping[str, Any]:
    """The selector's words for a label filter.

    An objectSelector matches when the *old* object does as well, which for a negated filter would be too narrow on
    neither side: a superset is asked for, and the filter itself decides.
    """
    if part.negated:
        return {}
    if part.values is None:
        return {"key": part.key, "operator": "Exists"}
    return {"key": part.key, "operator": "In", "values": sorted(part.values)}
