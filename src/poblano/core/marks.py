"""Filters that look at the marks of an object: its labels and annotations, and whether it waits for its end.

They need its metadata decoded; those of `poblano.core.filters` do with the envelope of the request.

>>> LabelIs("tier", frozenset({"web"})).mismatch(Subject(labels={"tier": "db"}))
Reason(filter='label', text='the binding wants tier=web, the object has tier=db')
>>> LabelIs("tier").mismatch(Subject(labels={"tier": "db"})) is None
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from poblano.core.cel import SUBJECT, literal, literals, metadata_has, negated_if
from poblano.core.filters import Filter, Needs, Reason, Subject


@dataclass(frozen=True, slots=True)
class _MarkIs(Filter):
    """A label or annotation is there (`values` None), or is one of `values`."""

    needs: ClassVar[Needs] = Needs.METADATA

    key: str
    values: frozenset[str] | None = None
    negated: bool = False

    def _holds(self, marks: Mapping[str, str]) -> bool:
        found = marks.get(self.key)
        return (found is not None and (self.values is None or found in self.values)) is not self.negated

    def _reason(self, what: str, marks: Mapping[str, str]) -> Reason:
        found = marks.get(self.key)
        wants = self.key if self.values is None else f"{self.key}={'|'.join(sorted(self.values))}"
        seen = "has none" if found is None else f"has {self.key}={found}"
        return Reason(what, f"the binding wants {'no ' if self.negated else ''}{wants}, the object {seen}")

    def _cel(self, where: str) -> str | None:
        marks, key = f"{SUBJECT}.metadata.{where}", literal(self.key)
        test = f"{metadata_has(where)} && {key} in {marks}"
        if self.values is not None:
            test += f" && {marks}[{key}] in {literals(self.values)}"
        return negated_if(self.negated, f"({test})")


@dataclass(frozen=True, slots=True)
class LabelIs(_MarkIs):
    """The object has the label (with one of `values`, when given)."""

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return self._holds(subject.labels)

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        return self._reason("label", subject.labels)

    def cel(self) -> str | None:
        """See `Filter`."""
        return self._cel("labels")


@dataclass(frozen=True, slots=True)
class AnnotationIs(_MarkIs):
    """The object has the annotation (with one of `values`, when given)."""

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return self._holds(subject.annotations)

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        return self._reason("annotation", subject.annotations)

    def cel(self) -> str | None:
        """See `Filter`."""
        return self._cel("annotations")


@dataclass(frozen=True, slots=True)
class BeingDeleted(Filter):
    """The object carries a deletionTimestamp: it waits for its finalizers."""

    needs: ClassVar[Needs] = Needs.METADATA

    negated: bool = False

    def holds(self, subject: Subject) -> bool:
        """See `Filter`."""
        return subject.deleting is not self.negated

    def reason(self, subject: Subject) -> Reason:
        """See `Filter`."""
        wants, has = ("none", "one") if self.negated else ("one", "none")
        return Reason("deletion timestamp", f"the binding wants {wants}, the object has {has}")

    def cel(self) -> str | None:
        """See `Filter`."""
        return negated_if(self.negated, f"({metadata_has('deletionTimestamp')})")
