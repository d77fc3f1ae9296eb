"""The actions that follow what the API server has: ``.watch`` is told what happened, ``.reconcile`` is given what is, and
``.finalize`` cleans up after what is to go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Generic, TypeVar, overload

from poblano.context import Context
from poblano.core.binding import Queue, Role
from poblano.core.follower_arguments import Options
from poblano.core.following import Phase, Requeue
from poblano.core.objects import Resource
from poblano.core.uses import Used
from poblano.draft import Draft
from poblano.finished import Finished

K = TypeVar("K", bound=Resource)
R = TypeVar("R")
Q = TypeVar("Q", bound=Requeue | Awaitable[Requeue | None] | None)


class Finalizing(Generic[K]):
    """What can go on to a finalize action."""

    _draft: Draft

    @overload
    def finalize(
        self,
        action: Callable[[K, Context[K]], Q],
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Finalized[K, Q]: ...
    @overload
    def finalize(
        self,
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Callable[[Callable[[K, Context[K]], Q]], Finalized[K, Q]]: ...
    def finalize(
        self,
        action: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Any:
        """Clean up after an object that is being deleted; it stays until that has worked.

        A finalizer of this rule's own is put on each object that the filters take, before a reconcile action of the same
        capability is given it, and taken off once the action has come to its end without raising. An object that has the finalizer is
        cleaned up after, whether or not the filters still take it.

        Args:
            action: ``def`` or ``async def``, given the object and a `Context`; it returns None when all is done, or a `Requeue`
                to be called again. Left out, this is a decorator with options.
            name: the rule's name, a part of the finalizer's; by default the alias, then the function's with dashes.
            timeout: how long a run may take; by default as long as it likes.
            concurrency: how many objects are worked on at once.
            queue: what runs one at a time: each object (``kind_ns_name``), all of a namespace, all, or all rules that say ``global``.
            uses: what it calls the API server for, beside what the rule says: see `Uses`.

        Raises:
            InvalidDefinition: when something is wrong with the rule, with the file and line.
        """
        options = Options(name=name, timeout=timeout, concurrency=concurrency, queue=queue, uses=uses)
        return _made(self._draft, "finalize", action, options, Finalized)


class Reconciling(Finalizing[K]):
    """What can go on to a reconcile action."""

    @overload
    def reconcile(
        self,
        action: Callable[[K, Context[K]], Q],
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Reconciled[K, Q]: ...
    @overload
    def reconcile(
        self,
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Callable[[Callable[[K, Context[K]], Q]], Reconciled[K, Q]]: ...
    def reconcile(
        self,
        action: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Any:
        """Make the world as the object says; called until that works, again on each change, and once for each at the start.

        For one object it runs once at a time, with the newest state there is; a failure is tried again, later each time.

        Args:
            action: ``def`` or ``async def``, given the object and a `Context`; it returns None or a `Requeue`, and raises
                `Terminal` where trying again will not help. Left out, this is a decorator with options.
            name: the rule's name; by default the alias, then the function's with dashes.
            timeout: how long a run may take: an ``async def`` is cancelled then and counts as failed; a ``def`` cannot be stopped, so that
                it is reported. By default as long as it likes.
            concurrency: how many objects are worked on at once.
            queue: what runs one at a time: each object (``kind_ns_name``), all of a namespace (``kind_ns``), all of the rule (``kind``),
                or all rules that say ``global``.
            uses: what it calls the API server for, beside what the rule says: see `Uses`.

        Raises:
            InvalidDefinition: when something is wrong with the rule, with the file and line.
        """
        options = Options(name=name, timeout=timeout, concurrency=concurrency, queue=queue, uses=uses)
        return _made(self._draft, "reconcile", action, options, Reconciled)


class Following(Reconciling[K]):
    """What can go on to a watch, reconcile or finalize action."""

    @overload
    def watch(
        self,
        action: Callable[[K, Phase], R],
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Watched[K, R]: ...
    @overload
    def watch(
        self,
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Callable[[Callable[[K, Phase], R]], Watched[K, R]]: ...
    def watch(
        self,
        action: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        concurrency: int | None = None,
        queue: Queue = "kind_ns_name",
        uses: Sequence[Used] = (),
    ) -> Any:
        """Be told what happened to an object. Best effort: what goes wrong is logged and not tried again.

        At each start, what exists is told as ADDED; changes of an object that follow fast upon each other may be told as one.

        Args:
            action: ``def`` or ``async def``, given the object and a `Phase`. Left out, this is a decorator with options.
            name: the rule's name; by default the alias, then the function's with dashes.
            timeout, concurrency, queue, uses: see `Reconciling.reconcile`.

        Raises:
            InvalidDefinition: when something is wrong with the rule, with the file and line.
        """
        options = Options(name=name, timeout=timeout, concurrency=concurrency, queue=queue, uses=uses)
        return _made(self._draft, "watch", action, options, Watched)


class Watched(Finished[R], Finalizing[K], Generic[K, R]):
    """A watch rule: callable as its function, and the chain goes on with ``finalize``."""

    def __init__(self, draft: Draft, action: Callable[..., Any]) -> None:
        self._draft = draft
        self._become(action)

    def __call__(self, obj: K, phase: Phase, /) -> R:
        return self._action(obj, phase)  # type: ignore[no-any-return]


class Reconciled(Finished[R], Finalizing[K], Generic[K, R]):
    """A reconcile rule: callable as its function, and the chain goes on with ``finalize``."""

    def __init__(self, draft: Draft, action: Callable[..., Any]) -> None:
        self._draft = draft
        self._become(action)

    def __call__(self, obj: K, ctx: Context[K], /) -> R:
        return self._action(obj, ctx)  # type: ignore[no-any-return]


class Finalized(Finished[R], Generic[K, R]):
    """A finalize rule: callable as its function."""

    def __init__(self, _draft: Draft, action: Callable[..., Any]) -> None:
        self._become(action)

    def __call__(self, obj: K, ctx: Context[K], /) -> R:
        return self._action(obj, ctx)  # type: ignore[no-any-return]


def _made(
    draft: Draft,
    role: Role,
    action: Callable[..., Any] | None,
    options: Options,
    finished: Callable[[Draft, Callable[..., Any]], Any],
) -> Any:
    """The rule; or, without an action, a decorator that makes it, whose chain counts as open until it has."""
    if action is not None:
        draft.followed(role, action, options)
        return finished(draft, action)
    waiting = draft.but()

    def decorate(function: Callable[..., Any]) -> Any:
        waiting.followed(role, function, options)
        return finished(waiting, function)

    return decorate
