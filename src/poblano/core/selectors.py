"""Which objects of a kind a list or watch is asked for, in filters that an API server can evaluate.

>>> data = Selector.of(LabelIs("tier", frozenset({"data"})), NameIs(frozenset({"web"}), negated=True))
>>> data.labels, data.fields
('tier in (data)', 'metadata.name!=web')
>>> EVERYTHING.covers(data), data.covers(EVERYTHING)
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from poblano.core.filters import Filter, NameIs, NamespaceIs, Subject
from poblano.core.marks import LabelIs

_ESCAPED: Final = str.maketrans({"\\": r"\\", ",": r"\,", "=": r"\="})
"""apimachinery: fields.EscapeValue."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Filters that must all hold, and that the server evaluates.

    Args:
        parts: labels of any sort; one name; names and namespaces that are left out.
    """

    parts: frozenset[Filter] = frozenset()

    @classmethod
    def of(cls, *parts: Filter) -> Self:
        """One of these filters."""
        return cls(frozenset(parts))

    @property
    def labels(self) -> str:
        """The ``labelSelector``; "" takes all."""
        return ",".join(sorted(_label(part) for part in self.parts if isinstance(part, LabelIs)))

    @property
    def fields(self) -> str:
        """The ``fieldSelector``; "" takes all."""
        return ",".join(sorted(term for part in self.parts for term in _terms(part)))

    @property
    def query(self) -> dict[str, str]:
        """The parameters of a request."""
        wanted = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return {name: value for name, value in wanted.items() if value}

    @property
    def may_be_left(self) -> bool:
        """Whether an object can leave the selection, or come into it, and live. Names stay, labels do not."""
        return any(isinstance(part, LabelIs) for part in self.parts)

    def covers(self, other: Selector) -> bool:
        """Whether all that `other` selects is selected by this, too; not every such pair is recognised."""
        return self.parts <= other.parts

    def takes(self, subject: Subject) -> bool:
        """Whether an object is selected, as the server says it."""
        return all(part.holds(subject) for part in self.parts)

    def __str__(self) -> str:
        return " ".join(part for part in (self.labels, self.fields) if part) or "everything"


EVERYTHING: Final = Selector()
"""All objects."""


def _label(part: LabelIs) -> str:
    if part.values is None:
        return f"!{part.key}" if part.negated else part.key
    # "" comes first of the sorted, so that `in ()` and `in (,a)` say it, as the grammar of selectors has it
    return f"{part.key} {'notin' if part.negated else 'in'} ({','.join(sorted(part.values))})"


def _terms(part: Filter) -> Iterator[str]:
    """The terms of a field selector; there is no "one of several", but any number of "none of these"."""
    if isinstance(part, NameIs | NamespaceIs):
        field = "name" if isinstance(part, NameIs) else "namespace"
        for value in part.values:
            yield f"metadata.{field}{'!=' if part.negated else '='}{value.translate(_ESCAPED)}"
