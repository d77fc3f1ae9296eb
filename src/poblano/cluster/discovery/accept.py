"""What a client accepts, in the order in which it prefers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class MediaType(NamedTuple):
    """One clause of an Accept header."""

    type: str
    parameters: Mapping[str, str]

    @property
    def quality(self) -> float:
        """q, from 0 to 1."""
        try:
            return float(self.parameters.get("q", "1"))
        except ValueError:
            return 0.0


def accepted(header: str) -> list[MediaType]:
    """The clauses of an Accept header; everything where there is none.

    >>> [one.type for one in accepted("text/html;q=0.5, application/json")]
    ['application/json', 'text/html']
    """
    clauses = [one for one in _clauses(header) if one.type and one.quality > 0]
    return sorted(clauses, key=lambda one: -one.quality) or [MediaType("*/*", {})]


def _clauses(header: str) -> Iterator[MediaType]:
    for clause in header.split(","):
        kind, *rest = (part.strip() for part in clause.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        yield MediaType(kind.lower(), {key.strip(): value.strip().strip('"') for key, value in parameters.items()})


def covers(one: MediaType, type_: str) -> bool:
    """Whether a clause is about that type, in particular or with a star.

    >>> covers(MediaType("application/*", {}), "application/json")
    True
    """
    return one.type in (type_, "*/*") or (one.type.endswith("/*") and type_.startswith(one.type[:-1]))
