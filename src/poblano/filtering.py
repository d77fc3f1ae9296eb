"""The filters of a chain. All of them must hold; several values in one filter mean any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Generic, NoReturn, Self, TypeVar

from poblano.core.arguments import check_label, check_predicate, checked_rule_name, patterns, strings
from poblano.core.arguments import namespaces as checked_namespaces
from poblano.core.errors import InvalidDefinition
from poblano.core.filters import Filter, GroupIs, NameIs, NameMatches, NamespaceIs, NamespaceMatches, UserIs, Where
from poblano.core.location import caller_location
from poblano.core.marks import AnnotationIs, BeingDeleted, LabelIs
from poblano.core.objects import Resource
from poblano.draft import Draft

K = TypeVar("K", bound=Resource)

_EVENTS = ("is_created", "is_updated", "is_created_or_updated", "is_deleted", "is_connected")


class Filtering(Generic[K]):
    """What every stage of a chain can do before its action: narrow down the objects it is about."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def _with(self, part: Filter) -> Self:
        return type(self)(self._draft.filtered(part))

    def in_namespace(self, *namespaces: str) -> Self:
        """Only objects in one of these namespaces."""
        return self._with(NamespaceIs(checked_namespaces(namespaces, "in_namespace")))

    def not_in_namespace(self, *namespaces: str) -> Self:
        """No objects in any of these namespaces."""
        return self._with(NamespaceIs(checked_namespaces(namespaces, "not_in_namespace"), negated=True))

    def in_namespace_regex(self, *regexes: str | re.Pattern[str]) -> Self:
        """Only objects whose namespace matches one of these, anywhere in it unless anchored. Flags count."""
        return self._with(NamespaceMatches(patterns(regexes, "in_namespace_regex")))

    def not_in_namespace_regex(self, *regexes: str | re.Pattern[str]) -> Self:
        """No objects whose namespace matches any of these."""
        return self._with(NamespaceMatches(patterns(regexes, "not_in_namespace_regex"), negated=True))

    def with_name(self, *names: str) -> Self:
        """Only objects with one of these names. One created with generateName has none yet."""
        return self._with(NameIs(strings(names, "with_name", '"database"')))

    def without_name(self, *names: str) -> Self:
        """No objects with any of these names."""
        return self._with(NameIs(strings(names, "without_name", '"database"'), negated=True))

    def with_name_regex(self, *regexes: str | re.Pattern[str]) -> Self:
        """Only objects whose name matches one of these, anywhere in it unless anchored. Flags count."""
        return self._with(NameMatches(patterns(regexes, "with_name_regex")))

    def without_name_regex(self, *regexes: str | re.Pattern[str]) -> Self:
        """No objects whose name matches any of these."""
        return self._with(NameMatches(patterns(regexes, "without_name_regex"), negated=True))

    def with_label(self, key: str, *values: str) -> Self:
        """Only objects with this label: any value when none is given, otherwise one of `values` (``""`` is a value)."""
        return self._with(LabelIs(*_label("with_label", key, values)))

    def with_labels(self, labels: Mapping[str, str]) -> Self:
        """Only objects with all of these labels and values."""
        made = self
        for key, value in _pairs("with_labels", labels):
            made = made.with_label(key, value)
        return made

    def without_label(self, key: str, *values: str) -> Self:
        """No objects with this label (with one of `values`, when given)."""
        return self._with(LabelIs(*_label("without_label", key, values), negated=True))

    def with_annotation(self, key: str, *values: str) -> Self:
        """Only objects with this annotation: any value when none is given, otherwise one of `values`."""
        return self._with(AnnotationIs(*_mark("with_annotation", key, values)))

    def with_annotations(self, annotations: Mapping[str, str]) -> Self:
        """Only objects with all of these annotations and values."""
        made = self
        for key, value in _pairs("with_annotations", annotations):
            made = made.with_annotation(key, value)
        return made

    def without_annotation(self, key: str, *values: str) -> Self:
        """No objects with this annotation (with one of `values`, when given)."""
        return self._with(AnnotationIs(*_mark("without_annotation", key, values), negated=True))

    def with_deletion_timestamp(self) -> Self:
        """Only objects that are being deleted and wait for their finalizers."""
        return self._with(BeingDeleted())

    def without_deletion_timestamp(self) -> Self:
        """No objects that are being deleted."""
        return self._with(BeingDeleted(negated=True))

    def by_user(self, *users: str) -> Self:
        """Only requests of one of these users, such as ``system:serviceaccount:shop:deployer``."""
        return self._with(UserIs(strings(users, "by_user", '"alice"')))

    def not_by_user(self, *users: str) -> Self:
        """No requests of any of these users."""
        return self._with(UserIs(strings(users, "not_by_user", '"alice"'), negated=True))

    def by_group(self, *groups: str) -> Self:
        """Only requests of users in one of these groups, such as ``system:masters``."""
        return self._with(GroupIs(strings(groups, "by_group", '"system:masters"')))

    def not_by_group(self, *groups: str) -> Self:
        """No requests of users in any of these groups."""
        return self._with(GroupIs(strings(groups, "not_by_group", '"system:masters"'), negated=True))

    def where(self, predicate: Callable[[K], object]) -> Self:
        """Only objects of which a Python function says so. The API server cannot evaluate it, so it calls for all others too."""
        check_predicate(predicate)
        return self._with(Where(predicate))

    def alias(self, name: str) -> Self:
        """Name the rules of this chain, for logs, metrics and refusals."""
        return type(self)(self._draft.but(alias=checked_rule_name(name, caller_location())))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_") or (remedy := self._remedy(name)) is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            raise InvalidDefinition(*remedy, caller_location())

    def _remedy(self, name: str) -> tuple[str, str] | None:
        """What is wrong with a method that is not here, and what to write."""
        kind = self._draft.kind.kind
        if name in ("mutate", "validate", "watch"):
            return (
                f"the rule for {kind} does not say when",
                f"write is_created(), is_updated(), is_created_or_updated() or is_deleted() before .{name}",
            )
        if name in _EVENTS:
            return (
                f"the rule for {kind} says already when",
                f"leave .{name}() out; for either of two events there is is_created_or_updated(), for others a rule of its own",
            )
        return None


def _label(method: str, key: object, values: Iterable[object]) -> tuple[str, frozenset[str] | None]:
    checked, found = _mark(method, key, values)
    check_label(checked, found or (), method)
    return checked, found


def _mark(method: str, key: object, values: Iterable[object]) -> tuple[str, frozenset[str] | None]:
    (checked,) = strings([key], method, '"tier"')
    found = tuple(values)
    if not all(isinstance(value, str) for value in found):
        raise InvalidDefinition(
            f"{method} takes values that are strings, not {', '.join(map(repr, found))}",
            f'write {method}("tier", "data")',
            caller_location(),
        )
    return checked, frozenset(str(value) for value in found) if found else None


def _pairs(method: str, marks: Mapping[str, str]) -> list[tuple[str, str]]:
    given: object = marks
    if not isinstance(given, Mapping) or not given:
        raise InvalidDefinition(
            f"{method} takes a mapping, not {marks!r}", f'write {method}({{"tier": "data"}})', caller_location()
        )
    return list(marks.items())
