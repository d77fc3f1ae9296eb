"""A binding in the making: what a chain has said so far, and the checks that fail where it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from poblano.core.applicability import CONNECTED, check_applicable, check_followed
from poblano.core.arguments import (
    RULE_NAME,
    check_action,
    check_mode,
    check_on_error,
    check_timeout,
    checked_rule_name,
    is_async,
)
from poblano.core.binding import Binding, Mode, OnError, Phase, Role
from poblano.core.errors import InvalidDefinition, Location
from poblano.core.filters import (
    Filter,
    GroupIs,
    NameIs,
    NameMatches,
    NamespaceIs,
    NamespaceMatches,
    UserIs,
)
from poblano.core.follower_arguments import (
    Options,
    check_follower,
    check_no_sources,
    checked_concurrency,
    checked_queue,
    checked_seconds,
)
from poblano.core.kinds import Kind
from poblano.core.location import caller_location
from poblano.core.objects import Resource
from poblano.core.predicates import Predicate
from poblano.core.projection import FULL, Projection
from poblano.core.sources import Mapped, Owned
from poblano.core.uses import Used, checked_uses

_BODIES = {
    "attach": "PodAttachOptions",
    "binding": "Binding",
    "eviction": "Eviction",
    "exec": "PodExecOptions",
    "portforward": "PodPortForwardOptions",
    "scale": "Scale",
    "token": "TokenRequest",
}
"""Subresources whose object is not the parent's kind, and what it is instead."""


UNFINISHED = (
    "write .mutate(function), .validate(function), .watch(function), .reconcile(function) or "
    ".finalize(function) after it, or take it out"
)


class OpenEnd:
    """A stage of a chain, and whether anything was made of it: one that stays open is a rule that somebody forgot."""

    __slots__ = ("location", "remedy", "taken")

    def __init__(self, remedy: str = UNFINISHED) -> None:
        self.location = caller_location()
        self.remedy = remedy
        self.taken = False


