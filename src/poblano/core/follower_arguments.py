"""What the methods of a chain are given that follows objects, checked where it is written: actions, options, sources."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from poblano.core.arguments import is_async, unlike_arguments
from poblano.core.binding import CONCURRENCY, Queue, Role
from poblano.core.errors import InvalidDefinition, Location
from poblano.core.location import caller_location
from poblano.core.objects import Resource, kind_of
from poblano.core.predicates import Predicate, Told
from poblano.core.projection import FULL, Projection
from poblano.core.sources import Mapped, Owned
from poblano.core.uses import Used


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an action that follows objects is named and run, as it is written."""

    name: str | None = None
    timeout: float | timedelta | None = None
    concurrency: int | None = None
    queue: Queue = "kind_ns_name"
    uses: Sequence[Used] = ()


def check_follower(role: Role, action: object, where: Location) -> None:
    """See that a watch, reconcile or finalize `action` can be called with its two arguments, and does something when it is."""
    second = "phase" if role == "watch" else "ctx"
    remedy = f"write def rule(obj, {second}): ... and .{role}(rule)"
    if isinstance(action, type) or not callable(action):
        raise InvalidDefinition(f"{role} takes a function, not {action!r}", remedy, where)
    if inspect.isgeneratorfunction(action) or inspect.isasyncgenfunction(action):
        raise InvalidDefinition(
            f"the {role} action has a yield in it, so calling it would run nothing", "take the yield out", where
        )
    if (wrong := unlike_arguments(action, 2)) is not None:
        raise InvalidDefinition(
            f"the {role} action cannot be called with the object and the {second}: {wrong}", remedy, where
        )


def checked_seconds(given: object, where: Location) -> float | None:
    """A time limit, in seconds."""
    if given is None:
        return None
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        raise InvalidDefinition(
            f"timeout is {given!r}", "write seconds, timeout=30, or timeout=timedelta(minutes=5)", where
        )
    return float(seconds)


def checked_concurrency(given: object, where: Location) -> int:
    """How many objects are worked on at once."""
    if given is None:
        return CONCURRENCY
    if type(given) is not int or given < 1:
        raise InvalidDefinition(f"concurrency is {given!r}", "write a whole number from 1: concurrency=4", where)
    return given


def checked_queue(given: Queue, where: Location) -> Queue:
    """`given`, if it is a strategy."""
    if given not in get_args(Queue):
        raise InvalidDefinition(
            f"queue is {given!r}", 'write queue="kind", "kind_ns", "kind_ns_name" (the default) or "global"', where
        )
    return given


def owned_by(model: object, projection: Projection) -> Owned:
    """What ``.owns(model)`` says."""
    return Owned(kind_of(view := _class(model, "owns", "a.Deployment")), view, projection)


def mapped_by(model: object, function: object, projection: Projection) -> Mapped:
    """What ``.watches(model, function)`` says."""
    where, view = caller_location(), _class(model, "watches", "a.ConfigMap, users_of")
    remedy = "write def users_of(config): return [names] and .watches(a.ConfigMap, users_of)"
    if isinstance(function, type) or not callable(function):
        raise InvalidDefinition(f"watches takes a function, not {function!r}", remedy, where)
    if is_async(function) or inspect.isasyncgenfunction(function):
        raise InvalidDefinition("the function of watches is not awaited", "write def instead of async def", where)
    if (wrong := unlike_arguments(function, 1)) is None:
        return Mapped(kind_of(view), view, function, where, projection=projection)
    if unlike_arguments(function, 2) is not None:
        raise InvalidDefinition(
            f"the function of watches cannot be called with the object alone: {wrong}; nor with those of the rule beside it",
            remedy,
            where,
        )
    return Mapped(kind_of(view), view, function, where, asks_for_known=True, projection=projection)


def predicate_of(given: object, view: type[Resource]) -> Predicate:
    """What one argument of ``.when_changed(...)`` says: a predicate, or a function of the old object and the new one."""
    if isinstance(given, Predicate):
        return given
    where = caller_location()
    remedy = "write when_changed(generation_changed()), or when_changed(lambda old, new: ...)"
    if isinstance(given, type) or not callable(given):
        raise InvalidDefinition(f"when_changed takes predicates, not {given!r}", remedy, where)
    if is_async(given):
        raise InvalidDefinition("a predicate is not awaited", "write def instead of async def", where)
    function: Callable[..., Any] = given
    if (wrong := unlike_arguments(function, 2)) is not None:
        raise InvalidDefinition(
            f"the predicate cannot be called with the old and the new object: {wrong}", remedy, where
        )
    return Told(function, view.of)


def check_no_sources(
    owns: tuple[Owned, ...],
    watches: tuple[Mapped, ...],
    predicates: tuple[Predicate, ...],
    projection: Projection,
    role: Role,
    where: Location,
) -> None:
    """See that nothing was said that an action of this role makes no use of."""
    if owns or watches:
        said = "owns" if owns else "watches"
        raise InvalidDefinition(
            f".{said}(...) has a reconcile action run, and this is a {role} action",
            f"write .reconcile(...) instead of .{role}(...), or leave .{said}(...) out",
            where,
        )
    if predicates and role in {"mutate", "validate"}:
        raise InvalidDefinition(
            f".when_changed(...) is for what follows objects, and this is a {role} action",
            "compare request.raw with request.old_resource in the action, or leave it out",
            where,
        )
    if projection != FULL and role in {"mutate", "validate"}:
        raise InvalidDefinition(
            f"a chain says how much of an object is kept, and a {role} action is given all of it",
            "leave .metadata_only() and .with_managed_fields() out",
            where,
        )


def _class(model: object, method: str, example: str) -> type[Resource]:
    if isinstance(model, type) and issubclass(model, Resource):
        return model
    raise InvalidDefinition(f"{method} takes a kind, not {model!r}", f"write {method}({example})", caller_location())
