"""Why was my rule skipped? Each filter knows whether it holds, why it does not, and how an API server could evaluate it.

>>> NameIs(frozenset({"a"})).mismatch(Subject(name="b"))
Reason(filter='name', text='the binding wants a, the object is b')
>>> GroupIs(frozenset({"admins"})).cel()
'(has(request.userInfo.groups) && request.userInfo.groups.exists(group, group in ["admins"]))'
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

SUBJECT = "(object != null ? object : oldObject)"
"""What a filter is about, in CEL: the old object on DELETE, otherwise the new one."""

_EMPTY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a binding does not apply: which filter, and what it saw."""

    filter: str
    text: str

    def __str__(self) -> str:
        return f"{self.filter}: {self.text}"


@dataclass(slots=True, kw_only=True)
class Subject:
    """What filters look at: the object's identity and marks, and who asks."""

    namespace: str = ""
    name: str = ""
    username: str = ""
    groups: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    annotations: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    deleting: bool = False
    view: Any = None


class Needs(IntEnum):
    """What must be decoded before a filter can be asked, cheapest first."""

    ENVELOPE = 0
    METADATA = 1
    OBJECT = 2


class Filter(Protocol):
    """One condition of a binding. All of a binding's filters must hold."""

    @property
    def needs(self) -> Needs:
        """What must be decoded first."""
        ...

    def mismatch(self, subject: Subject) -> Reason | None:
        """Why `subject` is none of ours, or None when it is."""
        ...

    def cel(self) -> str | None:
        """The same condition in CEL, or None where only Python can evaluate it."""
        ...


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def literal(text: str) -> str:
    r"""A CEL string literal.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    return json.dumps(text, ensure_ascii=False)


def _literals(values: Iterable[str]) -> str:
    return f"[{', '.join(literal(value) for value in sorted(values))}]"


def _negated(cel: str | None, negated: bool) -> str | None:
    return f"!({cel})" if negated and cel is not None else cel


_CEL_NAME = f'(has(request.name) && request.name != "" ? request.name : (has({SUBJECT}.metadata.name) ? {SUBJECT}.metadata.name : ""))'
_CEL_NAMESPACE = '(has(request.namespace) ? request.namespace : "")'


@dataclass(frozen=True, slots=True)
class NamespaceIs:
    """The object is in one of `values`; for a Namespace, it is one of them."""

    values: frozenset[str]
    negated: bool = False
    needs = Needs.ENVELOPE

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        if (subject.namespace in self.values) is not self.negated:
            return None
        wants = f"{'anything but ' if self.negated else ''}{_listed(self.values)}"
        return Reason("namespace", f"the binding wants {wants}, the object is in {subject.namespace or 'none'}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return _negated(f"{_CEL_NAMESPACE} in {_literals(self.values)}", self.negated)


@dataclass(frozen=True, slots=True)
class NamespaceMatches:
    """The namespace matches one of `patterns`, anywhere in it unless the pattern is anchored."""

    patterns: tuple[re.Pattern[str], ...]
    negated: bool = False
    needs = Needs.ENVELOPE

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        if any(pattern.search(subject.namespace) for pattern in self.patterns) is not self.negated:
            return None
        wants = f"{'nothing like ' if self.negated else ''}{_listed(p.pattern for p in self.patterns)}"
        return Reason("namespace regex", f"the binding wants {wants}, the object is in {subject.namespace or 'none'}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return _negated(_cel_matches(_CEL_NAMESPACE, self.patterns), self.negated)


@dataclass(frozen=True, slots=True)
class NameIs:
    """The object's name is one of `values`. One created with generateName has none yet."""

    values: frozenset[str]
    negated: bool = False
    needs = Needs.ENVELOPE

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        if (subject.name in self.values) is not self.negated:
            return None
        wants = f"{'anything but ' if self.negated else ''}{_listed(self.values)}"
        return Reason("name", f"the binding wants {wants}, the object is {subject.name or 'not named yet'}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return _negated(f"{_CEL_NAME} in {_literals(self.values)}", self.negated)


@dataclass(frozen=True, slots=True)
class NameMatches:
    """The name matches one of `patterns`, anywhere in it unless the pattern is anchored."""

    patterns: tuple[re.Pattern[str], ...]
    negated: bool = False
    needs = Needs.ENVELOPE

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        if any(pattern.search(subject.name) for pattern in self.patterns) is not self.negated:
            return None
        wants = f"{'nothing like ' if self.negated else ''}{_listed(p.pattern for p in self.patterns)}"
        return Reason("name regex", f"the binding wants {wants}, the object is {subject.name or 'not named yet'}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return _negated(_cel_matches(_CEL_NAME, self.patterns), self.negated)


_NOT_RE2 = re.compile(r"\(\?|\\[1-9]|\\Z|[*+?}]\+|\\N")
"""What Python's patterns have and RE2's do not, or mean otherwise (lookaround, back references, possessive, named groups)."""


def _cel_matches(what: str, patterns: Iterable[re.Pattern[str]]) -> str | None:
    tests: list[str] = []
    for pattern in patterns:
        extra = pattern.flags & ~(re.UNICODE | re.IGNORECASE)
        if extra or _NOT_RE2.search(pattern.pattern):
            return None
        flags = "(?i)" if pattern.flags & re.IGNORECASE else ""
        tests.append(f"{what}.matches({literal(flags + pattern.pattern)})")
    return f"({' || '.join(tests)})"


@dataclass(frozen=True, slots=True)
class _MarkIs:
    """A label or annotation is there (`values` None), or is one of `values`."""

    key: str
    values: frozenset[str] | None = None
    negated: bool = False
    needs = Needs.METADATA

    def _mismatch(self, what: str, marks: Mapping[str, str]) -> Reason | None:
        found = marks.get(self.key)
        holds = found is not None and (self.values is None or found in self.values)
        if holds is not self.negated:
            return None
        wants = self.key if self.values is None else f"{self.key}={'|'.join(sorted(self.values))}"
        seen = "has none" if found is None else f"has {self.key}={found}"
        return Reason(what, f"the binding wants {'no ' if self.negated else ''}{wants}, the object {seen}")

    def _cel(self, where: str) -> str | None:
        marks, key = f"{SUBJECT}.metadata.{where}", literal(self.key)
        test = f"has({marks}) && {key} in {marks}"
        if self.values is not None:
            test += f" && {marks}[{key}] in {_literals(self.values)}"
        return _negated(f"({test})", self.negated)


@dataclass(frozen=True, slots=True)
class LabelIs(_MarkIs):
    """The object has the label (with one of `values`, when given)."""

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        return self._mismatch("label", subject.labels)

    def cel(self) -> str | None:
        """See `Filter`."""
        return self._cel("labels")


@dataclass(frozen=True, slots=True)
class AnnotationIs(_MarkIs):
    """The object has the annotation (with one of `values`, when given)."""

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        return self._mismatch("annotation", subject.annotations)

    def cel(self) -> str | None:
        """See `Filter`."""
        return self._cel("annotations")


@dataclass(frozen=True, slots=True)
class BeingDeleted:
    """The object carries a deletionTimestamp: it waits for its finalizers."""

    negated: bool = False
    needs = Needs.METADATA

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        if subject.deleting is not self.negated:
            return None
        return Reason(
            "deletion timestamp",
            f"the binding wants {'none' if self.negated else 'one'}, the object {'has none' if not subject.deleting else 'has one'}",
        )

    def cel(self) -> str | None:
        """See `Filter`."""
        return _negated(f"has({SUBJECT}.metadata.deletionTimestamp)", self.negated)


@dataclass(frozen=True, slots=True)
class UserIs:
    """The user who asks is one of `values`."""

    values: frozenset[str]
    negated: bool = False
    needs = Needs.ENVELOPE

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        if (subject.username in self.values) is not self.negated:
            return None
        return Reason(
            "user",
            f"the binding wants {'anybody but ' if self.negated else ''}{_listed(self.values)}, it is {subject.username or 'nobody'}",
        )

    def cel(self) -> str | None:
        """See `Filter`."""
        return _negated(
            f"(has(request.userInfo.username) && request.userInfo.username in {_literals(self.values)})", self.negated
        )


@dataclass(frozen=True, slots=True)
class GroupIs:
    """The user who asks is in one of the groups `values`."""

    values: frozenset[str]
    negated: bool = False
    needs = Needs.ENVELOPE

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`."""
        if (not self.values.isdisjoint(subject.groups)) is not self.negated:
            return None
        return Reason(
            "group",
            f"the binding wants {'nobody of ' if self.negated else ''}{_listed(self.values)}, the user is in {_listed(subject.groups) or 'none'}",
        )

    def cel(self) -> str | None:
        """See `Filter`."""
        groups = "request.userInfo.groups"
        return _negated(f"(has({groups}) && {groups}.exists(group, group in {_literals(self.values)}))", self.negated)


@dataclass(frozen=True, slots=True)
class Where:
    """A Python predicate of the object holds. Stays in Python: the API server cannot evaluate it."""

    predicate: Callable[[Any], object]
    needs = Needs.OBJECT

    def mismatch(self, subject: Subject) -> Reason | None:
        """See `Filter`. What the predicate raises is not caught here."""
        if self.predicate(subject.view):
            return None
        return Reason("where", f"{getattr(self.predicate, '__name__', 'the predicate')} is false")

    def cel(self) -> str | None:
        """See `Filter`."""
        return None
