"""What has a rule run: which updates are news, and which other objects concern it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self, TypeAlias, TypeVar, overload

from poblano.core.errors import InvalidDefinition
from poblano.core.follower_arguments import mapped_by, owned_by, predicate_of
from poblano.core.location import caller_location
from poblano.core.objects import Resource
from poblano.core.predicates import AnyOf, Predicate
from poblano.core.projection import FULL, MANAGED_FIELDS, METADATA
from poblano.filtering import Filtering

K = TypeVar("K", bound=Resource)
S = TypeVar("S", bound=Resource)

Target: TypeAlias = "str | tuple[str, str] | Resource"
"""What is to be reconciled: its name, in the namespace of the object that is watched, or ``namespace/name``; both, as a pair;
or the object itself."""


class Sourcing(Filtering[K]):
    """What a chain can say before a reconcile or watch action."""

    def owns(self, kind: type[Resource], /, *, metadata_only: bool = False) -> Self:
        """Reconcile an object again whenever one of this kind changes or goes whose controller it is: what ``ctx.apply`` makes.

        Args:
            kind: ``a.Deployment``, or a `Resource` of your own.
            metadata_only: fetch and keep their metadata alone, which takes a fraction of the memory where there are many, or large ones.
                ``ctx.children`` asks the API server for them then.
        """
        owned = owned_by(kind, METADATA if metadata_only else FULL)
        return type(self)(self._draft.but(owns=(*self._draft.owns, owned)))

    @overload
    def watches(
        self,
        kind: type[S],
        function: Callable[[S], Target | Iterable[Target] | None],
        /,
        *,
        metadata_only: bool = False,
    ) -> Self: ...
    @overload
    def watches(
        self,
        kind: type[S],
        function: Callable[[S, Iterable[K]], Target | Iterable[Target] | None],
        /,
        *,
        metadata_only: bool = False,
    ) -> Self: ...
    def watches(
        self,
        kind: type[S],
        function: Callable[..., Target | Iterable[Target] | None],
        /,
        *,
        metadata_only: bool = False,
    ) -> Self:
        """Reconcile the objects that `function` names, whenever one of `kind` changes, comes or goes.

        On an update it is called with what the object was as well as with what it is, so that one that is no longer referred to hears
        of it. What it raises is logged.

        Args:
            kind: ``a.ConfigMap``, or a `Resource` of your own.
            function: given such an object, returns or yields names (in its namespace, or ``namespace/name``), pairs of namespace
                and name, or objects; None for nothing. One with a second argument is given the objects of the rule, too, to find
                those that speak of it: as the cache has them, of its namespace if they live in one. It is called on the event
                loop, so it must be quick.
            metadata_only: fetch and keep the metadata of the others alone. The function can count on no more.
        """
        mapped = mapped_by(kind, function, METADATA if metadata_only else FULL)
        return type(self)(self._draft.but(watches=(*self._draft.watches, mapped)))

    def when_changed(self, *predicates: Predicate | Callable[[K, K], object]) -> Self:
        """Of updates, only those that one of these calls news; said again, both must.

        What is new, what is gone and what begins to be deleted counts always; see `poblano.core.predicates`.

        Args:
            predicates: ``generation_changed()``, ``labels_changed("tier")``, ``annotations_changed()``,
                ``field_changed("spec.replicas")``, put together with ``|``, ``&`` and ``~``; or a function of what the object was and is.
        """
        if not predicates:
            raise InvalidDefinition(
                "when_changed takes one or more predicates",
                "write when_changed(generation_changed())",
                caller_location(),
            )
        parts = tuple(predicate_of(given, self._draft.view) for given in predicates)
        part = parts[0] if len(parts) == 1 else AnyOf(parts)
        return type(self)(self._draft.but(predicates=(*self._draft.predicates, part)))

    def metadata_only(self) -> Self:
        """Fetch and keep the metadata of the objects alone. The action, and ``where``, can count on no more.

        For what is about names, labels, annotations and owners only: it takes a fraction of the memory.
        """
        return type(self)(self._draft.but(projection=replace(self._draft.projection, metadata_only=True)))

    def with_managed_fields(self) -> Self:
        """Keep ``metadata.managedFields``, which are dropped otherwise: they are a third of many an object."""
        without = self._draft.projection.without - {MANAGED_FIELDS}
        return type(self)(self._draft.but(projection=replace(self._draft.projection, without=without)))
