"""Why was my rule skipped? Each filter knows whether it holds, why it does not, and how an API server could evaluate it.

>>> NameIs(frozenset({"a"})).mismatch(Subject(name="b"))
Reason(filter='name', text='the binding wants a, the object is b')
>>> GroupIs(frozenset({"admins"})).cel()
'(has(request.userInfo.groups) && request.userInfo.groups.exists(group, group in ["admins"]))'
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from poblano.core.cel import (
    NAME,
    NAMESPACE,
    matches,
    negated_if,
    one_of,
    same_for_ascii_alone,
    unless_ascii,
)

_NO_MARKS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a binding does not apply: which filter, and what it saw."""

    filter: str
    text: str

    def __str__(self) -> str:
        return f"{self.filter}: {self.text}"


class Subject(msgspec.Struct, kw_only=True):
    """What filters look at: the object's identity and marks, and who asks."""

    namespace: str = ""
    name: str = ""
    username: str = ""
    groups: Sequence[str] = ()
    labels: Mapping[str, str] = _NO_MARKS
    annotations: Mapping[str, str] = _NO_MARKS
    deleting: bool = False
    view: Any = None


class Needs(IntEnum):
    """What must be decoded before a filter can be asked, cheapest first."""

    ENVELOPE = 0
    METADATA = 1
    OBJECT = 2


class Filter(ABC):
    """One condition of a binding. All of a binding's filters must hold."""

    __slots__ = ()

    needs: ClassVar[Needs] = Needs.ENVELOPE
    """What must be decoded first."""

    @abstractmethod
    def holds(self, subject: Subject) -> bool:
        """Whether `subject` is one of ours."""

    @abstractmethod
    def reason(self, subject: Subject) -> Reason:
        """Why it is not."""

    @abstractmethod
    def cel(self) -> str | None:
        """The same condition in CEL, or None where only Python can evaluate it."""

    def mismatch(self, subject: Subject) -> Reason | None:
        """Why `subject` is none of ours, or None when it is."""
        return None if self.holds(subject) else self.reason(subject)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "none"


def _wants(negation: str, values: Iterable[str], negated: bool) -> str:  # noqa: FBT001 -- it is the filter's own field
    return f"the binding wants {negation + ' ' if negated else ''}{_listed(values)}"


@dataclass(frozen=True, slots=True)
class NamespaceIs(Filter):
    """The object is in one of `values`; for a Namespace, it is one of them."""

    values: frozenset[str]
    negated: bool = False

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return (subject.namespace in self.values) is not self.negated

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        seen = subject.namespace or "none"
        return Reason("namespace", f"{_wants('anything but', self.values, self.negated)}, the object is in {seen}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return negated_if(self.negated, one_of(NAMESPACE, self.values))


@dataclass(frozen=True, slots=True)
class NamespaceMatches(Filter):
    """The namespace matches one of `patterns`, anywhere in it unless the pattern is anchored."""

    patterns: tuple[re.Pattern[str], ...]
    negated: bool = False

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return any(pattern.search(subject.namespace) for pattern in self.patterns) is not self.negated

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        wants = _wants("nothing like", (pattern.pattern for pattern in self.patterns), self.negated)
        return Reason("namespace regex", f"{wants}, the object is in {subject.namespace or 'none'}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return negated_if(self.negated, matches(NAMESPACE, self.patterns))


@dataclass(frozen=True, slots=True)
class NameIs(Filter):
    """The object's name is one of `values`. One created with generateName has none yet."""

    values: frozenset[str]
    negated: bool = False

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return (subject.name in self.values) is not self.negated

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        seen = subject.name or "not named yet"
        return Reason("name", f"{_wants('anything but', self.values, self.negated)}, the object is {seen}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return negated_if(self.negated, one_of(NAME, self.values))


@dataclass(frozen=True, slots=True)
class NameMatches(Filter):
    """The name matches one of `patterns`, anywhere in it unless the pattern is anchored."""

    patterns: tuple[re.Pattern[str], ...]
    negated: bool = False

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return any(pattern.search(subject.name) for pattern in self.patterns) is not self.negated

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        wants = _wants("nothing like", (pattern.pattern for pattern in self.patterns), self.negated)
        return Reason("name regex", f"{wants}, the object is {subject.name or 'not named yet'}")

    def cel(self) -> str | None:
        """See `Filter`."""
        test = negated_if(self.negated, matches(NAME, self.patterns))
        return unless_ascii(NAME, test) if test is not None and same_for_ascii_alone(self.patterns) else test


@dataclass(frozen=True, slots=True)
class UserIs(Filter):
    """The user who asks is one of `values`."""

    values: frozenset[str]
    negated: bool = False

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return (subject.username in self.values) is not self.negated

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        return Reason(
            "user", f"{_wants('anybody but', self.values, self.negated)}, it is {subject.username or 'nobody'}"
        )

    def cel(self) -> str | None:
        """See `Filter`."""
        user = "request.userInfo.username"
        return negated_if(self.negated, f"(has({user}) && {one_of(user, self.values)})")


@dataclass(frozen=True, slots=True)
class GroupIs(Filter):
    """The user who asks is in one of the groups `values`."""

    values: frozenset[str]
    negated: bool = False

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return self.values.isdisjoint(subject.groups) is self.negated

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        return Reason(
            "group", f"{_wants('nobody of', self.values, self.negated)}, the user is in {_listed(subject.groups)}"
        )

    def cel(self) -> str | None:
        """See `Filter`."""
        groups = "request.userInfo.groups"
        return negated_if(self.negated, f"(has({groups}) && {groups}.exists(group, {one_of('group', self.values)}))")


@dataclass(frozen=True, slots=True)
class Where(Filter):
    """A Python predicate of the object holds. Stays in Python: the API server cannot evaluate it."""

    needs: ClassVar[Needs] = Needs.OBJECT

    predicate: Callable[[Any], object]

    def holds(self, subject: Subject) -> bool:
        """See `Filter`. What the predicate raises is not caught here."""
        return bool(self.predicate(subject.view))

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        return Reason("where", f"{getattr(self.predicate, '__name__', 'the predicate')} is false")

    def cel(self) -> str | None:
        """See `Filter`."""
        return None
