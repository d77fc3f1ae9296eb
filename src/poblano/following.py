"""The actions that follow what the API server has: ``.watch`` is told what happened, ``.reconcile`` is given what is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, overload

from poblano.context import Context
from poblano.core.following import Phase, Requeue
from poblano.core.objects import Resource
from poblano.draft import Draft
from poblano.finished import Finished

K = TypeVar("K", bound=Resource)
R = TypeVar("R")
Q = TypeVar("Q", bound=Requeue | Awaitable[Requeue | None] | None)


class Reconciling(Generic[K]):
    """What can go on to a reconcile action."""

    _draft: Draft

    @overload
    def reconcile(self, action: Callable[[K, Context[K]], Q], /) -> Reconciled[K, Q]: ...
    @overload
    def reconcile(
        self, /, *, name: str | None = None
    ) -> Callable[[Callable[[K, Context[K]], Q]], Reconciled[K, Q]]: ...
    def reconcile(self, action: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
        """Make the world as the object says; called until that works, again on each change, and once for each at the start.

        For one object it runs once at a time, with the newest state there is; a failure is tried again, later each time.

        Args:
            action: ``def`` or ``async def``, given the object and a `Context`; it returns None or a `Requeue`, and raises
                `Terminal` where trying again will not help. Left out, this is a decorator with options.
            name: the rule's name; by default the alias, then the function's with dashes.

        Raises:
            InvalidDefinition: when something is wrong with the rule, with the file and line.
        """
        if action is None:
            waiting = self._draft.but()

            def reconciling(function: Callable[..., Any]) -> Reconciled[K, Any]:
                return _reconciled(waiting, function, name)

            return reconciling
        return _reconciled(self._draft, action, name)


class Following(Reconciling[K]):
    """What can go on to a watch or reconcile action."""

    @overload
    def watch(self, action: Callable[[K, Phase], R], /) -> Watched[K, R]: ...
    @overload
    def watch(self, /, *, name: str | None = None) -> Callable[[Callable[[K, Phase], R]], Watched[K, R]]: ...
    def watch(self, action: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
        """Be told what happened to an object. Best effort: what goes wrong is logged and not tried again.

        At each start, what exists is told as ADDED; changes of an object that follow fast upon each other may be told as one.

        Args:
            action: ``def`` or ``async def``, given the object and a `Phase`. Left out, this is a decorator with options.
            name: the rule's name; by default the alias, then the function's with dashes.

        Raises:
            InvalidDefinition: when something is wrong with the rule, with the file and line.
        """
        if action is None:
            waiting = self._draft.but()

            def watching(function: Callable[..., Any]) -> Watched[K, Any]:
                return _watched(waiting, function, name)

            return watching
        return _watched(self._draft, action, name)


class Watched(Finished[R], Generic[K, R]):
    """A watch rule: callable as its function."""

    def __init__(self, action: Callable[..., Any]) -> None:
        self._become(action)

    def __call__(self, obj: K, phase: Phase, /) -> R:
        return self._action(obj, phase)  # type: ignore[no-any-return]


class Reconciled(Finished[R], Generic[K, R]):
    """A reconcile rule: callable as its function."""

    def __init__(self, action: Callable[..., Any]) -> None:
        self._become(action)

    def __call__(self, obj: K, ctx: Context[K], /) -> R:
        return self._action(obj, ctx)  # type: ignore[no-any-return]


def _watched(draft: Draft, action: Callable[..., Any], name: str | None) -> Watched[Any, Any]:
    draft.followed("watch", action, name)
    return Watched(action)


def _reconciled(draft: Draft, action: Callable[..., Any], name: str | None) -> Reconciled[Any, Any]:
    draft.followed("reconcile", action, name)
    return Reconciled(action)
