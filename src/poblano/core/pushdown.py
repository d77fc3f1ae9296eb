"""Which filters of a rule the API server evaluates, so that it sends no more than the rule is about; and which stay.

All filters are asked in Python nevertheless: what is pushed down may be as wide as the rule, or wider, never narrower.
A filter by label is pushed down only where it makes no difference that an object which loses the label looks deleted then,
and one that gets it looks created.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from poblano.core.binding import Binding
from poblano.core.filters import Filter, NamespaceIs
from poblano.core.selectors import Selector

MOST: Final = 2_000
"""Characters of a selector; it is a part of each URL, and proxies take 8 KB of those."""


@dataclass(frozen=True, slots=True)
class Stays:
    """A filter that the API server does not evaluate, and why."""

    filter: Filter
    why: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is asked of the API server for a rule.

    Args:
        namespaces: where to look: ("",) is everywhere, () is nowhere.
        selector: which objects.
        stays: the filters that only Python evaluates.
    """

    namespaces: tuple[str, ...]
    selector: Selector
    stays: tuple[Stays, ...]


def pushed(binding: Binding) -> Pushed:
    """What to ask the API server for, for the objects that `binding` is about."""
    spaces = [part.values for part in binding.filters if isinstance(part, NamespaceIs) and not part.negated]
    if not spaces or not binding.kind.namespaced:
        return Pushed(("",), Selector(), ())
    return Pushed(tuple(sorted(spaces[0].intersection(*spaces[1:]))), Selector(), ())
