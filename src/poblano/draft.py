"""A binding in the making: what a chain has said so far, and the checks that fail where it is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, get_args

from poblano.core.arguments import RULE_NAME, check_on_error, check_timeout, checked_rule_name
from poblano.core.binding import Binding, Mode, OnError, Phase
from poblano.core.errors import InvalidDefinition, Location
from poblano.core.filters import (
    BeingDeleted,
    Filter,
    GroupIs,
    NameIs,
    NameMatches,
    NamespaceIs,
    NamespaceMatches,
    UserIs,
)
from poblano.core.kinds import Kind
from poblano.core.location import caller_location
from poblano.core.objects import Resource

_NEVER_SENT = "admissionregistration.k8s.io"
"""What webhooks are never asked about: webhook configurations, admission policies and their bindings (KEP-1872, KEP-3488)."""


CONNECTED = frozenset({"attach", "exec", "portforward", "proxy"})
"""Subresources that are not written but connected to."""


class Owner(Protocol):
    """What a capability is to the rules that it holds."""

    name: str
    namespaces: tuple[str, ...]
    on_error: OnError | None
    timeout: int | None

    @property
    def bindings(self) -> tuple[Binding, ...]: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """What a chain has said so far. Each step makes a new one, so that a chain can be taken up again from any point."""

    capability: Owner
    record: Callable[[Binding], None]
    view: type[Resource]
    kind: Kind
    operations: frozenset[str] = frozenset()
    subresource: str = ""
    filters: tuple[Filter, ...] = ()
    alias: str | None = None

    def filtered(self, part: Filter) -> Draft:
        """With one more condition. Names, namespaces, users and groups said again are added to what was said: any of them."""
        for index, other in enumerate(self.filters):
            united = _united(other, part)
            if united is not None:
                return replace(self, filters=(*self.filters[:index], united, *self.filters[index + 1 :]))
        return replace(self, filters=(*self.filters, part))

    def finished(
        self,
        phase: Phase,
        action: Callable[..., Any],
        name: str | None,
        on_error: OnError | None,
        timeout: int | None,
        mode: Mode,
    ) -> Binding:
        """The binding, checked and put into its capability."""
        where = caller_location()
        self._check(phase, where)
        _check_action(phase, action, where)
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
            mode=_check_mode(mode, phase, where),
            is_async=_is_async(action),
        )
        self.record(binding)
        return binding

    def _check(self, phase: Phase, where: Location) -> None:
        if self.kind.group == _NEVER_SENT:
            raise InvalidDefinition(
                f"the API server never asks a webhook about a {self.kind.kind}",
                "bind to another kind; RBAC decides who may edit these",
                where,
            )
        if ("CONNECT" in self.operations) is not (self.subresource in CONNECTED):
            truth = "connected to and never written" if self.subresource in CONNECTED else "never connected to"
            raise InvalidDefinition(
                f"{self.subresource or f'a {self.kind.kind}'} is {truth}",
                'write is_connected().for_subresource("exec")',
                where,
            )
        if not self.kind.namespaced:
            self._check_cluster_scoped(where)
        spaces = self.capability.namespaces
        for part in self.filters:
            if spaces and isinstance(part, NamespaceIs) and not part.negated and not part.values <= set(spaces):
                outside = ", ".join(sorted(part.values - set(spaces)))
                raise InvalidDefinition(
                    f"{outside} is not among the namespaces of the capability {self.capability.name!r} ({', '.join(spaces)})",
                    "add it there, or leave it out here",
                    where,
                )
            if (
                spaces
                and isinstance(part, NamespaceMatches)
                and not part.negated
                and not any(p.search(s) for p in part.patterns for s in spaces)
            ):
                raise InvalidDefinition(
                    f"no namespace of the capability {self.capability.name!r} ({', '.join(spaces)}) matches",
                    "mend the pattern, or the capability's namespaces",
                    where,
                )
            if isinstance(part, BeingDeleted) and not part.negated and "UPDATE" not in self.operations:
                raise InvalidDefinition(
                    "an object has a deletionTimestamp only while it is updated towards its end",
                    "write is_updated() or is_created_or_updated() with it",
                    where,
                )

    def _check_cluster_scoped(self, where: Location) -> None:
        spaced = any(isinstance(part, NamespaceIs | NamespaceMatches) for part in self.filters)
        is_namespace = self.kind.kind == "Namespace" and not self.kind.group
        if spaced and is_namespace:
            raise InvalidDefinition("a Namespace is in no namespace", 'write with_name("shop")', where)
        if spaced or (self.capability.namespaces and not is_namespace):
            raise InvalidDefinition(
                f"a {self.kind.kind} is cluster-scoped and in no namespace, so the rule would never apply",
                "leave the namespaces out" if spaced else "put it into a capability without namespaces",
                where,
            )

    def _all_filters(self) -> tuple[Filter, ...]:
        own = any(isinstance(part, NamespaceIs) and not part.negated for part in self.filters)
        if own or not self.capability.namespaces:
            return self.filters
        return (NamespaceIs(frozenset(self.capability.namespaces)), *self.filters)

    def _rule(self, phase: Phase, action: Callable[..., Any], name: str | None, where: Location) -> str:
        given = name or self.alias
        if given is not None:
            return checked_rule_name(given, where)
        own = getattr(action, "__name__", "<lambda>").strip("_").replace("_", "-")
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


def _check_mode(mode: Mode, phase: Phase, where: Location) -> Mode:
    if mode not in get_args(Mode):
        raise InvalidDefinition(f"mode is {mode!r}", 'write mode="enforce", "warn" or "audit"', where)
    return mode


def _check_action(phase: Phase, action: object, where: Location) -> None:
    remedy = f"write def rule(request): ... and .{phase}(rule)"
    if isinstance(action, type) or not callable(action):
        raise InvalidDefinition(f"{phase} takes a function, not {action!r}", remedy, where)
    if inspect.isgeneratorfunction(action) or inspect.isasyncgenfunction(action):
        raise InvalidDefinition(
            f"the {phase} action has a yield in it, so calling it would run nothing", "take the yield out", where
        )
    try:
        inspect.signature(action).bind(None)
    except TypeError as error:
        raise InvalidDefinition(
            f"the {phase} action cannot be called with the request alone: {error}", remedy, where
        ) from None
    except ValueError:
        return


def _is_async(action: Callable[..., Any]) -> bool:
    action = inspect.unwrap(action)
    return inspect.iscoroutinefunction(action) or inspect.iscoroutinefunction(getattr(action, "__call__", None))  # noqa: B004
