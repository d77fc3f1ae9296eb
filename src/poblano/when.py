"""The chain: ``shop.when(a.Pod).is_created().in_namespace("shop").mutate(...).validate(...)``.

`When` waits for an event, `Bound` for an action; `Mutated` and `Validated` are what an action method returns: the rest of
the chain, and a callable that behaves as the function, so that a unit test just calls it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from poblano.core.binding import Mode, OnError
from poblano.core.decisions import Decision
from poblano.core.objects import Resource
from poblano.core.requests import MutateRequest, ValidateRequest
from poblano.core.uses import Used
from poblano.draft import Draft
from poblano.filtering import Filtering
from poblano.finished import Finished
from poblano.following import Following, Reconciling
from poblano.sourcing import Sourcing

if TYPE_CHECKING:
    from poblano.models.a import Binding as PodBinding
    from poblano.models.a import Eviction, PodAttachOptions, PodExecOptions, PodPortForwardOptions, Scale, TokenRequest

K = TypeVar("K", bound=Resource)
S = TypeVar("S", bound=Resource)
R = TypeVar("R")
V = TypeVar("V", bound=Decision | Awaitable[Decision])


class When(Sourcing[K], Reconciling[K]):
    """A kind, waiting for an event: ``is_created()``, ``is_updated()``, ``is_created_or_updated()``, ``is_deleted()``."""

    def is_created(self) -> Bound[K]:
        """When an object is made."""
        return self._on("CREATE")

    def is_updated(self) -> Bound[K]:
        """When an object is changed."""
        return self._on("UPDATE")

    def is_created_or_updated(self) -> Bound[K]:
        """When an object is made or changed."""
        return self._on("CREATE", "UPDATE")

    def is_deleted(self) -> Bound[K]:
        """When an object is deleted; `raw` is what it was. It can be refused, and not changed."""
        return self._on("DELETE")

    def is_connected(self) -> Bound[K]:
        """When a subresource is connected to: exec, attach, portforward, proxy. What ``kubectl exec`` does."""
        return self._on("CONNECT")

    def _on(self, *operations: str) -> Bound[K]:
        return Bound(self._draft.but(operations=frozenset(operations)))

    @overload
    def for_subresource(self, name: Literal["scale"], /) -> When[Scale]: ...
    @overload
    def for_subresource(self, name: Literal["eviction"], /) -> When[Eviction]: ...
    @overload
    def for_subresource(self, name: Literal["binding"], /) -> When[PodBinding]: ...
    @overload
    def for_subresource(self, name: Literal["token"], /) -> When[TokenRequest]: ...
    @overload
    def for_subresource(self, name: Literal["exec"], /) -> Bound[PodExecOptions]: ...  # type: ignore[overload-overlap]
    @overload
    def for_subresource(self, name: Literal["attach"], /) -> Bound[PodAttachOptions]: ...  # type: ignore[overload-overlap]
    @overload
    def for_subresource(self, name: Literal["portforward"], /) -> Bound[PodPortForwardOptions]: ...  # type: ignore[overload-overlap]
    @overload
    def for_subresource(self, name: Literal["proxy"], body: type[S], /) -> Bound[S]: ...  # type: ignore[overload-overlap]
    @overload
    def for_subresource(self, name: str, body: type[S], /) -> When[S]: ...
    @overload
    def for_subresource(self, name: str, /) -> When[K]: ...
    def for_subresource(self, name: str, body: type[Resource] | None = None, /) -> When[Any] | Bound[Any]:
        """A subresource instead of the object: ``scale``, ``status``, ``exec``, ``eviction``, ``ephemeralcontainers``...

        exec, attach, portforward and proxy need no event: they are connected to.

        Args:
            name: the subresource.
            body: the class of what is sent to it, where Poblano does not know it; by default the parent's.
        """
        draft = self._draft.to_subresource(name, body)
        return Bound(draft) if draft.operations else When(draft)


class _Validating(Filtering[K]):
    """What can go on to a validate action."""

    @overload
    def validate(self, action: Callable[[ValidateRequest[K]], V], /) -> Validated[K, V]: ...
    @overload
    def validate(
        self,
        /,
        *,
        name: str | None = None,
        on_error: OnError | None = None,
        timeout: int | None = None,
        mode: Mode = "enforce",
        uses: Sequence[Used] = (),
    ) -> Callable[[Callable[[ValidateRequest[K]], V]], Validated[K, V]]: ...
    def validate(
        self,
        action: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        on_error: OnError | None = None,
        timeout: int | None = None,
        mode: Mode = "enforce",
        uses: Sequence[Used] = (),
    ) -> Any:
        """Judge the object: the action returns ``request.approve()`` or ``request.deny(...)``.

        Args:
            action: ``def`` or ``async def``, given a `ValidateRequest`. Left out, this is a decorator with options.
            name: the rule's name; by default the alias, then the function's with dashes.
            on_error: what an exception means: ``reject``, ``audit`` or ``ignore``.
            timeout: seconds that a call may take, 1 to 30.
            mode: what a denial does: ``enforce`` refuses, ``warn`` warns the user, ``audit`` notes it for the audit log.
            uses: what it calls the API server for, beside what the rule says: see `Uses`.

        Raises:
            InvalidDefinition: when something is wrong with the rule, with the file and line.
        """
        if action is None:
            waiting = type(self)(self._draft.but())

            def decorate(function: Callable[..., Any]) -> Validated[K, Any]:
                return waiting._validated(function, name, on_error, timeout, mode, uses)

            return decorate
        return self._validated(action, name, on_error, timeout, mode, uses)

    def _validated(
        self,
        action: Callable[..., Any],
        name: str | None,
        on_error: OnError | None,
        timeout: int | None,
        mode: Mode,
        uses: Sequence[Used],
    ) -> Validated[K, Any]:
        self._draft.finished("validate", action, name, on_error, timeout, mode, uses)
        return Validated(self._draft, action)


class Bound(_Validating[K], Sourcing[K], Following[K]):
    """A kind and an event, waiting for filters and an action."""

    @overload
    def for_subresource(self, name: Literal["scale"], /) -> Bound[Scale]: ...
    @overload
    def for_subresource(self, name: Literal["eviction"], /) -> Bound[Eviction]: ...
    @overload
    def for_subresource(self, name: Literal["binding"], /) -> Bound[PodBinding]: ...
    @overload
    def for_subresource(self, name: Literal["token"], /) -> Bound[TokenRequest]: ...
    @overload
    def for_subresource(self, name: Literal["exec"], /) -> Bound[PodExecOptions]: ...
    @overload
    def for_subresource(self, name: Literal["attach"], /) -> Bound[PodAttachOptions]: ...
    @overload
    def for_subresource(self, name: Literal["portforward"], /) -> Bound[PodPortForwardOptions]: ...
    @overload
    def for_subresource(self, name: str, body: type[S], /) -> Bound[S]: ...
    @overload
    def for_subresource(self, name: str, /) -> Bound[K]: ...
    def for_subresource(self, name: str, body: type[Resource] | None = None, /) -> Bound[Any]:
        """A subresource instead of the object: ``scale``, ``status``, ``exec``, ``eviction``, ``ephemeralcontainers``...

        Args:
            name: the subresource.
            body: the class of what is sent to it, where Poblano does not know it; by default the parent's.
        """
        return Bound(self._draft.to_subresource(name, body))

    @overload
    def mutate(self, action: Callable[[MutateRequest[K]], R], /) -> Mutated[K, R]: ...
    @overload
    def mutate(
        self,
        /,
        *,
        name: str | None = None,
        on_error: OnError | None = None,
        timeout: int | None = None,
        mode: Mode = "enforce",
        uses: Sequence[Used] = (),
    ) -> Callable[[Callable[[MutateRequest[K]], R]], Mutated[K, R]]: ...
    def mutate(
        self,
        action: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        on_error: OnError | None = None,
        timeout: int | None = None,
        mode: Mode = "enforce",
        uses: Sequence[Used] = (),
    ) -> Any:
        """Change the object before it is stored.

        Args:
            action: ``def`` or ``async def``, given a `MutateRequest`. Left out, this is a decorator with options.
            name: the rule's name; by default the alias, then the function's with dashes.
            on_error: what an exception means: ``reject``, ``audit`` or ``ignore``.
            timeout: seconds that a call may take, 1 to 30.
            mode: what ``request.deny`` does: ``enforce`` refuses, ``warn`` warns the user, ``audit`` notes it for the audit log.
            uses: what it calls the API server for, beside what the rule says: see `Uses`.

        Raises:
            InvalidDefinition: when something is wrong with the rule, with the file and line.
        """
        if action is None:
            waiting = Bound[K](self._draft.but())

            def decorate(function: Callable[..., Any]) -> Mutated[K, Any]:
                return waiting._mutated(function, name, on_error, timeout, mode, uses)

            return decorate
        return self._mutated(action, name, on_error, timeout, mode, uses)

    def _mutated(
        self,
        action: Callable[..., Any],
        name: str | None,
        on_error: OnError | None,
        timeout: int | None,
        mode: Mode,
        uses: Sequence[Used],
    ) -> Mutated[K, Any]:
        self._draft.finished("mutate", action, name, on_error, timeout, mode, uses)
        return Mutated(self._draft, action)


class Mutated(Finished[R], Following[K], Generic[K, R]):
    """A mutate rule: callable as its function, and the chain goes on with ``validate``."""

    def __init__(self, draft: Draft, action: Callable[..., Any]) -> None:
        self._draft = draft
        self._become(action)

    def __call__(self, request: MutateRequest[K], /) -> R:
        return self._action(request)  # type: ignore[no-any-return]

    @overload
    def validate(self, action: Callable[[ValidateRequest[K]], V], /) -> Validated[K, V]: ...
    @overload
    def validate(
        self,
        /,
        *,
        name: str | None = None,
        on_error: OnError | None = None,
        timeout: int | None = None,
        mode: Mode = "enforce",
        uses: Sequence[Used] = (),
    ) -> Callable[[Callable[[ValidateRequest[K]], V]], Validated[K, V]]: ...
    def validate(
        self,
        action: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        on_error: OnError | None = None,
        timeout: int | None = None,
        mode: Mode = "enforce",
        uses: Sequence[Used] = (),
    ) -> Any:
        """Judge the object once it is changed: see `Bound.validate`."""
        following: Bound[K] = Bound(self._draft)
        if action is None:
            return following.validate(name=name, on_error=on_error, timeout=timeout, mode=mode, uses=uses)
        return following._validated(action, name, on_error, timeout, mode, uses)


class Validated(Finished[R], Following[K], Generic[K, R]):
    """A validate rule: callable as its function."""

    def __init__(self, draft: Draft, action: Callable[..., Any]) -> None:
        self._draft = draft
        self._become(action)

    def __call__(self, request: ValidateRequest[K], /) -> R:
        return self._action(request)  # type: ignore[no-any-return]
