"""A binding: what a capability wants, as plain frozen data. Pipeline, webhooks, roles and checks are readers of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from poblano.core.errors import Location
from poblano.core.filters import Filter, Needs
from poblano.core.kinds import Kind
from poblano.core.objects import Resource
from poblano.core.predicates import Predicate
from poblano.core.projection import FULL, Projection
from poblano.core.sources import Mapped, Owned
from poblano.core.uses import Uses

Phase: TypeAlias = Literal["mutate", "validate"]
"""When an action of a webhook runs."""

Role: TypeAlias = Literal["mutate", "validate", "watch", "reconcile", "finalize"]
"""What an action is for: two are asked by the API server, three follow what it has."""

Queue: TypeAlias = Literal["kind", "kind_ns", "kind_ns_name", "global"]
"""What runs one at a time: all objects of a rule; those of a namespace; each by itself; all rules that say ``global``."""

FOLLOWERS: Final = frozenset({"watch", "reconcile", "finalize"})
"""The roles of actions that follow what the API server has."""

CONCURRENCY: Final = 10
"""How many objects a rule works on at once, unless it says so itself."""

OnError: TypeAlias = Literal["reject", "audit", "ignore"]
"""What becomes of a request whose action raised: refused; let through and noted for the audit log; let through."""

Mode: TypeAlias = Literal["enforce", "warn", "audit"]
"""What a denial does: refuses; warns the user; is noted for the API server's audit log."""

NAME_LIMIT = 63


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Binding:
    """One rule: when it applies, and what it does.

    Args:
        capability, rule: its names; together unique in a module for each phase.
        phase: whether it changes, judges, is told what happened, makes the world as an object says, or cleans up after one.
        kind: what it is bound to; `subresource` is "" for the object itself.
        view: the class of the objects the action is given.
        operations: the verbs of the API server it is bound to.
        filters: all must hold.
        action: called with a MutateRequest or ValidateRequest; an object and a Phase; or an object and a Context.
        on_error: what an exception means; None leaves it to the capability, then the module.
        timeout: seconds that the webhook may take; None leaves it to the module.
        mode: what a denial means.
        location: where it is written.
        is_async: whether the action is an ``async def``.
        status_apart: whether the API server takes the object's status from its subresource alone, as far as that is known.
        owns: kinds whose objects have their controller run, when that is an object of this rule.
        watches: kinds whose objects have those run that a function names.
        predicates: all must pass for an update to be news; see `poblano.core.predicates`.
        time_limit: seconds that a run of an action that follows may take; None for any.
        concurrency: how many objects of the rule are worked on at once.
        queue: what runs one at a time.
        projection: how much of an object an action that follows is given.
        uses: what the action calls the API server for, beside what the rule says.
    """

    capability: str
    rule: str
    phase: Role
    kind: Kind
    view: type[Resource]
    operations: frozenset[str]
    action: Callable[..., Any]
    location: Location
    subresource: str = ""
    filters: tuple[Filter, ...] = ()
    on_error: OnError | None = None
    timeout: int | None = None
    mode: Mode = "enforce"
    is_async: bool = False
    status_apart: bool = False
    owns: tuple[Owned, ...] = ()
    watches: tuple[Mapped, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    time_limit: float | None = None
    concurrency: int = CONCURRENCY
    queue: Queue = "kind_ns_name"
    projection: Projection = FULL
    uses: tuple[Uses, ...] = ()

    @property
    def title(self) -> str:
        """How it is named to a cluster's user: ``shop/pinned-images``."""
        return f"{self.capability}/{self.rule}"

    @property
    def sources(self) -> list[Owned | Mapped]:
        """What has it run beside its own objects: those that it owns, and those that a function maps to them."""
        return [*self.owns, *self.watches]

    def filters_needing(self, needs: Needs) -> tuple[Filter, ...]:
        """The filters that can be asked once `needs` is decoded, and not before."""
        return tuple(part for part in self.filters if part.needs is needs)


def name_part(text: str, limit: int = NAME_LIMIT) -> str:
    """`text` if it fits into `limit` characters, else cut, with a hash of the whole so that it stays unique and stable.

    >>> name_part("pinned-images")
    'pinned-images'
    >>> len(name_part("x" * 80)), name_part("x" * 80)[-9:]
    (63, '-d929cdee')
    """
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{text[: limit - 9].rstrip('-.')}-{digest}"
