"""A capability: a named set of rules that belong together. Defining one has no side effects.

>>> from poblano import a
>>> shop = Capability("shop", description="House rules of the shop", namespaces=["shop"])
>>> mutate = shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("tier", "data"))
>>> [binding.title for binding in shop.bindings]
['shop/mutate-pod']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Generic, cast

from typing_extensions import TypeVar

from poblano.core.arguments import check_on_error, check_timeout
from poblano.core.binding import Binding, OnError
from poblano.core.errors import InvalidDefinition
from poblano.core.filters import NamespaceIs
from poblano.core.kinds import Kind
from poblano.core.location import caller_location
from poblano.core.meaning import meant_kind
from poblano.core.objects import GenericKind, Resource
from poblano.core.schedule.definition import Misfire, Overlap, Schedule
from poblano.core.uses import Used, checked_uses
from poblano.draft import Draft, OpenEnd
from poblano.store_handle import Store
from poblano.when import When

K = TypeVar("K", bound=Resource)
F = TypeVar("F", bound=Callable[[], object])
V = TypeVar("V", default=str)

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Capability(Generic[V]):
    """A named set of rules.

    Args:
        name: an RFC 1123 label: lower-case letters, digits and dashes, at most 63 characters. Every refusal names it.
        description: what it is for.
        namespaces: where its rules apply; everywhere when empty. Cluster-scoped kinds need an empty list.
        on_error: what an exception in an action means: ``reject``, ``audit`` or ``ignore``. By default the module says.
        timeout: seconds that a call may take, 1 to 30. By default the module says.
        store: what `store` keeps, where that is not texts: ``Store(Price)``, ``Store(Price, secret=True)``.

    Raises:
        InvalidDefinition: when any of it is wrong, with the file and line.
    """

    def __init__(
        self,
        name: str,
        *,
        description: str = "",
        namespaces: Sequence[str] = (),
        on_error: OnError | None = None,
        timeout: int | None = None,
        store: Store[V] | None = None,
    ) -> None:
        self.location = caller_location()
        self.name = self._checked_label(name, "the name of a capability", 'Capability("shop")')
        self.description = description
        if isinstance(namespaces, str):
            raise InvalidDefinition("namespaces is one string", f'write namespaces=["{namespaces}"]', self.location)
        if not isinstance(namespaces, Iterable):
            raise InvalidDefinition(f"namespaces is {namespaces!r}", 'write namespaces=["shop"]', self.location)
        self.namespaces = tuple(
            self._checked_label(space, "a namespace", 'namespaces=["shop"]') for space in namespaces
        )
        self.on_error: OnError | None = check_on_error(on_error)
        self.timeout = check_timeout(timeout)
        self.open_ends: list[OpenEnd] = []
        self.keeps = store is not None
        """Whether something was said of its store when it was defined."""
        self._store: Store[V] = store if store is not None else cast("Store[V]", Store())
        self._store.name = self.name
        self._bindings: list[Binding] = []
        self._schedules: list[Schedule] = []

    def _checked_label(self, text: object, what: str, example: str) -> str:
        if not isinstance(text, str) or not _LABEL.fullmatch(text):
            raise InvalidDefinition(
                f"{text!r} cannot be {what}",
                f"use lower-case letters, digits and dashes, beginning and ending with a letter or digit, at most 63: {example}",
                self.location,
            )
        return text

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The rules, in the order in which they were defined."""
        return tuple(self._bindings)

    @property
    def store(self) -> Store[V]:
        """Small shared state: see `Store`."""
        self.keeps = True
        return self._store

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules, in the order in which they were defined."""
        return tuple(self._schedules)

    def on_schedule(
        self,
        name: str,
        /,
        *,
        every: timedelta | None = None,
        cron: str | None = None,
        timezone: str = "UTC",
        start: datetime | None = None,
        completions: int | None = None,
        misfire: Misfire = "once",
        overlap: Overlap = "forbid",
        jitter: timedelta = timedelta(0),
        timeout: timedelta | None = None,
        retries: int = 0,
        uses: Sequence[Used] = (),
    ) -> Callable[[F], F]:
        """Run a function again and again: a decorator. One replica runs it, and where it was is known after a restart.

        Intervals of 30 s or more are recommended, and jobs that may be run once more than was meant: a run that was cut off
        is made again.

        Args:
            name: under which it is known to people, and in the store.
            every: the interval, in whole seconds. The first run is one interval after the schedule was first seen, or at `start`.
            cron: instead of it a cron line, such as ``"30 2 * * *"`` or ``"@daily"``; six fields begin with seconds.
            timezone: whose clocks the line is read on.
            start: nothing runs before.
            completions: after so many runs it is over for good.
            misfire: what becomes of times at which nobody was there: ``once``, ``skip`` or ``catch_up``.
            overlap: what becomes of a time that comes during a run: ``forbid``, ``allow`` or ``replace``.
            jitter: each run begins up to so much later.
            timeout: how long a run may take.
            retries: how often a run that failed is tried again, 5 s later and then twice as late each time, up to 5 minutes.
            uses: what it calls the API server for: see `Uses`.

        Raises:
            InvalidDefinition: when something is wrong with it, with the file and line.

        >>> shop = Capability("shop")
        >>> @shop.on_schedule("refresh-token", every=timedelta(hours=1))
        ... async def refresh() -> None: ...
        >>> shop.schedules[0].title
        'shop/refresh-token'
        """
        from poblano.core.schedule.arguments import checked, with_action

        where = caller_location()
        proposed = Schedule(
            capability=self.name,
            name=name,
            action=_nothing,
            location=where,
            every=every,
            cron=cron,
            timezone=timezone,
            start=start,
            completions=completions,
            misfire=misfire,
            overlap=overlap,
            jitter=jitter,
            timeout=timeout,
            retries=retries,
            uses=checked_uses(uses, where),
        )
        schedule = checked(proposed)
        end = OpenEnd(f"write a function below @{self.name}.on_schedule(...), or take it out")
        self.open_ends.append(end)

        def run(action: F) -> F:
            self._check_unscheduled(schedule)
            self._schedules.append(with_action(schedule, action))
            end.taken = True
            return action

        return run

    def _check_unscheduled(self, schedule: Schedule) -> None:
        for other in self._schedules:
            if other.name == schedule.name:
                raise InvalidDefinition(
                    f"there is a schedule {schedule.name!r} in the capability {self.name!r} already, at {other.location}",
                    "give this one a name of its own",
                    schedule.location,
                )

    def when(
        self,
        model: type[K],
        /,
        *,
        group: str | None = None,
        version: str | None = None,
        kind: str | None = None,
        plural: str | None = None,
        scope: str = "Namespaced",
    ) -> When[K]:
        """Begin a rule: ``shop.when(a.Pod).is_created()...``.

        Args:
            model: the class of the objects: ``a.Pod``, or a `Resource` of your own.
            group, version, kind, plural, scope: which kind it is, for ``a.GenericKind`` alone, which can be any.

        Raises:
            InvalidDefinition: when `model` is no kind, or these names are missing or not wanted.
        """
        meant = meant_kind(model, group, version, kind, plural, scope, call="when")
        if model is not GenericKind:
            _check_is_stored(meant)
        return When(Draft(self, self._add, model, meant, OpenEnd()))

    def _add(self, binding: Binding) -> None:
        for other in self._bindings:
            if (other.phase, other.rule) == (binding.phase, binding.rule):
                raise InvalidDefinition(
                    f"there is a {binding.phase} rule {binding.rule!r} in the capability {self.name!r} already, at {other.location}",
                    f'give this one a name of its own: .{binding.phase}(name="...")',
                    binding.location,
                )
        self._bindings.append(binding)

    def keep_out_of(self, namespaces: frozenset[str]) -> None:
        """See `poblano.module.Module.keep_out_of`."""
        away = NamespaceIs(namespaces, negated=True)
        self._bindings = [replace(binding, filters=(*binding.filters, away)) for binding in self._bindings]

    def __repr__(self) -> str:
        return f"<Capability {self.name}, {len(self._bindings)} rules>"


def _nothing() -> None:
    """What a schedule runs before it is told."""


def _check_is_stored(kind: Kind) -> None:
    """That it is no kind that only travels to a subresource of others, as a Scale does."""
    from poblano.models.subresources import SUBRESOURCES, VERBS

    gvk = (kind.group, kind.version, kind.kind)
    if gvk in SUBRESOURCES and gvk not in VERBS:
        taken = sorted(path for _, _, path in SUBRESOURCES[gvk])
        raise InvalidDefinition(
            f"a {kind.kind} is nothing that is stored; it is sent to {', '.join(taken)}",
            f'bind to where it is sent: when(...).for_subresource("{taken[0].partition("/")[2]}")',
            caller_location(),
        )