class Owner(Protocol):
    """What a capability is to the rules that it holds.

    `open_ends` has every stage of every chain.
    """

    name: str
    namespaces: tuple[str, ...]
    on_error: OnError | None
    timeout: int | None
    open_ends: list[OpenEnd]

    @property
    def bindings(self) -> tuple[Binding, ...]: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """What a chain has said so far. Each step makes a new one, so that a chain can be taken up again from any point."""

    capability: Owner
    record: Callable[[Binding], None]
    view: type[Resource]
    kind: Kind
    end: OpenEnd
    operations: frozenset[str] = frozenset()
    subresource: str = ""
    filters: tuple[Filter, ...] = ()
    alias: str | None = None
    owns: tuple[Owned, ...] = ()
    watches: tuple[Mapped, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    projection: Projection = FULL

    def __post_init__(self) -> None:
        self.capability.open_ends.append(self.end)

    def but(self, **changes: Any) -> Draft:
        """The next stage of the chain."""
        self.end.taken = True
        return replace(self, end=OpenEnd(), **changes)

    def to_subresource(self, name: object, body: type[Resource] | None) -> Draft:
        """For a subresource instead of the object.

        Raises:
            InvalidDefinition: when the kind is known not to have it.
        """
        if not isinstance(name, str) or not name.isalpha() or not name.islower():
            raise InvalidDefinition(f"{name!r} is no subresource", 'write for_subresource("scale")', caller_location())
        if self.subresource:
            raise InvalidDefinition(
                f"the rule is for the subresource {self.subresource} already",
                "leave one of them out, and write a rule of its own for the other",
                caller_location(),
            )
        if body is None:
            self._check_subresource(name)
        elif not (isinstance(body, type) and issubclass(body, Resource)):
            raise InvalidDefinition(
                f"{body!r} is no class of what is sent to {name}",
                f'write for_subresource("{name}", a.{self.kind.kind})',
                caller_location(),
            )
        view = body or self.view
        if body is None and name in _BODIES:
            from poblano.models import a

            view = getattr(a, _BODIES[name])
        operations = frozenset({"CONNECT"}) if name in CONNECTED and not self.operations else self.operations
        return self.but(subresource=name, view=view, operations=operations)

    def _check_subresource(self, name: str) -> None:
        known = verbs_of(self.kind)
        if known is None or known.get(name):
            return
        has = ", ".join(part for part, verbs in known.items() if part and verbs) or "none"
        problem = "is only read, which no webhook hears of" if name in known else "does not exist"
        raise InvalidDefinition(
            f"the subresource {self.kind.plural}/{name} {problem}",
            f"choose among those of a {self.kind.kind}: {has}; for one of a newer Kubernetes name its class as well: "
            f'for_subresource("{name}", a.{self.kind.kind})',
            caller_location(),
        )

    def filtered(self, part: Filter) -> Draft:
        """With one more condition. Names, namespaces, users and groups said again are added to what was said: any of them."""
        for index, other in enumerate(self.filters):
            united = _united(other, part)
            if united is not None:
                return self.but(filters=(*self.filters[:index], united, *self.filters[index + 1 :]))
        return self.but(filters=(*self.filters, part))

    def finished(
        self,
        phase: Phase,
        action: Callable[..., Any],
        name: str | None,
        on_error: OnError | None,
        timeout: int | None,
        mode: Mode,
        uses: Sequence[Used],
    ) -> Binding:
        """The binding, checked and put into its capability."""
        where = caller_location()
        check_action(phase, action, where)
        check_no_sources(self.owns, self.watches, self.predicates, self.projection, phase, where)
        binding = Binding(
            capability=self.capability.name,
            rule=self._rule(phase, action, name, where),
            phase=phase,
            kind=self.kind,
            view=self.view,
            operations=self.operations,
            action=action,
            location=where,
            subresource=self.subresource,
            filters=self._all_filters(),
            on_error=check_on_error(on_error) or self.capability.on_error,
            timeout=check_timeout(timeout) or self.capability.timeout,
            mode=check_mode(mode, where),
            is_async=is_async(action),
            uses=checked_uses(uses, where),
            status_apart=not self.subresource and _has_status_apart(self.kind),
        )
        check_applicable(binding, self.filters, self.capability.namespaces, verbs_of(self.kind))
        self.record(binding)
        self.end.taken = True
        return binding

    def followed(self, role: Role, action: Callable[..., Any], options: Options) -> Binding:
        """The binding of a watch, reconcile or finalize action, checked and put into its capability."""
        where = caller_location()
        check_follower(role, action, where)
        reconciles = role == "reconcile"
        binding = Binding(
            capability=self.capability.name,
            rule=self._rule(role, action, options.name, where),
            phase=role,
            kind=self.kind,
            view=self.view,
            operations=self.operations or frozenset({"CREATE", "UPDATE"}),
            action=action,
            location=where,
            subresource=self.subresource,
            filters=self._all_filters(),
            is_async=is_async(action),
            owns=self.owns if reconciles else (),
            watches=self.watches if reconciles else (),
            predicates=() if role == "finalize" else self.predicates,
            time_limit=checked_seconds(options.timeout, where),
            concurrency=checked_concurrency(options.concurrency, where),
            queue=checked_queue(options.queue, where),
            projection=self.projection,
            uses=checked_uses(options.uses, where),
        )
        if role == "watch":
            check_no_sources(self.owns, self.watches, (), FULL, role, where)
        check_followed(binding, self.filters, self.capability.namespaces, verbs_of(self.kind))
        self.record(binding)
        self.end.taken = True
        return binding

    def _all_filters(self) -> tuple[Filter, ...]:
        own = any(isinstance(part, NamespaceIs) and not part.negated for part in self.filters)
        if own or not self.capability.namespaces:
            return self.filters
        return (NamespaceIs(frozenset(self.capability.namespaces)), *self.filters)

    def _rule(self, phase: Role, action: Callable[..., Any], name: str | None, where: Location) -> str:
        given = name or self.alias
        if given is not None:
            return checked_rule_name(given, where)
        own = getattr(action, "__name__", "<lambda>").strip("_").replace("_", "-")
        if own == "<lambda>" and phase == "finalize":
            raise InvalidDefinition(
                "a finalize rule has a name: its finalizer is in the cluster under it, whatever version of this is running",
                'name it: .finalize(..., name="...")',
                where,
            )
        if RULE_NAME.fullmatch(own):
            return own
        if own != "<lambda>":
            raise InvalidDefinition(
                f"the function's name {own!r} cannot name a rule", f'name it: .{phase}(name="...")', where
            )
        taken = {other.rule for other in self.capability.bindings if other.phase == phase}
        base = f"{phase}-{self.kind.kind.lower()}"
        return next(
            candidate
            for number in range(1, len(taken) + 2)
            if (candidate := base if number == 1 else f"{base}-{number}") not in taken
        )


def verbs_of(kind: Kind) -> Mapping[str, str] | None:
    """The subresources of a kind of Kubernetes' own ("": the object itself) with the verbs each knows; None for others."""
    from poblano.models.subresources import VERBS

    return VERBS.get((kind.group, kind.version, kind.kind))


def _has_status_apart(kind: Kind) -> bool:
    # pkg/registry/core/node/strategy.go: a kubelet makes its Node with a status, and that one counts.
    return "status" in (verbs_of(kind) or ()) and kind.kind != "Node"


def _united(one: Filter, other: Filter) -> Filter | None:
    if type(one) is not type(other):
        return None
    for named in (NamespaceIs, NameIs, UserIs, GroupIs):
        if isinstance(one, named) and isinstance(other, named) and one.negated == other.negated:
            return replace(one, values=one.values | other.values)
    for matched in (NamespaceMatches, NameMatches):
        if isinstance(one, matched) and isinstance(other, matched) and one.negated == other.negated:
            return replace(one, patterns=one.patterns + other.patterns)
    return None
